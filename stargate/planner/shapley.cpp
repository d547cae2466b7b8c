// Coalitions are asked in rounds, each of the new ones side by side; what was asked is remembered.
#include "stargate/planner/shapley.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "stargate/base/check.hpp"
#include "stargate/base/parallel.hpp"
#include "stargate/base/random.hpp"

namespace stargate {
namespace {

class Values {
 public:
  explicit Values(const CoalitionValue& value) : value_(value) {}

  void ask(const std::vector<Coalition>& wanted) {
    std::vector<Coalition> unknown;
    for (const Coalition c : wanted) {
      if (known_.try_emplace(c, 0.0).second) unknown.push_back(c);
    }
    std::vector<double> found(unknown.size());
    for_each_parallel(unknown.size(), [&](std::size_t i) { found[i] = value_(unknown[i]); });
    for (std::size_t i = 0; i < unknown.size(); ++i) known_[unknown[i]] = found[i];
  }
  double operator()(Coalition c) const { return known_.at(c); }
  std::int64_t count() const { return std::ssize(known_); }

 private:
  const CoalitionValue& value_;
  std::unordered_map<Coalition, double> known_;
};

Coalition bit(int partner) { return Coalition{1} << partner; }

void weigh_exactly(int n, const Values& v, AllianceWorth& out) {
  // |S|! (n - |S| - 1)! / n! = 1 / (n binomial(n - 1, |S|)), by size of S.
  std::vector<double> weight(static_cast<std::size_t>(n));
  double binomial = 1;
  for (int size = 0; size < n; ++size) {
    weight[static_cast<std::size_t>(size)] = 1 / (n * binomial);
    binomial = binomial * (n - 1 - size) / (size + 1);
  }
  for (Coalition s = 0; s < bit(n); ++s) {
    const auto size = static_cast<std::size_t>(__builtin_popcount(s));
    for (int i = 0; i < n; ++i) {
      if ((s & bit(i)) == 0) out.partners[static_cast<std::size_t>(i)].shapley += weight[size] * (v(s | bit(i)) - v(s));
    }
  }
}

/// The coalitions that grow as partners join in this order.
std::vector<Coalition> chain(const std::vector<int>& order) {
  std::vector<Coalition> out{0};
  for (const int partner : order) out.push_back(out.back() | bit(partner));
  return out;
}

/// Mean over blocks of six orders: one, begun at its first, second and last third, and the reverse of each. What one
/// overrates in a partner its reverse underrates, and each partner joins early, midway and late. Errors are of the
/// means of blocks.
void weigh_sampled(int n, Values& v, std::int64_t most, std::uint64_t seed, AllianceWorth& out) {
  RandomStream random(seed, 0, "orders of partners");
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> squares(static_cast<std::size_t>(n));
  std::int64_t blocks = 0;
  while (blocks < 2 || v.count() < most) {
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.bits() % (i + 1)]);
    std::vector<std::vector<int>> turns;
    for (int third = 0; third < 3; ++third) {
      turns.push_back(order);
      std::rotate(turns.back().begin(), turns.back().begin() + third * n / 3, turns.back().end());
      turns.emplace_back(turns.back().rbegin(), turns.back().rend());
    }
    std::vector<Coalition> all;
    for (const auto& turn : turns) {
      for (const Coalition some : chain(turn)) all.push_back(some);
    }
    v.ask(all);
    std::vector<double> gain(order.size());
    for (const auto& turn : turns) {
      const std::vector<Coalition> steps = chain(turn);
      for (std::size_t k = 0; k < turn.size(); ++k) {
        gain[static_cast<std::size_t>(turn[k])] += (v(steps[k + 1]) - v(steps[k])) / 6;
      }
    }
    ++blocks;
    for (std::size_t i = 0; i < gain.size(); ++i) {
      out.partners[i].shapley += gain[i], squares[i] += gain[i] * gain[i];
    }
  }
  const auto count = static_cast<double>(blocks);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    double& mean = out.partners[i].shapley;
    mean /= count;
    const double variance = std::max(0.0, squares[i] / count - mean * mean) * count / (count - 1);
    out.partners[i].standard_error = std::sqrt(variance / count);
  }
}

}  // namespace

AllianceWorth alliance_worth(int partners, const CoalitionValue& value, std::int64_t most, std::uint64_t seed) {
  STARGATE_CHECK(partners >= 1 && partners <= kMostPartners, "an alliance of 1 to 24 partners");
  AllianceWorth out;
  out.partners.resize(static_cast<std::size_t>(partners));
  Values v(value);
  const Coalition everybody = bit(partners) - 1;
  std::vector<Coalition> first{0, everybody};
  for (int i = 0; i < partners; ++i) first.push_back(bit(i)), first.push_back(everybody & ~bit(i));
  v.ask(first);
  out.exact = everybody < most;
  if (out.exact) {
    std::vector<Coalition> rest(std::size_t{everybody} + 1);
    std::iota(rest.begin(), rest.end(), Coalition{0});
    v.ask(rest);
    weigh_exactly(partners, v, out);
  } else {
    weigh_sampled(partners, v, most, seed, out);
  }
  out.none = v(0), out.all = v(everybody), out.coalitions = v.count();
  for (int i = 0; i < partners; ++i) {
    PartnerWorth& worth = out.partners[static_cast<std::size_t>(i)];
    worth.alone = v(bit(i)) - out.none, worth.last = out.all - v(everybody & ~bit(i));
  }
  return out;
}

}  // namespace stargate
