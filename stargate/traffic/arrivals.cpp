// Gamma by Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000), with their boost
// for shapes below 1.
#include "stargate/traffic/arrivals.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace stargate {
namespace {

// Quarters of an hour: fine enough for a cosine, coarse enough to print.
constexpr int kDayParts = 96;

}  // namespace

/// A cosine with its top at peak_hour, in equal parts of a day.
RateProfile RateProfile::daily(double peak_to_mean, double peak_hour) {
  std::vector<double> shares(kDayParts);
  for (int i = 0; i < kDayParts; ++i) {
    const double at = (i + 0.5) * 24 / kDayParts;
    shares[static_cast<std::size_t>(i)] =
        1 + (peak_to_mean - 1) * std::cos((at - peak_hour) / 24 * 2 * std::numbers::pi);
  }
  return of_shares(std::move(shares), 86400);
}

RateProfile RateProfile::of_shares(std::vector<double> shares, double period_s) {
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
  STARGATE_CHECK(mean > 0, "a profile has a positive share");
  for (double& share : shares) share = std::max(0.0, share) / mean;
  return {period_s, std::move(shares)};
}

double RateProfile::largest() const { return shares.empty() ? 1 : *std::max_element(shares.begin(), shares.end()); }

Check check_arrivals(const ArrivalSpec& spec) {
  Diagnostics faults;
  const auto fault = [&](const char* path, const char* message) {
    faults.push_back({"", 0, 0, path, message, "", ""});
  };
  if (!(spec.rate > 0 && spec.rate <= 1e9)) fault("rate", "must be above 0 and at most 1e9 requests a second");
  if (!(spec.cv >= 0 && spec.cv <= 100)) fault("cv", "must be from 0 (a clock) to 100; 1 is Poisson");
  if (!(spec.profile.period_s > 0)) fault("profile", "must have a positive period");
  if (!faults.empty()) return faults;
  return Done{};
}

ArrivalStream::ArrivalStream(const ArrivalSpec& spec, RandomStream stream) : spec_(spec), stream_(stream) {
  if (spec_.profile.shares.empty()) spec_.profile.shares = {1};
  part_s_ = spec_.profile.period_s / static_cast<double>(spec_.profile.shares.size());
}

/// For shape a >= 1: d = a - 1/3, c = 1 / sqrt(9 d), v = (1 + c x)^3 with x normal; d v is accepted with the ratio of
/// the densities (in logarithms). For a < 1: gamma(a + 1) * U^(1/a).
double ArrivalStream::gamma(double shape) {
  if (shape < 1) {
    const double boost = std::pow(stream_.uniform(), 1 / shape);
    return gamma(shape + 1) * boost;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = stream_.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(stream_.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

/// A gamma variable of shape 1 / cv^2 has that coefficient of variation; the clock and the exponential are its ends.
double ArrivalStream::gap() {
  if (spec_.cv == 0) return 1;
  if (spec_.cv == 1) return stream_.exponential();
  const double shape = 1 / (spec_.cv * spec_.cv);
  return gamma(shape) / shape;
}

/// Walks the parts of the profile until the integral of the rate passes the operational time; within a part it is
/// linear.
SimTime ArrivalStream::next() {
  work_ += gap();
  const auto& shares = spec_.profile.shares;
  for (;;) {
    const double rate = spec_.rate * shares[part_], end = done_ + rate * part_s_;
    if (work_ < end) return {static_cast<std::int64_t>((start_s_ + (work_ - done_) / rate) * 1e9)};
    start_s_ += part_s_, done_ = end;
    part_ = part_ + 1 == shares.size() ? 0 : part_ + 1;
  }
}

}  // namespace stargate
