// Fits the coefficients of serving engines (catalogue/engines/) to measured figures, each engine and range of versions
// to its own rows. A row counts by the logarithm of predicted over measured, no more than a factor of e; rows of one
// configuration and figure count as one, a source by the square root of its configurations. The loss is the median plus
// the mean of TPOT, throughput and, by half, TTFT, which warm-up and clients are part of. Held out: each source is
// predicted with coefficients fitted to all others.
#pragma once

#include "stargate/measured/simulated_run.hpp"

namespace stargate {

struct ServingFitQuestion {
  std::vector<std::string> names;  ///< coefficients to fit; empty: those whose source in the record is the fit
  bool leave_out = false;          ///< fit again without each source
  int most_configurations = 48;    ///< of an engine; evenly taken when there are more
};

struct FittedEngine {
  std::string id;  ///< of the engine's record
  struct Coefficient {
    std::string name;                                    ///< field of the record
    double before = 0, after = 0, lower = 0, upper = 0;  ///< durations in seconds
  };
  std::vector<Coefficient> coefficients;   ///< those that were asked for
  double loss_before = 0, loss_after = 0;  ///< median plus mean of |log(predicted / measured)|, weighted
  int configurations = 0, rows = 0;        ///< that the fit saw
};

/// Of one source under coefficients that have not seen it: medians of |predicted / measured - 1| in percent; negative
/// where it has no such rows.
struct HeldOutSource {
  std::string engine, source;  ///< id of the record; of catalogue/sources.yaml
  /// Medians of the absolute errors; -1 where the source has no such figure.
  double tpot_pct = -1, ttft_pct = -1, throughput_pct = -1;
};

/// Coefficients as fitted, and how they do on sources they have not seen.
struct ServingFit {
  std::vector<FittedEngine> engines;    ///< those with rows, by id
  std::vector<HeldOutSource> held_out;  ///< only when asked for
};

/// Uses rows that state their whole configuration and are of trust A; of B for engines that have no others.
/// Deterministic. A fault names coefficients that do not exist.
Result<ServingFit> fit_serving(const Catalogue& catalogue, const std::vector<MeasuredServing>& rows,
                               const ServingFitQuestion& question);

/// For people: a table an engine, what stands at a bound, and the held-out sources.
std::string format_serving_fit(const ServingFit& fit);

}  // namespace stargate
