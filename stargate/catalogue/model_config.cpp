// Family first, then sizes, then layer by layer, then number formats; all faults are gathered on the way.
#include "stargate/catalogue/model_config.hpp"

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

/// Far above any model, and low enough that every count fits in 64 bits.
constexpr double kMostParameters = 1e18;

/// A wrapped text model may name its own architecture; either may be missing. The first name that is known decides.
std::vector<std::string> family_names(const ModelFields& fields) {
  std::vector<std::string> names;
  const auto add = [&](const std::optional<ModelFields::Value>& value) {
    if (!value) return;
    const Node& node = value->node->is_sequence() && !value->node->items.empty() ? value->node->items[0] : *value->node;
    if (node.is_scalar()) names.push_back(node.text);
  };
  add(fields.find({"architectures"}));
  add(fields.find_anywhere({"architectures"}));
  add(fields.find({"model_type"}));
  add(fields.find_anywhere({"model_type"}));
  if (const Node* outer = fields.outer().find("model_type"); outer != nullptr && outer->is_scalar()) {
    names.push_back(outer->text);
  }
  return names;
}

/// The first known name; else Llama's defaults, with a note.
ModelFamily choose_family(ModelDraft& draft) {
  const auto names = family_names(draft.fields);
  for (const auto& name : names) {
    if (const auto* family = find_family(family_name(name))) return *family;
  }
  draft.notes.push_back(
      "the family " + (names.empty() ? std::string("is not given") : "'" + names[0].substr(0, 80) + "' is not known") +
      "; read like Llama");
  draft.assumed = "llama";
  return {.name = "generic"};
}

void refuse_uncovered(ModelDraft& draft) {
  const auto type = draft.fields.find({"model_type"});
  if (!type) return;
  for (const char* name : {"rwkv", "t5", "bert"}) {
    if (type->node->text == name) {
      draft.fields.fault(*type, std::string("models of type '") + name + "' are not covered",
                         "decoder-only transformers, their hybrids with Mamba and linear attention are");
    }
  }
}

/// Layer counts may be given only by the length of a list.
int read_layer_count(ModelDraft& draft) {
  auto& fields = draft.fields;
  const ModelFields::Names names = {"num_hidden_layers", "n_layer", "num_layers", "n_layers"};
  if (!fields.has(names)) {
    const auto list = fields.find({"layers_block_type", "layer_types", "hybrid_override_pattern", "block_configs"});
    if (list) {
      const std::size_t length = list->node->is_scalar() ? list->node->text.size() : list->node->items.size();
      if (length >= 1 && length <= static_cast<std::size_t>(kLayerRange.high)) return static_cast<int>(length);
    }
  }
  return fields.required(names, kLayerRange, "how many layers the model has");
}

/// Norm count and bias of families whose files choose.
void adjust_norms(ModelDraft& draft) {
  auto& fields = draft.fields;
  auto& family = draft.family;
  if (family.name == "falcon") {
    const bool new_decoder = fields.flag_or({"new_decoder_architecture"}, false);
    const bool parallel = fields.flag_or({"parallel_attn"}, true);
    family.norms = new_decoder ? fields.whole_or({"num_ln_in_parallel_attn"}, {1, 2}, 2) : parallel ? 1 : 2;
  }
  if (family.name == "mpt") family.norm_bias = !fields.flag_or({"no_bias"}, true);
}

