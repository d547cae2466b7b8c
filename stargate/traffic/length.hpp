// How many tokens a prompt or an answer has: always the same, uniform in a range (as benchmark tools draw them),
// lognormal (as production traces are nearly), or drawn from a sample such as a trace's own column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/random.hpp"
#include "stargate/base/result.hpp"

namespace stargate {

/// A request longer than this is a slip of the pen; sums of a day's tokens stay far inside 64 bits. In tokens.
inline constexpr std::int32_t kLongestRequest = 100'000'000;

/// Immutable; draws are whole numbers from 1 to kLongestRequest. Default: always one token.
class LengthDistribution {
 public:
  /// All of `tokens`.
  static LengthDistribution fixed(std::int32_t tokens);
  /// Each whole number from `least` to `most` alike.
  static LengthDistribution uniform(std::int32_t least, std::int32_t most);
  /// exp(normal) with this mean and coefficient of variation (standard deviation over mean), rounded, at least 1.
  static LengthDistribution lognormal(double mean, double cv);
  /// One of `sample`, each alike; must not be empty.
  static LengthDistribution empirical(std::vector<std::int32_t> sample);

  /// One distribution takes the same number of uniforms every time, so that streams of other purposes stay in step.
  std::int32_t draw(RandomStream& stream) const;
  /// Of the distribution before rounding, the tokens of shortened() taken off. In tokens; of a sample its own mean.
  double mean() const;
  /// As many tokens fewer in every draw, never below 1.
  LengthDistribution shortened(std::int32_t tokens) const;
  /// Largest that can be drawn; for lognormal the quantile of 99.99 %.
  std::int32_t longest() const;

 private:
  std::int32_t draw_whole(RandomStream& stream) const;  ///< before shortening
  double whole_mean() const;                            ///< likewise

  enum class Kind { fixed, uniform, lognormal, empirical };
  Kind kind_ = Kind::fixed;
  std::int32_t least_ = 1, most_ = 1;  ///< of fixed and uniform
  std::int32_t less_ = 0;              ///< taken off every draw
  double mu_ = 0, sigma_ = 0;          ///< of the logarithm
  std::vector<std::int32_t> sample_;   ///< of empirical
};

/// "4000", "uniform(800, 1000)", "lognormal(1155, 1.4)" (mean, coefficient of variation). `name` is the flag or field
/// in faults. Faults: no form of these three, numbers that are no counts, a mean below 1, a variation above 100.
Result<LengthDistribution> parse_length(std::string_view name, std::string_view text);

}  // namespace stargate
