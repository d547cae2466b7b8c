// Fits the coefficients of training steps (catalogue/training/coefficients.yaml) to measured runs. Each row counts by
// the logarithm of predicted over measured step time, large errors no more than in proportion, a configuration once,
// and a source by the square root of its configurations, so that the largest table does not decide alone.
#pragma once

#include "stargate/measured/training_run.hpp"

namespace stargate {

struct TrainingFitQuestion {
  std::vector<std::string> names;  ///< coefficients to fit; the others stay
  bool leave_out = false;          ///< also fit once without each source, and judge by it
};

struct FittedCoefficient {
  std::string name;                                    ///< field of the coefficients' record
  double before = 0, after = 0, lower = 0, upper = 0;  ///< durations in seconds
};

/// A source judged by coefficients fitted to all others; errors of the step time.
struct LeftOutSource {
  std::string source;  ///< id of catalogue/sources.yaml
  int rows = 0;        ///< of that source
  /// Errors of the step time; bias is the median with sign.
  double median_pct = 0, mean_pct = 0, bias_pct = 0;
};

struct TrainingFit {
  std::vector<FittedCoefficient> coefficients;  ///< those that were asked for
  double loss_before = 0, loss_after = 0;       ///< mean |log(predicted / measured)|, by the weights above
  int rows = 0, evaluations = 0;                ///< rows fitted; times all of them were predicted
  TrainingCoefficients fitted;                  ///< all coefficients, fitted or not
  std::vector<LeftOutSource> left_out;          ///< only when asked for
};

/// Uses the rows that are `strict` and predictable. Deterministic. A fault names coefficients that do not exist.
Result<TrainingFit> fit_training(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows,
                                 const TrainingFitQuestion& question);

/// For people: the coefficients before and after, what stands at a bound, and the left-out sources.
std::string format_training_fit(const TrainingFit& fit);

}  // namespace stargate