/// What stands outside the layers: embeddings, positions, the last norm, a bias of the output.
void read_outside(ModelDraft& draft, Model& model) {
  auto& fields = draft.fields;
  const auto& family = draft.family;
  model.vocab = fields.required({"vocab_size", "padded_vocab_size"}, kVocabRange, "size of the vocabulary");
  model.tied_embedding = family.tied;
  const auto tied = fields.find_anywhere({"tie_word_embeddings", "tie_embedding"});
  if (tied && tied->node->is_scalar()) {
    model.tied_embedding = tied->node->text == "true";
  }
  // The wrapper's class decides, and Mistral-3's ties where the outer configuration says nothing (transformers 5.24).
  const Node* type = fields.outer().find("model_type");
  if (type != nullptr && type->text == "mistral3" && fields.outer().find("tie_word_embeddings") == nullptr) {
    if (!model.tied_embedding) {
      draft.notes.push_back("embeddings are tied, as the wrapper's class has it; text_config alone says otherwise");
    }
    model.tied_embedding = true;
  }
  model.position_embedding_rows = family.learned_positions ? draft.max_position + family.extra_positions : 0;
  model.other_parameters = layer_norm_parameters(draft, 1);
  if (family.name == "olmo") model.other_parameters = 0;
  if (family.name == "bloom") model.other_parameters *= 2;  // the embedding has a norm too
  if (fields.flag_or({"lm_head_bias"}, family.head_bias)) model.other_parameters += model.vocab;
  model.residual_streams = fields.whole_or({"hc_mult"}, {1, 64}, 1);
  model.mtp_layers = fields.whole_or({"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"},
                                     {0, kLayerRange.high}, 0);
}

/// Equal layers share one shape.
void set_layers(Model& model, const std::vector<LayerShape>& layers) {
  for (const auto& layer : layers) {
    const auto found = std::find(model.shapes.begin(), model.shapes.end(), layer);
    model.layers.push_back(static_cast<int>(found - model.shapes.begin()));
    if (found == model.shapes.end()) model.shapes.push_back(layer);
  }
}

/// For the places of faults only.
std::string side_file_name(const std::string& file) {
  const auto slash = file.rfind('/');
  return (slash == std::string::npos ? "" : file.substr(0, slash + 1)) + "hf_quant_config.json";
}

/// The order matters: the family's defaults come before any field is read, layers after what their widths rest on.
Model read_model(ModelDraft& draft, ModelFields* side) {
  auto& fields = draft.fields;
  Model model;
  draft.family = choose_family(draft);
  fields.set_defaults(draft.family.name, family_defaults());
  refuse_uncovered(draft);
  draft.hidden = fields.required({"hidden_size", "n_embd", "d_model", "n_embed"}, kWidthRange, "width of the model");
  draft.layers = read_layer_count(draft);
  draft.max_position = fields.whole_or(
      {"max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "model_max_length"}, kTokenRange,
      0);
  adjust_norms(draft);
  read_outside(draft, model);
  model.other_parameters += outside_parameters(draft);
  set_layers(model, read_layers(draft));
  model.repeated_parameters = draft.repeated_parameters;
  model.assumed = draft.assumed;
  read_towers(draft, model);
  model.hidden = draft.hidden;
  read_precision(draft, side, model);
  model.family = draft.family.name;
  model.max_position = draft.max_position;
  if (const Node* name = fields.outer().find("_name"); name != nullptr && name->is_scalar()) model.name = name->text;
  model.notes = std::move(draft.notes);
  return model;
}

}  // namespace

Result<Model> parse_model_config(const std::string& file, std::string_view text, const std::string* quant_side_file) {
  auto document = parse_json(file, text);
  if (!document) return document.faults();
  if (!document->root.is_mapping()) {
    return document->fault(document->root, {}, describe_node(document->root) + " where a configuration is due",
                           "a Hugging Face config.json is a mapping in braces");
  }
  Diagnostics faults;
  Document side_document;
  std::optional<ModelFields> side;
  if (quant_side_file != nullptr) {
    auto parsed = parse_json(side_file_name(file), *quant_side_file);
    if (parsed) {
      side_document = std::move(*parsed);
      side.emplace(side_document, faults);
    } else {
      faults = parsed.faults();
    }
  }
  ModelDraft draft{ModelFields(*document, faults), {}, 1, 1, 0, {}, 0, {}};
  auto model = read_model(draft, side ? &*side : nullptr);
  if (faults.empty() && !(parameter_estimate(model) <= kMostParameters)) {
    return document->fault(document->root, {}, "the model would have more than 1e18 parameters", "check its widths");
  }
  if (!faults.empty()) return faults;
  return model;
}

}  // namespace stargate
