// Fits what a family of chips draws (catalogue/architectures/: running_power, product_picojoules,
// stream_picojoules) to products
// repeated for long enough to have their power measured: tables of products with the column power_w. Both figures of a
// row count: its power, and its time over the law of bursts.
#pragma once

#include <string>
#include <vector>

#include "stargate/calibration/training_fit.hpp"
#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

struct ArchitecturePowerFit {
  std::string architecture;                     ///< id of the record
  int rows = 0;                                 ///< with a measured power
  std::vector<FittedCoefficient> coefficients;  ///< of that record
  ErrorSummary power_before, power;             ///< by the catalogue's figures and by the fitted ones
  /// Of the time of products that use a third of the peak or more: as bursts, and under the fitted limit.
  ErrorSummary burst, sustained;
};

struct PowerFit {
  std::vector<ArchitecturePowerFit> architectures;  ///< those with rows, by id
};

/// A fault: a table that cannot be read, or none with a measured power.
Result<PowerFit> fit_power(const Catalogue& catalogue, const std::string& folder);

/// For people: coefficients before and after, and the errors of power and time.
std::string format_power_fit(const PowerFit& fit);

}  // namespace stargate
