// What each of several partners is worth where a value is known of every coalition of them: alone, as the last to
// join, and on average over all orders in which they may join (Shapley 1953),
//   phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S));   the phi add up to v(all) - v(none)
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace stargate {

/// Partner i is in it where bit i is set.
using Coalition = std::uint32_t;
/// Of a coalition, in the caller's unit. Asked once of each; from several threads at once.
using CoalitionValue = std::function<double(Coalition)>;

inline constexpr int kMostPartners = 24;

struct PartnerWorth {
  double alone = 0;           ///< v(i) - v(none)
  double last = 0;            ///< v(all) - v(all without i)
  double shapley = 0;
  double standard_error = 0;  ///< of `shapley`; 0 where every coalition was asked
};

struct AllianceWorth {
  std::vector<PartnerWorth> partners;
  double none = 0, all = 0;
  std::int64_t coalitions = 0;  ///< asked
  bool exact = false;           ///< every coalition was asked
};

/// 1 to kMostPartners. Exact where all coalitions are at most `most`; else orders are drawn in sixes, one begun at each
/// of its thirds and the reverse of each, until some `most` coalitions are asked (at least two sixes). The same `seed`,
/// the same answer on any number of threads.
AllianceWorth alliance_worth(int partners, const CoalitionValue& value, std::int64_t most, std::uint64_t seed = 1);

}  // namespace stargate
