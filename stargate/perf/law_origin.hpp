// What a predicted time rests on, and how much of it on what.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace stargate {

/// From best to worst.
enum class LawOrigin { fitted, carried_over, typical, specification };
inline constexpr std::size_t kLawOriginCount = 4;
/// In words, as answers print it: "carried over".
const char* law_origin_name(LawOrigin origin);

/// Shares of a time that rest on laws of each origin; what is left rests on no law of the machine (an engine's or a
/// framework's own overhead). All of them zero: nothing was timed.
struct LawShares {
  std::array<double, kLawOriginCount> of{};

  double& operator[](LawOrigin origin) { return of[static_cast<std::size_t>(origin)]; }
  double operator[](LawOrigin origin) const { return of[static_cast<std::size_t>(origin)]; }
  /// Of no law.
  double rest() const {
    double rest = 1;
    for (const double share : of) rest -= share;
    return rest < 0 ? 0 : rest;
  }
  LawShares& operator+=(const LawShares& other) {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
    return *this;
  }
  friend LawShares operator*(double weight, LawShares shares) {
    for (double& share : shares.of) share *= weight;
    return shares;
  }
};

/// "62 % on laws fitted to the device, 8 % on the data sheet, 30 % on the engine's overheads"; not below half a percent
/// `rest`: what is of no law, in words.
std::string format_law_shares(const LawShares& shares, const std::string& rest);

}  // namespace stargate
