// Counts of one model; each distinct layer once.
#include "stargate/questions/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/changes.hpp"

namespace stargate {
namespace {

/// DeepSeek-V4.
std::string shared_vector_text(const AttentionShape& a) {
  std::string out = fmt::format("{} heads on one vector of {}, window of {}", a.heads, a.head_dim, a.window);
  if (a.compress_ratio > 0) out += fmt::format(", {} tokens a vector before it", a.compress_ratio);
  if (a.index_heads > 0) out += fmt::format(", {} of them selected", a.index_topk);
  return out;
}

std::string attention_text(const AttentionShape& a) {
  switch (a.kind) {
    case AttentionKind::full:
      return fmt::format("full, {} heads, {} KV heads of {}{}", a.heads, a.kv_heads, a.head_dim,
                         a.index_topk > 0 ? fmt::format(", sees {} tokens that its index selects", a.index_topk) : "");
    case AttentionKind::sliding:
      return fmt::format("window of {}, {} heads, {} KV heads of {}", a.window, a.heads, a.kv_heads, a.head_dim);
    case AttentionKind::latent:
      if (a.shared_vector) return shared_vector_text(a);
      if (a.index_topk > 0) {
        return fmt::format("latent (MLA), {} heads, rank {} + {}, sees {} tokens{}", a.heads, a.kv_lora_rank,
                           a.rope_dim, a.index_topk,
                           a.index_heads > 0 ? " that its index selects" : " selected before");
      }
      return fmt::format("latent (MLA), {} heads, rank {} + {}", a.heads, a.kv_lora_rank, a.rope_dim);
    case AttentionKind::linear:
      return fmt::format("linear, {} key and {} value heads", a.heads, a.kv_heads);
    case AttentionKind::state_space:
      if (a.form == StateSpaceForm::mamba1) {
        return fmt::format("Mamba-1, {} wide, state {}", a.heads * a.head_dim, a.state_dim);
      }
      if (a.form == StateSpaceForm::short_convolution) {
        return fmt::format("gated convolution of {} tokens", a.conv_kernel);
      }
      if (a.form == StateSpaceForm::rg_lru) return fmt::format("RG-LRU, {} heads of {}", a.heads, a.head_dim);
      return fmt::format("state space, {} heads of {}, state {}", a.heads, a.head_dim, a.state_dim);
    case AttentionKind::none:
      break;
  }
  return "none";
}

std::string feed_forward_text(const FeedForwardShape& f) {
  if (f.kind == FeedForwardKind::none) return "none";
  if (f.kind == FeedForwardKind::dense) return fmt::format("dense, {}{}", f.width, f.gated ? ", gated" : "");
  return fmt::format("{} of {} experts of {}{}", f.top_k, f.experts, f.width,
                     f.shared_width > 0 ? fmt::format(", shared {}", f.shared_width) : "");
}

/// How many layers have each shape.
std::vector<int> layers_of_shape(const Model& model) {
  std::vector<int> counts(model.shapes.size());
  for (const int shape : model.layers) ++counts[static_cast<std::size_t>(shape)];
  return counts;
}

/// Cache of a token in layers that keep all and in those that keep a window, in bf16; states of recurrent layers.
struct BytesByKind {
  double full = 0, sliding = 0, recurrent = 0;
};

BytesByKind bytes_by_kind(const Model& model) {
  BytesByKind bytes;
  for (int i = 0; i < model.layer_count(); ++i) {
    const auto& a = model.layer(i).attention;
    const double fixed = fixed_bytes(a, Precision::bf16);
    bytes.full += cached_bytes_per_token(a, Precision::bf16);
    if (a.kind == AttentionKind::linear || a.kind == AttentionKind::state_space) {
      bytes.recurrent += fixed;
    } else if (a.window > 0) {
      bytes.sliding += fixed / a.window;
    }
  }
  return bytes;
}

void write_model(JsonWriter& json, const Model& model) {
  json.member("schema_version", 1).member("model", model.id).member("layers", model.layer_count());
  json.member("hidden_size", model.hidden).member("vocab_size", model.vocab);
  json.member("total_params", parameter_count(model)).member("active_params", active_parameter_count(model));
  json.member("weight_bytes", weight_bytes(model).base())
      .member("weight_precision", precision_name(model.weight_precision));
  json.member("kv_bytes_per_token_bf16", kv_bytes_per_token(model, Precision::bf16).base());
  json.member("fixed_state_bytes_per_seq_bf16", fixed_state_bytes(model, Precision::bf16).base());
  json.member("stored_state_bytes_per_seq", stored_state_bytes(model, Precision::bf16).base());
  const auto bytes = bytes_by_kind(model);
  json.member("kv_bytes_per_token_full_layers", bytes.full).member("kv_bytes_per_token_sliding_layers", bytes.sliding);
  json.member("state_bytes_per_seq_recurrent_layers", bytes.recurrent);
  json.member("vision_params", model.vision_parameters).member("audio_params", model.audio_parameters);
  json.member("assumed_family", model.assumed);
  json.key("notes").begin_array();
  for (const auto& note : model.notes) json.value(note);
  json.end_array();
  json.key("forward_flops_per_token").begin_object();
  for (const int context : {1, 4096, 32768})
    json.member(fmt::format("context_{}", context), forward_flops_per_token(model, context).base());
  json.end_object().member("training_flops_per_token_8192", training_flops_per_token(model, 8192).base());
}

std::string model_text(const Model& model) {
  const auto billions = [](std::int64_t count) {
    return fmt::format("{} ({:.2f} B)", count, static_cast<double>(count) / 1e9);
  };
  std::string out = model.name + "\n";
  TextTable table({{"what", Align::left}, {"how much", Align::left}});
  table.add_row({"parameters", billions(parameter_count(model))});
  table.add_row({"  active for a token", billions(active_parameter_count(model))});
  if (model.vision_parameters > 0) table.add_row({"vision tower, beside them", billions(model.vision_parameters)});
  table.add_row({"weights as stored",
                 fmt::format("{}, {}", format_quantity(weight_bytes(model)), precision_name(model.weight_precision))});
  table.add_row({"cache a token, bf16", format_quantity(kv_bytes_per_token(model, Precision::bf16), 6)});
  table.add_row({"state a sequence, bf16", format_quantity(fixed_state_bytes(model, Precision::bf16))});
  if (stored_state_bytes(model, Precision::bf16) != fixed_state_bytes(model, Precision::bf16)) {
    table.add_row(
        {"  in the type its configuration says", format_quantity(stored_state_bytes(model, Precision::bf16))});
  }
  for (const int context : {1, 4096, 32768}) {
    table.add_row({fmt::format("forward pass of a token that sees {}", context),
                   format_quantity(forward_flops_per_token(model, context), 4)});
  }
  table.add_row(
      {"training on a token in sequences of 8192", format_quantity(training_flops_per_token(model, 8192), 4)});
  out += table.format(2) + "\n";
  TextTable layers({{"layers"}, {"attention", Align::left}, {"feed-forward", Align::left}});
  const auto counts = layers_of_shape(model);
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    layers.add_row({std::to_string(counts[i]), attention_text(model.shapes[i].attention),
                    feed_forward_text(model.shapes[i].feed_forward)});
  }
  out += layers.format(2);
  for (const auto& note : model.notes) out += "  note: " + note + "\n";
  return out;
}

}  // namespace

