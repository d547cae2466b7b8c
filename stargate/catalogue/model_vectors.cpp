// Vectors and scalars that a class has beside its matrices, and what stands outside the layers: norms,
// hyper-connections (arXiv 2512.24880), scalars of activations, correction biases of routers, embeddings of each layer
// (Gemma-3n). Facts of the modelling classes of transformers 5.24.
#include <charconv>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

/// Of each half of a layer: m streams of width h are read, written and mixed by a matrix of the whole stream, with a
/// bias a row and a scale a use. DeepSeek-V4 mixes m x m; HY-V4 only reads and writes.
int hyper_connection_parameters(ModelDraft& draft) {
  const std::int64_t m = draft.fields.whole_or({"hc_mult"}, {1, 64}, 1);
  if (m <= 1) return 0;
  const bool mixed = draft.family.name != "hyv4";
  const std::int64_t rows = mixed ? (2 + m) * m : 2 * m;
  return static_cast<int>(std::min<std::int64_t>(rows * m * draft.hidden + rows + (mixed ? 3 : 2), kWidthRange.high));
}

int per_layer_width(ModelDraft& draft) {
  return draft.fields.whole_or({"hidden_size_per_layer_input"}, kOptionalWidthRange, 0);
}

/// AltUp's four streams: predictions and corrections of each, a router, its norm, a scale of the output.
int alternating_update_parameters(ModelDraft& draft) {
  const int n = draft.fields.whole_or({"altup_num_inputs"}, {1, 64}, 4);
  return n * n * n + n * n + n * draft.hidden + draft.hidden + draft.hidden;
}

}  // namespace

int layer_vectors(ModelDraft& draft, const AttentionShape& attention, const FeedForwardShape& feed_forward) {
  auto& fields = draft.fields;
  const auto family = draft.family.name;
  const int h = draft.hidden;
  int norms = draft.family.norms, others = 0;
  const bool experts = feed_forward.kind == FeedForwardKind::experts;
  if (family == "gemma4") {
    const bool beside = fields.flag_or({"enable_moe_block"}, false);
    // Each layer has a scalar; experts beside the dense feed-forward bring three more norms, a scale of the router's
    // input and one of each expert.
    if (beside) norms = 8, others += feed_forward.experts;
    if (per_layer_width(draft) > 0) ++norms;
    if (fields.text({"transformers_version"}).value_or("").rfind("5.", 0) != 0) others += 1;
  } else if (family == "gemma3n") {
    others += alternating_update_parameters(draft);
  } else if (family == "apertus") {
    others += 2;  // of xIELU, arXiv 2411.13010
  } else if ((family == "ernie45moe" || family == "afmoe") && experts) {
    others += feed_forward.experts;  // correction bias of the router, a parameter here
  } else if (family == "axk1" && experts) {
    ++norms;  // behind the experts
  } else if (family == "hyperclovax" && !fields.flag_or({"use_post_norm"}, true)) {
    norms = 2;
  } else if (family == "axk2") {
    // Gated norms: a pair of matrices of low rank each, which dense layers have before attention only.
    others += 2 * h * fields.whole_or({"gated_norm_rank"}, {0, 100'000}, 16) * (experts ? 2 : 1);
  } else if (family == "dots3note") {
    others += attention.rope_dim + attention.heads * h;  // norm of the rotated key; a gate a head
  } else if (family == "mistrallarge4") {
    others += 2 * attention.heads + 2 * (h + attention.index_heads);  // scales of scores, norm of the index's input
  }
  if (fields.flag_or({"latent_moe_use_norm"}, false)) others += feed_forward.expert_hidden;
  return layer_norm_parameters(draft, norms) + others + 2 * hyper_connection_parameters(draft);
}

/// Pixtral's tower (arXiv 2410.07073) with the projector of Mistral-3: a gated transformer on patches; four patches
/// merge, two matrices lead into the text model.
void read_towers(ModelDraft& draft, Model& model) {
  const auto& fields = draft.fields;
  const auto whole = [](const Node* from, std::string_view name, std::int64_t otherwise) {
    const Node* node = from->find(name);
    std::int64_t value = otherwise;
    if (node == nullptr || !node->is_scalar()) return value;
    const auto [end, error] = std::from_chars(node->text.data(), node->text.data() + node->text.size(), value);
    return error == std::errc{} && value >= 0 && value <= 1'000'000 ? value : otherwise;
  };
  const Node* thinker = fields.outer().find("thinker_config");
  const Node& around = thinker != nullptr && thinker->is_mapping() ? *thinker : fields.outer();
  const Node* vision = around.find("vision_config");
  const Node* audio = around.find("audio_config");
  if (audio != nullptr && audio->is_mapping()) draft.notes.push_back("parameters of the audio tower are not counted");
  if (vision == nullptr || !vision->is_mapping()) return;
  const Node* type = vision->find("model_type");
  if (type == nullptr || type->text != "pixtral") {
    draft.notes.push_back("parameters of the vision tower are not counted");
    return;
  }
  const std::int64_t h = whole(vision, "hidden_size", 1024), width = whole(vision, "intermediate_size", 4096);
  const std::int64_t layers = whole(vision, "num_hidden_layers", 24), patch = whole(vision, "patch_size", 14);
  const std::int64_t merge = whole(&around, "spatial_merge_size", 2), text = draft.hidden;
  model.vision_parameters = layers * (4 * h * h + 3 * h * width + 2 * h) + 3 * patch * patch * h + h;
  model.vision_parameters += h + h * h * merge * merge + h * text + text * text;
}

std::int64_t outside_parameters(ModelDraft& draft) {
  auto& fields = draft.fields;
  const std::int64_t h = draft.hidden, m = fields.whole_or({"hc_mult"}, {1, 64}, 1);
  std::int64_t count = m > 1 ? m * m * h + m + 1 : 0;
  if (const std::int64_t width = per_layer_width(draft); width > 0) {
    const std::int64_t all = width * draft.layers;
    count += fields.whole_or({"vocab_size_per_layer_input"}, kVocabRange, 262'144) * all + h * all + width;
  }
  if (draft.family.name == "gemma3n") {
    count += 2 * h * h * (fields.whole_or({"altup_num_inputs"}, {1, 64}, 4) - 1);
  }
  if (draft.family.name == "mistrallarge4") {
    count += fields.whole_or({"qk_rope_head_dim"}, kOptionalWidthRange, 0) / 2;  // a factor a frequency
  }
  return count;
}

}  // namespace stargate
