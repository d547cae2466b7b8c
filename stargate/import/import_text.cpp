// The command and the YAML of an imported layout. Sizes of 1 are left out of the command, which defaults to them.
#include <fmt/format.h>

#include "stargate/import/import_layout.hpp"

namespace stargate {
namespace {

std::string number_or(const std::optional<std::int64_t>& value, const char* placeholder) {
  return value ? fmt::format("{}", *value) : placeholder;
}

}  // namespace

std::string format_import_command(const ImportedLayout& l, const std::string& model, const std::string& system) {
  std::string out = fmt::format("stargate train --model {} --system {} --gpus {}", model.empty() ? "MODEL" : model,
                                system.empty() ? "SYSTEM" : system, number_or(l.gpus, "GPUS"));
  out += " --global-batch-size " + number_or(l.global_batch_size, "GLOBAL_BATCH_SIZE");
  out += " --seq-length " + number_or(l.seq_length, "SEQ_LENGTH");
  if (l.precision != "bf16") out += " --precision " + l.precision;
  out += fmt::format(" --tp {} --pp {}", l.tensor, l.pipeline);
  const auto size = [&](const char* flag, std::int64_t value) {
    if (value > 1) out += fmt::format(" {} {}", flag, value);
  };
  size("--vpp", l.virtual_pipeline), size("--cp", l.context), size("--ep", l.expert), size("--etp", l.expert_tensor);
  if (l.data) out += fmt::format(" --dp {}", *l.data);
  if (l.micro_batch_size) out += fmt::format(" --micro-batch-size {}", *l.micro_batch_size);
  out += fmt::format(" --zero {}", l.zero_stage);
  const bool usual =
      l.pipeline_schedule == "1f1b" || l.pipeline_schedule == "interleaved_1f1b";  // --vpp alone says which
  if (!usual) out += " --schedule " + l.pipeline_schedule;
  size("--shard-size", l.shard_size);
  if (l.recompute != "none") out += " --recompute " + l.recompute;
  if (!l.recompute_modules.empty()) out += " --recompute-modules " + l.recompute_modules;
  if (l.recompute_layers) size("--recompute-num-layers", *l.recompute_layers);
  if (l.sequence_parallel) out += " --sequence-parallel";
  if (l.ends_as_layers) out += " --ends-as-layers";
  return out + "\n";
}

std::string format_import_yaml(const ImportedLayout& l) {
  std::string out;
  const auto line = [&](const char* name, const std::string& value) { out += fmt::format("{}: {}\n", name, value); };
  const auto known = [&](const char* name, const std::optional<std::int64_t>& value) {
    if (value) line(name, fmt::format("{}", *value));
  };
  known("tensor_model_parallel_size", l.tensor);
  known("pipeline_model_parallel_size", l.pipeline);
  known("virtual_pipeline_model_parallel_size", l.virtual_pipeline);
  line("pipeline_schedule", l.pipeline_schedule);
  known("context_parallel_size", l.context);
  known("expert_model_parallel_size", l.expert);
  known("expert_tensor_parallel_size", l.expert_tensor);
  known("data_parallel_size", l.data);
  line("sequence_parallel", l.sequence_parallel ? "true" : "false");
  line("zero_stage", fmt::format("{}", l.zero_stage));
  known("micro_batch_size", l.micro_batch_size);
  known("global_batch_size", l.global_batch_size);
  known("seq_length", l.seq_length);
  if (l.shard_size > 0) line("shard_size", fmt::format("{}", l.shard_size));
  line("recompute_granularity", l.recompute);
  if (!l.recompute_modules.empty()) line("recompute_modules", l.recompute_modules);
  known("recompute_num_layers", l.recompute_layers);
  line("account_for_embedding_in_pipeline_split", l.ends_as_layers ? "true" : "false");
  line("account_for_loss_in_pipeline_split", l.ends_as_layers ? "true" : "false");
  line("precision", l.precision);
  return out;
}

}  // namespace stargate
