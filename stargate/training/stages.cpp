// The dealing of layers to stages, and which layers are treated alike. Variant of a layer: its shape, + shapes where it
// is kept beside recomputed ones, + all of those once more where it stays in bf16.
#include <algorithm>
#include <numeric>

#include "stargate/training/job.hpp"

namespace stargate {
bool has_bf16_layers(const TrainingJob& job) {
  const TrainingRecipe& r = job.recipe;
  const bool narrow = bytes_per_element(r.precision.linear) < 2 || bytes_per_element(r.precision.expert) < 2;
  return narrow && r.bf16_first_layers + r.bf16_last_layers > 0;
}

namespace {

/// `place`: of the layer among those of its chunk.
std::size_t variant_of(const TrainingJob& job, const TrainingLayout& layout, int layer, int place) {
  const Model& model = *job.model;
  const std::size_t shapes = model.shapes.size();
  auto variant = static_cast<std::size_t>(model.layers[static_cast<std::size_t>(layer)]);
  // Only the first layers of a chunk run again (recompute_method block); those behind keep everything.
  if (layout.recomputes_some() && place >= layout.recompute_layers) variant += shapes;
  const bool at_end =
      layer < job.recipe.bf16_first_layers || layer >= model.layer_count() - job.recipe.bf16_last_layers;
  if (at_end && has_bf16_layers(job)) variant += shapes * (layout.recomputes_some() ? 2 : 1);
  return variant;
}

/// Layers of one chunk, added to its variants and its stage's. The first `longer` chunks hold one slot more than the
/// others.
struct ChunkDealer {
  const TrainingJob& job;
  const TrainingLayout& layout;
  int per_chunk, longer;

  int start(int chunk) const { return chunk * per_chunk + std::min(chunk, longer); }
  void deal(int chunk, int* of_shape, int* of_chunk) const {
    const int before = layout.embedding_as_layer ? 1 : 0;
    int place = 0;
    for (int slot = start(chunk); slot < start(chunk + 1); ++slot) {
      const int layer = slot - before;
      if (layer < 0 || layer >= job.model->layer_count()) continue;  // the slot of an end
      const std::size_t variant = variant_of(job, layout, layer, place++);
      ++of_shape[variant], ++of_chunk[variant];
    }
  }
};

}  // namespace

int layer_slots(const Model& model, const TrainingLayout& l) {
  return model.layer_count() + (l.embedding_as_layer ? 1 : 0) + (l.loss_as_layer ? 1 : 0);
}

/// In the order that variant_of counts: shapes, then kept ones, then both again in bf16, prediction layers last.
std::vector<LayerVariant> layer_variants(const TrainingJob& job, const TrainingLayout& layout) {
  const int shapes = static_cast<int>(job.model->shapes.size());
  std::vector<LayerVariant> out;
  out.reserve(static_cast<std::size_t>(4 * shapes + 1));
  for (const bool bf16 : {false, true}) {
    if (bf16 && !has_bf16_layers(job)) continue;
    for (const bool kept : {false, true}) {
      if (kept && !layout.recomputes_some()) continue;
      for (int i = 0; i < shapes; ++i) out.push_back({i, kept ? Recompute::none : layout.recompute, bf16, false});
    }
  }
  if (job.recipe.mtp_layers > 0) out.push_back({job.model->layers.back(), layout.recompute, false, true});
  return out;
}

const StageRun& run_of_stage(const std::vector<StageRun>& runs, int stage) {
  std::size_t at = 0;
  while (stage >= runs[at].first + runs[at].count) ++at;
  return runs[at];
}

int StageRun::layers() const { return std::accumulate(of_shape.begin(), of_shape.end(), 0); }

std::vector<StageRun> deal_layers(const TrainingJob& job, const TrainingLayout& layout) {
  const int chunks = layout.pp * layout.vpp, slots = layer_slots(*job.model, layout);
  const ChunkDealer dealer{job, layout, slots / chunks, slots % chunks};
  const std::size_t variants = layer_variants(job, layout).size();
  const int mtp = job.recipe.mtp_layers;
  std::vector<StageRun> runs;
  runs.reserve(4);  // as many as stages of one kind usually make
  StageRun stage;
  for (int s = 0; s < layout.pp; ++s) {
    stage.of_shape.assign(variants, 0);
    stage.of_chunk.assign(variants * static_cast<std::size_t>(layout.vpp), 0);
    for (int c = 0; c < layout.vpp; ++c) {
      dealer.deal(s + c * layout.pp, stage.of_shape.data(),
                  stage.of_chunk.data() + static_cast<std::size_t>(c) * variants);
    }
    stage.first = s;
    stage.embedding = s == 0, stage.output = s == layout.pp - 1;
    if (stage.output && mtp > 0) {
      stage.of_shape.back() += mtp, stage.of_chunk.back() += mtp;
      // dual_pipe puts the first stage on the same rank (arXiv 2412.19437, section 3.2.1)
      stage.embedding_copy = !stage.embedding && !job.model->tied_embedding && layout.weight_copies() == 1;
    }
    // Equal neighbours are one run; the ends keep runs of their own, since they hold the embedding and the output.
    const bool same =
        !runs.empty() && runs.back().of_chunk == stage.of_chunk && !runs.back().embedding && !stage.output;
    if (same) {
      ++runs.back().count;
    } else {
      runs.push_back(stage);
    }
  }
  return runs;
}

}  // namespace stargate
