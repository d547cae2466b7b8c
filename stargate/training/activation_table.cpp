// Activations of a stage by part of a layer and tensor. The fullest stage is walked again: each variant's kept tensors,
// by layers and chunks in flight, then what the two ends keep and what a layer brings back in its backward pass.
#include <array>

#include "stargate/training/activations.hpp"
#include "stargate/training/memory.hpp"

namespace stargate {
namespace {

constexpr int kTensors = static_cast<int>(Tensor::dropout_mask) + 1;

/// By value of Tensor.
struct Sums {
  std::array<Bytes, kTensors> each{}, total{};
};

class ActivationTable {
 public:
  ActivationTable(const TrainingJob& job, const TrainingLayout& layout) : job_(job), layout_(layout) {}

  void add_stage(const StageRun& run, double chunks) {
    const auto variants = layer_variants(job_, layout_);
    for (std::size_t i = 0; i < variants.size(); ++i) {
      if (run.of_shape[i] > 0) add_layers({job_, layout_, variants[i]}, run.of_shape[i] * chunks / layout_.vpp);
    }
  }
  void write(std::vector<ActivationRow>& rows) const {
    for (int part = 0; part < kLayerParts; ++part) {
      const Sums& sums = parts_[static_cast<std::size_t>(part)];
      for (std::size_t t = 0; t < kTensors; ++t) {
        if (sums.each[t].base() <= 0) continue;
        rows.push_back({layer_part_name(static_cast<LayerPart>(part)), tensor_name(static_cast<Tensor>(t)),
                        sums.each[t], sums.total[t]});
      }
    }
  }

 private:
  /// `each` is the largest of the variants, `total` their sum over layers and chunks in flight.
  void add_layers(const KeptLayer& layer, double count) {
    const double on_device = 1 - layout_.offload_activations;
    std::array<std::array<Bytes, kTensors>, kLayerParts> once{};
    visit_kept_tensors(layer, [&](const KeptTensor& kept) {
      const auto part = static_cast<std::size_t>(kept.part), tensor = static_cast<std::size_t>(kept.tensor);
      once[part][tensor] += kept.size;
      parts_[part].total[tensor] += on_device * count * (1 - dropped_share(layer, kept)) * kept.size;
    });
    for (std::size_t part = 0; part < kLayerParts; ++part) {
      for (std::size_t t = 0; t < kTensors; ++t) parts_[part].each[t] = max(parts_[part].each[t], once[part][t]);
    }
  }

  const TrainingJob& job_;
  const TrainingLayout& layout_;
  std::array<Sums, kLayerParts> parts_{};
};

}  // namespace

std::vector<ActivationRow> activation_table(const TrainingJob& job, const TrainingLayout& layout,
                                            const MemoryReport& memory) {
  const auto stages = deal_layers(job, layout);
  const auto chunks = static_cast<double>(chunks_in_flight(layout, micro_batches(job, layout), memory.stage));
  ActivationTable table(job, layout);
  table.add_stage(run_of_stage(stages, memory.stage), chunks / layout.weight_copies());
  if (layout.weight_copies() > 1) {
    table.add_stage(run_of_stage(stages, layout.pp - 1 - memory.stage), chunks / layout.weight_copies());
  }
  std::vector<ActivationRow> rows;
  table.write(rows);
  Bytes listed;
  for (const ActivationRow& row : rows) listed += row.total;
  // What the list does not name: ends, and one layer's working set.
  const Bytes rest = memory.bytes.activations - listed;
  if (rest.base() > 0) rows.push_back({"working set", "ends, recomputed tensors and one gradient", {}, rest});
  return rows;
}

}  // namespace stargate
