// A law's door to data: what each law's fit implements, and the fits there are. What a fit leaves behind
// (CalibratedGroup) is a record of the catalogue: stargate/catalogue/calibration.hpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stargate/calibration/fit.hpp"
#include "stargate/calibration/kernel_table.hpp"
#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Implementations: one a law, in gemm_fit, attention_fit, mla_fit, moe_fit, recurrent_fit, sparse_fit, collective_fit.
/// Stateless after construction: tables are fitted and predicted on several threads with one object.
class LawFit {
 public:
  virtual ~LawFit() = default;
  virtual std::string law() const = 0;  ///< as calibration files name it: "gemm"
  /// Tables it can use: "gemm", "context_attention", ...
  virtual bool accepts(const KernelTable& table) const = 0;
  /// Meaning, unit and bounds of each coefficient, for the files and the docs.
  virtual std::vector<Parameter> parameters() const = 0;
  /// Fits every group of a table. Every 4th row (row % 4 == 3 within a group, in file order) is held out.
  virtual std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const = 0;
  /// Of a law that asks others of the device, as blocks that contain products do: the same fit, which asks those of
  /// this catalogue. Null: it asks none. The catalogue outlives it.
  virtual std::unique_ptr<LawFit> asking(const Catalogue& /*catalogue*/) const { return nullptr; }
  /// The operators a row runs, by which a device is judged that nobody calibrated: its times rest on the data sheet. No
  /// operators where none stand for the row, and why.
  struct Call {
    std::vector<Operator> operators;  ///< one after another; their times add up
    std::string group, reason;        ///< as in Prediction
  };
  virtual std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const;
  /// Predicted milliseconds of each row with the group that fits it; NaN and a reason where it says nothing.
  struct Prediction {
    /// NaN where nothing is predicted; `reason` says why.
    double milliseconds;
    std::string group;   ///< precision (and what else names the group)
    std::string reason;  ///< why not, when NaN
  };
  /// `groups` holds at most one group a precision: that of the table's engine and version on this device, else the one
  /// to carry over (choose_groups). The law applies its coefficients to `device`'s own specification.
  virtual std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                          const std::vector<CalibratedGroup>& groups) const = 0;
};

/// All fits there are, by law. The catalogue says what devices and networks are.
std::vector<std::unique_ptr<LawFit>> make_law_fits(const Catalogue& catalogue);

}  // namespace stargate
