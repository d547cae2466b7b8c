// In what number format a model is stored: the dtype of the file, unless quantised, which quantization_config says in
// the words of the tool that did it, or ModelOpt's hf_quant_config.json beside the file. What a tool leaves out
// (router, embedding, output, norms) stays in the dtype; where it leaves out attention too, only experts are quantised.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool mentions(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

/// From a name such as FP8, NVFP4, mxfp4, W4A16_AWQ, int8_sq.
std::optional<Precision> precision_of(std::string name) {
  name = lower(std::move(name));
  if (mentions(name, "fp4") || mentions(name, "nf4")) return Precision::fp4;
  if (mentions(name, "fp8") || mentions(name, "w8a8_float") || mentions(name, "e4m3")) return Precision::fp8;
  if (mentions(name, "w4") || mentions(name, "int4")) return Precision::int4;
  if (mentions(name, "int8") || mentions(name, "w8")) return Precision::int8;
  return std::nullopt;
}

std::optional<Precision> precision_of_bits(double bits, bool floating) {
  if (bits == 4) return floating ? Precision::fp4 : Precision::int4;
  if (bits == 8) return floating ? Precision::fp8 : Precision::int8;
  return std::nullopt;
}

std::string text_at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found != nullptr && found->is_scalar() ? found->text : std::string();
}

/// compressed-tensors: {num_bits, type}.
std::optional<Precision> precision_of_scheme(const Node* scheme) {
  if (scheme == nullptr || !scheme->is_mapping()) return std::nullopt;
  const std::string bits = text_at(*scheme, "num_bits");
  return precision_of_bits(bits == "4" ? 4 : bits == "8" ? 8 : 0, text_at(*scheme, "type") == "float");
}

/// True when the list of modules left as they were names those of attention.
bool keeps_attention(const Node& config) {
  for (const char* key : {"modules_to_not_convert", "ignore", "exclude_modules", "ignored_layers"}) {
    const Node* list = config.find(key);
    if (list == nullptr) continue;
    for (const auto& item : list->items) {
      if (mentions(item.text, "self_attn") && (mentions(item.text, "*") || item.text == "self_attn")) return true;
    }
  }
  return false;
}

/// Each tool says it differently; what is not recognised is left to the caller, which notes it.
std::optional<Precision> quantised_precision(const Node& config) {
  const std::string method = lower(text_at(config, "quant_method"));
  if (method == "compressed-tensors") {
    const Node* groups = config.find("config_groups");
    if (groups == nullptr || groups->members.empty()) return precision_of(text_at(config, "format"));
    return precision_of_scheme(groups->members.front().value.find("weights"));
  }
  if (method == "gptq" || method == "awq" || method == "auto-round" || method == "intel/auto-round") {
    const std::string bits = text_at(config, config.find("bits") != nullptr ? "bits" : "w_bit");
    return precision_of_bits(bits == "8" ? 8 : 4, false);
  }
  if (method == "quark") {
    const Node* global = config.find("global_quant_config");
    const Node* weight = global != nullptr ? global->find("weight") : nullptr;
    return weight != nullptr ? precision_of(text_at(*weight, "dtype")) : std::nullopt;
  }
  if (method == "bitsandbytes") return text_at(config, "load_in_8bit") == "true" ? Precision::int8 : Precision::int4;
  if (method == "modelopt" || method.empty()) return precision_of(text_at(config, "quant_algo"));
  return precision_of(method);
}

/// Elements that share a scale, as the file states it; 0: it does not.
int stated_group(const Node& config) {
  std::string text = text_at(config, "group_size");
  const Node* weights = nullptr;
  if (const Node* groups = config.find("config_groups"); groups != nullptr && !groups->members.empty()) {
    weights = groups->members.front().value.find("weights");
  } else if (const Node* global = config.find("global_quant_config"); global != nullptr) {
    weights = global->find("weight");
  }
  if (weights != nullptr) text = text_at(*weights, "group_size");
  // bitsandbytes: four bytes for 64 elements, or one of them again quantised.
  if (text_at(config, "quant_method") == "bitsandbytes") {
    text = text_at(config, "bnb_4bit_use_double_quant") == "true" ? "128" : "32";
  }
  int group = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), group);
  return error == std::errc{} && group >= 8 && group <= 1'000'000 ? group : 0;
}

void apply_quantisation(ModelDraft& draft, const Node& config, Model& model) {
  const auto precision = quantised_precision(config);
  if (!precision) {
    draft.notes.push_back("the quantisation '" + text_at(config, "quant_method") + text_at(config, "quant_algo") +
                          "' is not known; weights are counted in the dtype of the file");
    return;
  }
  model.expert_precision = *precision;
  const bool experts = std::any_of(model.shapes.begin(), model.shapes.end(), [](const LayerShape& layer) {
    return layer.feed_forward.kind == FeedForwardKind::experts;
  });
  // Beside experts attention is most of what is left; of a dense model the feed-forwards are.
  if (!experts || !keeps_attention(config)) {
    model.weight_precision = *precision;
    model.wide_parameters = unquantised_parameters(model, config);
  }
  const bool microscaled =
      mentions(lower(text_at(config, "quant_method")), "mxfp4") || mentions(lower(text_at(config, "format")), "mxfp4");
  if (const int group = stated_group(config); group > 0) model.scale_group = group;
  if (microscaled) model.scale_group = 32;
  if (config.find("weight_block_size") != nullptr) model.block_scaled = true;
}

}  // namespace

void read_precision(ModelDraft& draft, ModelFields* side, Model& model) {
  const auto dtype = draft.fields.find_anywhere({"torch_dtype", "dtype"});
  if (dtype && (dtype->node->text == "float32" || dtype->node->text == "torch.float32")) {
    model.weight_precision = model.expert_precision = Precision::fp32;
  }
  if (const auto config = draft.fields.find_anywhere({"quantization_config"}); config && config->node->is_mapping()) {
    apply_quantisation(draft, *config->node, model);
    const auto cache = precision_of_scheme(config->node->find("kv_cache_scheme"));
    model.kv_precision = cache.value_or(model.kv_precision);
  }
  if (const auto expert = draft.fields.text({"expert_dtype"})) {
    if (const auto precision = precision_of(*expert)) {
      model.expert_precision = *precision;
      model.scale_group = 32;
    }
  }
  if (side == nullptr) return;
  const auto config = side->find({"quantization"});
  if (!config || !config->node->is_mapping()) {
    side->missing("quantization", "is missing: what ModelOpt did to the weights");
    return;
  }
  apply_quantisation(draft, *config->node, model);
  if (const auto cache = precision_of(text_at(*config->node, "kv_cache_quant_algo"))) model.kv_precision = *cache;
}

}  // namespace stargate
