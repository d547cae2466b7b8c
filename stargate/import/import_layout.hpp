// What a configuration of Megatron-LM, torchtitan or NeMo says of parallelism, batch and precision, in Megatron-Core's
// words, and the `stargate train` command that asks about the same job. One table maps their names; what it does not
// know is listed with its line, never dropped in silence.
#pragma once

#include <optional>

#include "stargate/import/import_options.hpp"

namespace stargate {

enum class ImportDialect { megatron, torchtitan, nemo };
const char* import_dialect_name(ImportDialect dialect);

/// Sizes as in Megatron-Core; a size that was not given is 1, other values are left open. All sizes are ranks, batches
/// are sequences, seq_length tokens.
struct ImportedLayout {
  ImportDialect dialect = ImportDialect::megatron;  ///< whose names the file uses
  std::int64_t tensor = 1, pipeline = 1, virtual_pipeline = 1, context = 1, expert = 1, expert_tensor = 1;  ///< ranks
  /// Empty: the file does not say.
  std::optional<std::int64_t> data, gpus, micro_batch_size, global_batch_size, seq_length;
  /// 0 to 3, as the file's strategy of sharding says.
  int zero_stage = 0;
  std::int64_t shard_size = 0;                   ///< ranks that share sharded states where they are not all (HSDP)
  std::optional<std::int64_t> recompute_layers;  ///< first ones of each chunk (block recomputation)
  std::string recompute_modules;                 ///< of selective recomputation, with commas; empty: attention's scores
  bool sequence_parallel = false, ends_as_layers = false;
  std::string recompute = "none", precision = "bf16", pipeline_schedule = "1f1b";  ///< in our words
  /// The model, as far as the file tells: shape, or name and flavour.
  std::optional<std::int64_t> layers, hidden, heads, kv_heads, width, experts, vocab;  ///< width: of the feed-forward
  std::string model_name, model_flavor;                                                ///< as the file has them
  std::vector<std::string> notes;       ///< what was assumed, one sentence each
  std::vector<ImportedOption> ignored;  ///< options that no figure here depends on, in the file's order
};

/// `gpus` stands for what the file cannot know (0: the file's own). Faults name file and line. Faults: sizes that are
/// no whole numbers above 0, variables the file does not set, layers that do not divide into virtual stages,
/// accelerators that are not the product of the sizes. Whether the model exists is not asked.
Result<ImportedLayout> import_layout(const OptionList& options, std::int64_t gpus);

/// The command; MODEL, SYSTEM, GPUS and so on stand where neither file nor flags say. One line. `model` and `system`
/// are ids of the catalogue, or empty.
std::string format_import_command(const ImportedLayout& layout, const std::string& model, const std::string& system);
/// The layout as YAML with Megatron-Core's names.
std::string format_import_yaml(const ImportedLayout& layout);

}  // namespace stargate
