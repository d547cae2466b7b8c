// Counts of one model; each distinct layer once.
#include "stargate/app/command_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"

namespace stargate {
namespace {

std::string attention_text(const AttentionShape& a) {
  switch (a.kind) {
    case AttentionKind::full:
      return fmt::format("full, {} heads, {} KV heads of {}", a.heads, a.kv_heads, a.head_dim);
    case AttentionKind::sliding:
      return fmt::format("window of {}, {} heads, {} KV heads of {}", a.window, a.heads, a.kv_heads, a.head_dim);
    case AttentionKind::latent:
      return fmt::format("latent (MLA), {} heads, rank {} + {}", a.heads, a.kv_lora_rank, a.rope_dim);
    case AttentionKind::linear:
      return fmt::format("linear, {} key and {} value heads", a.heads, a.kv_heads);
    case AttentionKind::state_space:
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

void print_json(Session& session, const Model& model) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("model", model.id).member("layers", model.layer_count());
  json.member("hidden_size", model.hidden).member("vocab_size", model.vocab);
  json.member("total_params", parameter_count(model)).member("active_params", active_parameter_count(model));
  json.member("weight_bytes", weight_bytes(model).base())
      .member("weight_precision", precision_name(model.weight_precision));
  json.member("kv_bytes_per_token_bf16", kv_bytes_per_token(model, Precision::bf16).base());
  json.member("fixed_state_bytes_per_seq_bf16", fixed_state_bytes(model, Precision::bf16).base());
  json.key("forward_flops_per_token").begin_object();
  for (const int context : {1, 4096, 32768})
    json.member(fmt::format("context_{}", context), forward_flops_per_token(model, context).base());
  json.end_object().member("training_flops_per_token_8192", training_flops_per_token(model, 8192).base());
  session.print_data(json.end_object().text());
}

void print_text(Session& session, const Model& model) {
  const auto billions = [](std::int64_t count) {
    return fmt::format("{} ({:.2f} B)", count, static_cast<double>(count) / 1e9);
  };
  session.print_text(fmt::format("{}\n", model.name));
  TextTable table({{"what", Align::left}, {"how much", Align::left}});
  table.add_row({"parameters", billions(parameter_count(model))});
  table.add_row({"  active for a token", billions(active_parameter_count(model))});
  table.add_row({"weights as stored",
                 fmt::format("{}, {}", format_quantity(weight_bytes(model)), precision_name(model.weight_precision))});
  table.add_row({"cache a token, bf16", format_quantity(kv_bytes_per_token(model, Precision::bf16), 6)});
  table.add_row({"state a sequence, bf16", format_quantity(fixed_state_bytes(model, Precision::bf16))});
  for (const int context : {1, 4096, 32768}) {
    table.add_row({fmt::format("forward pass of a token that sees {}", context),
                   format_quantity(forward_flops_per_token(model, context), 4)});
  }
  table.add_row(
      {"training on a token in sequences of 8192", format_quantity(training_flops_per_token(model, 8192), 4)});
  session.print_text(fmt::format("{}\n", table.format(2)));
  TextTable layers({{"layers"}, {"attention", Align::left}, {"feed-forward", Align::left}});
  const auto counts = layers_of_shape(model);
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    layers.add_row({std::to_string(counts[i]), attention_text(model.shapes[i].attention),
                    feed_forward_text(model.shapes[i].feed_forward)});
  }
  session.print_text(layers.format(2));
  for (const auto& note : model.notes) session.print_text(fmt::format("  note: {}\n", note));
}

}  // namespace

void show_model(Session& session, const std::string& name, bool json) {
  auto catalogue = load_catalogue(session.files, session.catalogue_folder);
  if (!catalogue) return session.fail(catalogue.faults());
  auto id = resolve_model(session.files, *catalogue, name);
  if (!id) return session.fail(id.faults());
  const Model& model = catalogue->models.at(*id);
  json ? print_json(session, model) : print_text(session, model);
}

}  // namespace stargate
