// When requests come. Gaps have a rate and a coefficient of variation (1: Poisson; above 1: bursts, gamma-distributed
// as in ServeGen and BurstGPT; 0: a clock). A day's shape stretches them: the gaps are drawn in operational time u, and
// the arrival is where the integral of the rate reaches it,
//   integral from 0 to t of rate * profile(s) ds = u
// which keeps Poisson arrivals Poisson (Cinlar 1975) and bursts bursty at every hour.
#pragma once

#include <cstdint>
#include <vector>

#include "stargate/base/random.hpp"
#include "stargate/base/result.hpp"
#include "stargate/sim/time.hpp"

namespace stargate {

/// A load that repeats: `shares` of the mean rate in equal parts of `period_s`, as 24 hours of a day; their mean is 1.
struct RateProfile {
  double period_s = 86400;     ///< seconds
  std::vector<double> shares;  ///< empty: steady

  /// A cosine with its highest at `peak_hour` (0 to 24), `peak_to_mean` from 1 to 2, in quarters of an hour. Above 2
  /// the cosine would fall below zero: what falls below is cut off, and the mean is then above 1.
  static RateProfile daily(double peak_to_mean, double peak_hour);
  /// As given, scaled to a mean of 1; none negative, one positive.
  static RateProfile of_shares(std::vector<double> shares, double period_s);
  /// 1 for a steady load.
  double largest() const;  ///< peak over mean
};

struct ArrivalSpec {
  double rate = 1;      ///< mean, a second
  double cv = 1;        ///< coefficient of variation of the gaps
  RateProfile profile;  ///< steady by default
};
/// Faults name `rate`, `cv` or `profile` as their path; no file is known here.
Check check_arrivals(const ArrivalSpec& spec);

/// The arrivals in order, without end. The spec has passed check_arrivals.
class ArrivalStream {
 public:
  /// Gaps take their draws from `stream` alone.
  ArrivalStream(const ArrivalSpec& spec, RandomStream stream);
  /// Never earlier than the one before; two may fall on one nanosecond.
  SimTime next();

 private:
  double gap();  ///< with mean 1
  /// A draw of the gamma distribution of scale 1.
  double gamma(double shape);

  ArrivalSpec spec_;
  RandomStream stream_;
  double work_ = 0;       ///< operational time of the last arrival, in requests
  double part_s_ = 0;     ///< length of one part of the profile
  double start_s_ = 0;    ///< of the part the last arrival fell into
  double done_ = 0;       ///< operational time at start_s_
  std::size_t part_ = 0;  ///< of the profile, that the last arrival fell into
};

}  // namespace stargate
