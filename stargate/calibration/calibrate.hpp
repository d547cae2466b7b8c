// From a folder of measured kernels to the catalogue's coefficients, and back: how well those predict the kernels.
#pragma once

#include <functional>

#include "stargate/calibration/bounds.hpp"
#include "stargate/calibration/calibration.hpp"
#include "stargate/catalogue/catalogue.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// Told after each table: how many of how many are done, and which one that was. Called from several threads, one at a
/// time.
using Progress = std::function<void(std::size_t done, std::size_t all, const std::string& name)>;

/// What to read: tables below `folder`, of these devices and laws.
struct KernelSelection {
  std::string folder;       ///< searched with all below it
  std::string collectives;  ///< file of collective sweeps (collective_sweep.hpp); empty: none
  std::vector<std::string> devices,
      laws;  ///< empty: all; devices by id ("h100-sxm") or as tables name them ("h100_sxm")
};

struct CalibrationOutcome {
  CalibrationSet calibrations;         ///< fitted now, without a date
  std::map<std::string, int> skipped;  ///< tables that no law or no device of the catalogue is for: why -> rows
  std::vector<AtBound> at_bounds;      ///< by law and coefficient
  Diagnostics faults;                  ///< tables that cannot be read
};

/// Fits every law to every table it accepts. Same tables, same coefficients. Fits run on all cores. A table at fault is
/// left out and told; the others are fitted.
CalibrationOutcome calibrate(const Catalogue& catalogue, const std::vector<std::unique_ptr<LawFit>>& laws,
                             const KernelSelection& selection, const Progress& progress);

/// What is hidden from a device whose rows are predicted.
enum class Hidden { nothing, device, architecture };

struct KernelValidation {
  KernelSelection selection;        ///< the rows to predict
  Hidden hidden = Hidden::nothing;  ///< what the others lend then predicts it
  std::size_t worst = 0;            ///< rows to show
};

/// Predicts every row with the catalogue's coefficients. A table that cannot be read is counted as skipped with its
/// fault. The groups are named by table and device; times in milliseconds.
ValidationReport validate_kernels(const Catalogue& catalogue, const std::vector<std::unique_ptr<LawFit>>& laws,
                                  const KernelValidation& question, const Progress& progress);

}  // namespace stargate
