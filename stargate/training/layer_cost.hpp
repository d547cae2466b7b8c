// What one layer, the embedding and the output cost one rank for one micro-batch: device time, exposed communication,
// memory. It depends on tp, cp, ep, etp, micro-batch, recompute and sequence parallelism only, so a search finds it
// once for all pipelines, data-parallel sizes and ZeRO stages.
#pragma once

#include "stargate/training/layer_work.hpp"

namespace stargate {

/// Exposed communication inside a layer by kind.
struct LayerCommunication {
  Duration tensor, context, expert;  ///< exposed, a micro-batch
  Duration host;                     ///< copies of activations to the host and back
  Duration total() const { return tensor + context + expert + host; }
};

/// Times of one micro-batch through one layer on one rank; bytes on one accelerator.
struct LayerCost {
  Duration forward, backward, recompute;           ///< on the device
  Duration weight_gradient;                        ///< part of backward; the rest is what earlier layers wait for
  LayerCommunication forward_wait, backward_wait;  ///< exposed; backward's holds what recomputation repeats
  Flops recompute_flops;                           ///< done again, on this rank
  Bytes activations;                               ///< kept from forward to backward of one micro-batch, on the device
  Bytes offloaded;                                 ///< and in the host's memory
  Bytes working;                                   ///< live beside them while this layer's backward runs
  Bytes buffers;                                   ///< gathered inputs and dispatched tokens of one layer
  RankParameters parameters;                       ///< of this layer on this rank, in numbers, not bytes
  WeightBytes held, sent;  ///< of weights: with their copies in a lower format; as they are gathered

  /// All of one micro-batch, there and back.
  Duration busy() const { return forward + backward + recompute + forward_wait.total() + backward_wait.total(); }
};

/// Everything a layout's pipeline is put together from; `shapes[i]` belongs to layer_variants()[i].
struct ShardCosts {
  std::vector<LayerCost> shapes;  ///< by layer_variants
  LayerCost embedding, output;    ///< the two ends, on the stages that hold them
  Bytes boundary;                 ///< one micro-batch between two pipeline stages, of one rank
};

/// The layout's pp, vpp, dp and shard size are not looked at; of its ZeRO stage only whether weights are whole. Finds
/// the work first, the expensive part of a step: some hundred operators through the device law.
ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout);
/// With the work of a layout that differs in recomputation and ZeRO stage at most.
ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout, const ShardWork& work);

/// Parameters of one rank of a stage; a tied embedding counts once where both ends meet. Counts, not bytes; fractions
/// where a split is uneven.
RankParameters stage_parameters(const Model& model, const ShardCosts& costs, const StageRun& run);
/// Their weights in bytes, `which` of LayerCost::held and sent.
WeightBytes stage_weights(const TrainingJob& job, const ShardCosts& costs, const StageRun& run,
                          WeightBytes LayerCost::*which);

}  // namespace stargate
