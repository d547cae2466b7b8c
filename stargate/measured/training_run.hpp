// A measured row as a job and a layout that simulate_step can judge. It reads columns; what prose says about them is
// set by the rules of tools/measured_rules.csv, and docs/explanation/training-validation.md lists what an empty column
// means. Nothing asks for a source or a model by name, except that a row without shapes is looked up in the catalogue.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <variant>

#include "stargate/measured/names.hpp"
#include "stargate/measured/training_row.hpp"
#include "stargate/training/step.hpp"

namespace stargate {

/// Owns what the job points to; moving it keeps the pointers.
struct MeasuredRun {
  std::unique_ptr<const Model> model;  ///< made from the row's shape, where the catalogue has none
  std::unique_ptr<const System> system;
  std::unique_ptr<const Accelerator> accelerator;
  TrainingJob job;        ///< points into the three above
  TrainingLayout layout;  ///< as the row states it
};

/// A row that cannot be predicted, and why in words that many rows share.
struct SkippedRow {
  std::string reason;  ///< why a row cannot be predicted
};
using RunOrSkip = std::variant<MeasuredRun, SkippedRow>;

/// The laws of the accelerators that rows ran on, each made once. The catalogue outlives it.
class AcceleratorLaws {
 public:
  explicit AcceleratorLaws(const Catalogue& catalogue) : catalogue_(catalogue) {}
  /// `accelerator`: what measured_accelerator made of the row.
  const DeviceLaw& of(const MeasuredRow& row, const Accelerator& accelerator);

 private:
  using Part = std::tuple<std::string, double, double, double>;  ///< all that rows change of a record
  const Catalogue& catalogue_;
  std::map<Part, DeviceLaw> laws_;
};

/// Needs metric, value, accelerators, sequence, global batch, tp and pp; everything else has a meaning when it is
/// empty. A layout that breaks a rule of training/job.hpp is skipped with that rule.
RunOrSkip make_measured_run(const MeasuredRow& row, const Catalogue& catalogue, AcceleratorLaws& laws);
/// Of one row alone.
RunOrSkip make_measured_run(const MeasuredRow& row, const Catalogue& catalogue);

/// The row's metric as the step predicts it: iteration_s, tokens_per_s_per_gpu or tflops_per_gpu. The last by the
/// convention the row names: `hardware` counts what full recomputation repeats, `flops_attention` says whether
/// attention was counted as the whole square or half of it.
double predicted_metric(const MeasuredRow& row, const MeasuredRun& run, const StepReport& step);
/// Seconds of a step that the row's value means, by the same conventions.
double measured_step_seconds(const MeasuredRow& row, const MeasuredRun& run);

// The parts, each a rule of its own (training_model.cpp, training_cluster.cpp).

/// The model of a row's shapes. A model of the catalogue with the same layers, width, heads and experts stands for it
/// (its head size, latent attention, shared experts and dense layers are not in the columns); else plain layers, with
/// head size and tied embedding such that the parameters come nearest to `params_b`.
std::variant<Model, SkippedRow> measured_model(const MeasuredRow& row, const Catalogue& catalogue);
/// Of the matrix multiplies; not stated: bf16.
Named<Precision> measured_precision(const MeasuredRow& row);
/// The accelerator of that name and memory; a share of it where a row counts cores.
std::variant<Accelerator, SkippedRow> measured_accelerator(const MeasuredRow& row, const Catalogue& catalogue);
/// Per direction of one accelerator; empty when no figure is stated.
std::optional<ByteRate> stated_scale_out(const MeasuredRow& row);
/// Networks of the row's machines: scale-up as the accelerator has it, its domain as the row states it, else the node.
std::variant<System, SkippedRow> measured_system(const MeasuredRow& row, const Catalogue& catalogue,
                                                 const Accelerator& accelerator);

}  // namespace stargate
