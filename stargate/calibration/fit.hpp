// Fits the coefficients of a law to measured times. Robust least squares on log(predicted / measured): each row counts
// by its relative error, and rows far off (a broken measurement, another kernel) lose weight instead of bending the
// rest.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stargate/base/statistics.hpp"

#include "stargate/catalogue/calibration.hpp"

namespace stargate {

/// One coefficient: what it is, and where it may lie. A logarithmic one is searched on a log scale (lower > 0).
struct Parameter {
  std::string name, unit, meaning;         ///< as calibration files and pages have them
  double start = 0, lower = 0, upper = 0;  ///< where a search begins; physical bounds; equal bounds: fixed
  bool logarithmic = true;                 ///< searched by its logarithm
  bool structure = false;                  ///< found among few choices: standing at an end says nothing
};

struct FitSettings {
  double huber = 0.08;      ///< relative error beyond which a row's pull grows no more
  int max_iterations = 60;  ///< of each start
  int starts = 1;           ///< deterministic restarts around `start`; the best is kept
};

struct Fit {
  std::vector<double> values;  ///< in the order of the parameters
  double loss = 0;             ///< mean robust loss
  /// Of the predictor, over all rows each time.
  int evaluations = 0;
};

/// Predicted times of all rows (any unit, that of `measured`) for given coefficient values.
using Predictor = std::function<void(std::span<const double> values, std::span<double> predicted)>;

/// `weights` may be empty (all 1). Deterministic: same rows, same values. Levenberg-Marquardt on the robust residuals,
/// coefficients kept inside their bounds. Each iteration calls the predictor once for each free parameter and once for
/// the step: keep it cheap.
Fit fit_parameters(std::span<const Parameter> parameters, const Predictor& predict, std::span<const double> measured,
                   std::span<const double> weights, const FitSettings& settings = {});

}  // namespace stargate