const QuestionTable<ModelQuestion>& ModelQuestion::table() {
  static const auto table = [] {
    QuestionTable<ModelQuestion> t("model", "Parameters, cache and operations of a model, from its config.json");
    t.required("model", &ModelQuestion::model, "Id of a model of the catalogue, or the path of a config.json")
        .positional();
    return t;
  }();
  return table;
}

Result<Answer> answer_model(const ModelQuestion& question, const QuestionContext& context) {
  auto catalogue = load_catalogue_without_laws(context.files, context.catalogue_folder);
  if (!catalogue) return catalogue.faults();
  auto id = resolve_model(context.files, *catalogue, question.model);
  if (!id && id.faults()[0].file.empty()) return context.fault("model", id.faults()[0].message, id.faults()[0].hint);
  if (!id) return id.faults();
  return make_answer(AnswerKind::answered, std::move(catalogue->models.at(*id)), model_text, write_model);
}

Question model_question() {
  AnswerFields answer{{"model", "text", "Its id, or its path"},
                      {"layers", "integer", "Layers"},
                      {"hidden_size", "integer", "Width of the residual stream"},
                      {"vocab_size", "integer", "Tokens of the vocabulary"},
                      {"total_params", "integer", "Parameters"},
                      {"active_params", "integer", "Parameters that a token passes"},
                      {"weight_bytes", "number", "Weights as stored"},
                      {"weight_precision", "text", "Format they are stored in"},
                      {"kv_bytes_per_token_bf16", "number", "Cache of a token, in bf16"},
                      {"fixed_state_bytes_per_seq_bf16", "number", "State of a sequence whatever its length, in bf16"},
                      {"stored_state_bytes_per_seq", "number",
                       "The same with recurrent states in the type that the configuration says"},
                      {"kv_bytes_per_token_full_layers", "number", "Cache of a token in layers that keep all, in bf16"},
                      {"kv_bytes_per_token_sliding_layers", "number", "In layers that keep a window, until it is full"},
                      {"state_bytes_per_seq_recurrent_layers", "number", "State of recurrent layers, as stored"},
                      {"vision_params", "integer", "Of a vision tower of known shape, in no other count"},
                      {"audio_params", "integer", "Likewise of an audio tower"},
                      {"assumed_family", "text", "Family it was read as, its own type being unknown; else empty"},
                      {"notes/*", "text", "What was assumed"},
                      {"forward_flops_per_token/*", "number", "Operations of a forward pass, by tokens seen"},
                      {"training_flops_per_token_8192", "number", "Of training on a token, in sequences of 8192"}};
  return make_question(answer_model,
                       {{"deepseek-v3", "counts of a model of the catalogue"},
                        {"catalogue/models/qwen3-8b.json", "of a config.json anywhere"}},
                       std::move(answer));
}

}  // namespace stargate
