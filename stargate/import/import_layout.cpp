// The table of names, and what follows from several values together: virtual stages from layers, data parallelism from
// the accelerators, ZeRO stages from the kinds of optimiser and FSDP.
#include "stargate/import/import_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "stargate/training/recompute.hpp"

namespace stargate {
namespace {

/// Values by their meaning; several names lead to one. What was read, before anything is made of it.
struct Raw {
  std::map<std::string, std::int64_t> count;
  std::map<std::string, bool> flag;
  std::map<std::string, std::string> text;

  std::optional<std::int64_t> find(const std::string& meaning) const {
    const auto it = count.find(meaning);
    return it == count.end() ? std::nullopt : std::optional(it->second);
  }
  std::int64_t size(const std::string& meaning) const { return find(meaning).value_or(1); }
  bool is(const std::string& meaning) const {
    const auto it = flag.find(meaning);
    return it != flag.end() && it->second;
  }
  std::string word(const std::string& meaning) const {
    const auto it = text.find(meaning);
    return it == text.end() ? std::string() : it->second;
  }
};

enum class Kind { count, flag, text };
struct Mapping {
  const char* name;
  Kind kind;
  const char* meaning;
  const char* within = "";  ///< part of the path that must be there, for names that mean something else elsewhere
};

// Megatron-LM's arguments and Megatron-Core's fields, NeMo's where they differ, torchtitan's (TOML until 2025, Python
// since).
const Mapping kMappings[] = {
    {"tensor_model_parallel_size", Kind::count, "tensor"},
    {"pipeline_model_parallel_size", Kind::count, "pipeline"},
    {"context_parallel_size", Kind::count, "context"},
    {"expert_model_parallel_size", Kind::count, "expert"},
    {"expert_tensor_parallel_size", Kind::count, "expert_tensor"},
    {"virtual_pipeline_model_parallel_size", Kind::count, "virtual_pipeline"},
    {"num_virtual_stages_per_pipeline_rank", Kind::count, "virtual_pipeline"},
    {"num_layers_per_virtual_pipeline_stage", Kind::count, "layers_of_virtual_stage"},
    {"data_parallel_size", Kind::count, "data"},
    {"sequence_parallel", Kind::flag, "sequence_parallel"},
    {"use_distributed_optimizer", Kind::flag, "distributed_optimizer"},
    {"use_torch_fsdp2", Kind::flag, "fsdp"},
    {"use_custom_fsdp", Kind::flag, "megatron_fsdp"},
    {"use_megatron_fsdp", Kind::flag, "megatron_fsdp"},
    {"data_parallel_sharding_strategy", Kind::text, "sharding_strategy"},
    {"micro_batch_size", Kind::count, "micro_batch"},
    {"global_batch_size", Kind::count, "global_batch"},
    {"seq_length", Kind::count, "seq_length"},
    {"encoder_seq_length", Kind::count, "seq_length"},
    {"recompute_granularity", Kind::text, "recompute"},
    {"activations_checkpoint_granularity", Kind::text, "recompute"},
    {"recompute_activations", Kind::flag, "recompute_selective"},
    {"recompute_method", Kind::text, "recompute_method"},
    {"recompute_num_layers", Kind::count, "recompute_layers"},
    {"activations_checkpoint_num_layers", Kind::count, "recompute_layers"},
    {"recompute_modules", Kind::text, "recompute_modules"},
    {"selective_ac_option", Kind::text, "selective_recompute"},
    {"num_distributed_optimizer_instances", Kind::count, "instances"},
    {"activations_checkpoint_method", Kind::text, "recompute_method"},
    {"account_for_embedding_in_pipeline_split", Kind::flag, "embedding_as_layer"},
    {"account_for_loss_in_pipeline_split", Kind::flag, "loss_as_layer"},
    {"bf16", Kind::flag, "bf16"},
    {"fp16", Kind::flag, "fp16"},
    {"fp8_format", Kind::text, "fp8"},
    {"fp8", Kind::text, "fp8"},
    {"fp4_format", Kind::text, "fp4"},
    {"fp4", Kind::text, "fp4"},
    {"precision", Kind::text, "precision"},
    {"num_layers", Kind::count, "layers"},
    {"hidden_size", Kind::count, "hidden"},
    {"num_attention_heads", Kind::count, "heads"},
    {"num_experts", Kind::count, "experts"},
    {"ffn_hidden_size", Kind::count, "width"},
    {"num_query_groups", Kind::count, "kv_heads"},
    {"vocab_size", Kind::count, "vocab"},
    {"num_moe_experts", Kind::count, "experts"},
    {"world_size", Kind::count, "gpus"},
    {"nnodes", Kind::count, "nodes"},
    {"num_nodes", Kind::count, "nodes"},
    {"nproc_per_node", Kind::count, "gpus_per_node"},
    {"devices", Kind::count, "gpus_per_node", "trainer"},
    {"name", Kind::text, "optimizer", "optim."},
    {"tensor_parallel_degree", Kind::count, "tensor"},
    {"pipeline_parallel_degree", Kind::count, "pipeline"},
    {"context_parallel_degree", Kind::count, "context"},
    {"expert_parallel_degree", Kind::count, "expert"},
    {"expert_tensor_parallel_degree", Kind::count, "expert_tensor"},
    {"data_parallel_replicate_degree", Kind::count, "replicate"},
    {"data_parallel_shard_degree", Kind::count, "shard"},
    {"fsdp_reshard_after_forward", Kind::text, "reshard"},
    {"pipeline_parallel_schedule", Kind::text, "schedule"},
    {"pipeline_parallel_microbatch_size", Kind::count, "pipeline_micro_batch"},
    {"local_batch_size", Kind::count, "local_batch"},
    {"seq_len", Kind::count, "seq_length"},
    {"mode", Kind::text, "recompute", "ctivation"},
    {"enable_float8_linear", Kind::flag, "float8"},
    {"name", Kind::text, "model_name", "model."},
    {"flavor", Kind::text, "model_flavor", "model."},
};

/// Counts have nine digits at most: two of them multiply within 64 bits, and so do these and another.
constexpr double kMostAccelerators = 1e9;

/// Reads all options into Raw, then works out each part of the layout from it. A later option replaces an earlier one,
/// as the programs do, and is noted.
class Importer {
 public:
  Importer(const OptionList& options, std::int64_t gpus) : options_(options) {
    if (gpus > 0) raw_.count["gpus"] = gpus;
    given_gpus_ = gpus > 0;
  }

  Result<ImportedLayout> import() {
    for (const auto& option : options_.options) read(option);
    if (!faults_.empty()) return std::move(faults_);
    out_.dialect = dialect();
    sizes();
    batch();
    zero();
    recompute_and_precision();
    model();
    if (!faults_.empty()) return std::move(faults_);
    return std::move(out_);
  }

 private:
  void fault(Location at, std::string path, std::string message, std::string hint = {}) {
    faults_.push_back(options_.document.fault(at, std::move(path), std::move(message), std::move(hint)));
  }
  static const Mapping* mapping_of(const ImportedOption& option) {
    for (const auto& mapping : kMappings) {
      if (option.name == mapping.name && option.path.find(mapping.within) != std::string::npos) return &mapping;
    }
    return nullptr;
  }

  void read(const ImportedOption& option) {
    const Mapping* mapping = mapping_of(option);
    if (mapping == nullptr) return out_.ignored.push_back(option);
    const std::string meaning = mapping->meaning;
    if (meaning == "gpus" && given_gpus_) return;
    if (!option.unset_variable.empty()) {
      if (meaning == "nodes" || meaning == "gpus_per_node" || meaning == "gpus") {
        out_.notes.push_back(fmt::format("line {}: {} is set outside the file ({})", option.at.line, option.path,
                                         option.unset_variable));
        return;
      }
      return fault(option.at, option.path, "the variable " + option.unset_variable + " is not set in this file",
                   "write its value, or set it above");
    }
    if (option.value == "null" || option.value == "None") return;
    const auto already = first_.emplace(meaning, &option);
    const ImportedOption& before = *already.first->second;
    const bool two_recipes = !option.function.empty() && !before.function.empty() && option.function != before.function;
    if (two_recipes && option.value != before.value) {
      return fault(option.at, option.path,
                   fmt::format("the functions {} and {} give it different values, {} and {}", before.function,
                               option.function, before.value, option.value),
                   "name the one that is meant with --function");
    }
    if (mapping->kind == Kind::count) {
      read_count(option, meaning);
    } else if (mapping->kind == Kind::flag) {
      read_flag(option, meaning);
    } else {
      raw_.text[meaning] = option.value;
    }
    if (!already.second && before.at.line != option.at.line) {
      out_.notes.push_back(
          fmt::format("line {}: {} replaces the value of line {}", option.at.line, option.path, before.at.line));
      already.first->second = &option;
    }
  }
  void read_count(const ImportedOption& option, const std::string& meaning) {
    const bool digits =
        !option.value.empty() && option.value.size() < 10 &&
        option.value.find_first_not_of("0123456789", option.value[0] == '-' ? 1 : 0) == std::string::npos &&
        option.value != "-";
    if (!digits) {
      const std::string what = option.value.empty() ? "has no value" : "'" + option.value + "' is not a whole number";
      return fault(option.at, option.path, what, "write the number itself: references are not followed");
    }
    const std::int64_t value = std::stoll(option.value);
    const bool rest = value == -1 && (meaning == "shard" || meaning == "global_batch" || meaning == "gpus_per_node" ||
                                      meaning == "replicate");
    if (rest) {
      if (meaning == "shard") raw_.flag["shard_rest"] = true;
      return;
    }
    if (value < 1) return fault(option.at, option.path, fmt::format("{} is less than 1", value));
    raw_.count[meaning] = value;
    place_[meaning] = option.at;
  }
  void read_flag(const ImportedOption& option, const std::string& meaning) {
    const std::string& v = option.value;
    const bool on = v.empty() || v == "true" || v == "True" || v == "1";
    if (!on && v != "false" && v != "False" && v != "0") {
      // The next word belongs to something else: `--bf16 train.py`.
      if (options_.syntax != ImportSyntax::arguments) return fault(option.at, option.path, "'" + v + "' is no flag");
    }
    raw_.flag[meaning] = on || (v != "false" && v != "False" && v != "0");
  }

  /// By names only one of them uses; Megatron-LM's when none is there.
  ImportDialect dialect() const {
    const auto any = [&](auto test) { return std::any_of(options_.options.begin(), options_.options.end(), test); };
    if (any([](const auto& o) { return o.name.ends_with("_parallel_degree") || o.name == "local_batch_size"; })) {
      return ImportDialect::torchtitan;
    }
    const bool nested =
        any([](const auto& o) { return o.path.starts_with("trainer.") || o.path.starts_with("model."); });
    return nested ? ImportDialect::nemo : ImportDialect::megatron;
  }

  void sizes() {
    out_.tensor = raw_.size("tensor"), out_.pipeline = raw_.size("pipeline"), out_.context = raw_.size("context");
    out_.expert = raw_.size("expert"), out_.sequence_parallel = raw_.is("sequence_parallel") && out_.tensor > 1;
    // Megatron-Core: experts are split as the rest when it is not said; torchtitan: not at all.
    const bool experts = raw_.find("experts").has_value() || out_.expert > 1;
    const bool as_tensor = experts && out_.dialect != ImportDialect::torchtitan;
    out_.expert_tensor = raw_.find("expert_tensor").value_or(as_tensor ? out_.tensor : 1);
    if (out_.dialect == ImportDialect::torchtitan && out_.tensor > 1) {
      out_.sequence_parallel = true;
      out_.notes.push_back("torchtitan runs tensor parallelism with sequence parallelism");
    }
    out_.ends_as_layers = raw_.is("embedding_as_layer") || raw_.is("loss_as_layer");
    if (raw_.is("embedding_as_layer") != raw_.is("loss_as_layer")) {
      out_.notes.push_back("only one of embedding and loss takes a layer's place; the command counts both");
    }
    virtual_stages();
    data_parallelism();
  }

  void virtual_stages() {
    out_.virtual_pipeline = raw_.size("virtual_pipeline");
    const auto layers = raw_.find("layers"), each = raw_.find("layers_of_virtual_stage");
    if (each && out_.pipeline > 1) {
      const Location at = place_["layers_of_virtual_stage"];
      const std::int64_t slots =
          layers.value_or(0) + (raw_.is("embedding_as_layer") ? 1 : 0) + (raw_.is("loss_as_layer") ? 1 : 0);
      if (!layers) {
        fault(at, "num_layers_per_virtual_pipeline_stage", "needs the number of layers",
              "add --num-layers, or give --num-virtual-stages-per-pipeline-rank");
      } else if (slots % (out_.pipeline * *each) != 0) {
        fault(at, "num_layers_per_virtual_pipeline_stage",
              fmt::format("{} layers are not a multiple of {} stages of {}", slots, out_.pipeline, *each));
      } else {
        out_.virtual_pipeline = slots / (out_.pipeline * *each);
      }
    }
    schedule(raw_.word("schedule"));
  }

  /// torchtitan names the schedule; Megatron-Core's follows from the virtual stages.
  void schedule(const std::string& name) {
    static const std::map<std::string, std::pair<const char*, std::int64_t>> known = {
        {"1F1B", {"1f1b", 1}},
        {"GPipe", {"gpipe", 1}},
        {"Interleaved1F1B", {"interleaved_1f1b", 2}},
        {"InterleavedZeroBubble", {"zero_bubble", 2}},
        {"ZBVZeroBubble", {"zero_bubble", 2}},
        {"DualPipeV", {"dual_pipe", 2}}};
    out_.pipeline_schedule = out_.virtual_pipeline > 1 ? "interleaved_1f1b" : "1f1b";
    if (out_.pipeline == 1 || name.empty()) return;
    const auto it = known.find(name);
    if (it == known.end()) return out_.notes.push_back("the schedule " + name + " is taken for 1F1B");
    out_.pipeline_schedule = it->second.first;
    if (out_.dialect != ImportDialect::torchtitan || it->second.second == 1) return;
    out_.virtual_pipeline = it->second.second;
    out_.notes.push_back("torchtitan's " + name + " has two stages a rank unless layers a stage are given");
  }

  void too_many(const std::string& factors) {
    fault({}, "gpus", "the " + factors + " multiply to over a thousand million accelerators");
  }
  void data_parallelism() {
    const double copies = static_cast<double>(raw_.size("shard")) * static_cast<double>(raw_.size("replicate"));
    const double wanted = static_cast<double>(out_.tensor) * static_cast<double>(out_.pipeline) *
                          static_cast<double>(out_.context) * copies * static_cast<double>(raw_.size("data"));
    if (wanted > kMostAccelerators) return too_many("parallel sizes");
    const std::int64_t ranks = out_.tensor * out_.pipeline * out_.context;
    auto gpus = raw_.find("gpus");
    const auto nodes = raw_.find("nodes"), each = raw_.find("gpus_per_node");
    if (!gpus && nodes && each) gpus = *nodes * *each;
    if (gpus && static_cast<double>(*gpus) > kMostAccelerators) return too_many("nodes and the accelerators of each");
    out_.data = raw_.find("data");
    if (const auto shard = raw_.find("shard"); shard || (raw_.find("replicate") && !raw_.is("shard_rest"))) {
      out_.data = shard.value_or(1) * raw_.size("replicate");
    }
    if (!gpus && out_.data) gpus = ranks * *out_.data;
    if (gpus && !out_.data && *gpus % ranks == 0) out_.data = *gpus / ranks;
    if (gpus && (!out_.data || *gpus != ranks * *out_.data)) {
      fault({}, "gpus",
            fmt::format("{} accelerators are not tensor {} * pipeline {} * context {}{}", *gpus, out_.tensor,
                        out_.pipeline, out_.context,
                        out_.data ? fmt::format(" * data {}", *out_.data) : " * a whole number"));
    }
    out_.gpus = gpus;
  }

  void batch() {
    out_.seq_length = raw_.find("seq_length");
    out_.micro_batch_size = raw_.find("micro_batch"), out_.global_batch_size = raw_.find("global_batch");
    std::optional<std::int64_t> local = out_.micro_batch_size;
    if (out_.dialect == ImportDialect::torchtitan) {
      local = raw_.find("local_batch");
      out_.micro_batch_size = out_.pipeline > 1 ? raw_.size("pipeline_micro_batch") : local;
    }
    if (!out_.global_batch_size && local && out_.data) {
      out_.global_batch_size = *local * *out_.data;
      out_.notes.push_back("no global batch given: the sequences of one rank times data parallelism");
    }
  }

  /// torchtitan: FSDP shards optimiser and gradients; parameters too unless a pipeline keeps them (its default reshards
  /// only without one). Megatron: the distributed optimizer is stage 1, torch FSDP 2 stage 3, its own FSDP as its
  /// strategy says.
  void zero() {
    const std::string strategy = raw_.word("sharding_strategy"), optimizer = raw_.word("optimizer");
    if (out_.dialect == ImportDialect::torchtitan) {
      const std::string reshard = raw_.word("reshard");
      const bool whole = reshard == "always" || reshard == "true" || (reshard != "never" && out_.pipeline == 1);
      const bool sharded =
          raw_.size("shard") > 1 || (!raw_.find("shard") && out_.data.value_or(2) > raw_.size("replicate"));
      out_.zero_stage = !sharded ? 0 : whole ? 3 : 2;
      if (sharded) share_states(raw_.size("replicate"));
      return;
    }
    const bool distributed = raw_.is("distributed_optimizer") || optimizer == "distributed_fused_adam" ||
                             optimizer == "mcore_distributed_optim";
    out_.zero_stage = raw_.is("fsdp") ? 3 : distributed ? 1 : 0;
    if (out_.zero_stage > 0 || raw_.is("megatron_fsdp")) share_states(raw_.size("instances"));
    if (!raw_.is("megatron_fsdp")) return;
    out_.zero_stage = strategy == "no_shard" ? 0 : strategy == "optim" ? 1 : strategy == "optim_grads" ? 2 : 3;
  }
  /// HSDP: several copies of the sharded states.
  void share_states(std::int64_t replicas) {
    if (replicas == 1) return;
    if (!out_.data || *out_.data * out_.context % replicas != 0) {
      out_.notes.push_back(
          fmt::format("{} copies of the shards do not divide the data-parallel ranks; one is taken", replicas));
      return;
    }
    out_.shard_size = *out_.data * out_.context / replicas;
  }

  void recompute_and_precision() {
    const std::string recompute = raw_.word("recompute");
    if (recompute == "full" || recompute == "selective") out_.recompute = recompute;
    if (recompute.empty() && raw_.is("recompute_selective")) out_.recompute = "selective";
    if (raw_.word("recompute_method") == "block" && out_.recompute == "full") {
      out_.recompute_layers = raw_.find("recompute_layers");
    }
    if (out_.recompute == "selective") out_.recompute_modules = known_modules(raw_.word("recompute_modules"));
    if (out_.recompute == "selective" && out_.dialect == ImportDialect::torchtitan) torchtitan_recompute();
    const auto on = [&](const char* meaning) {
      const std::string word = raw_.word(meaning);
      return raw_.text.contains(meaning) && word != "false" && word != "False" && word != "null" && word != "0";
    };
    if (on("fp8") || raw_.is("float8") || has_float8_converter()) out_.precision = "fp8";
    if (on("fp4")) out_.precision = "fp4";
    note_other_precision();
  }
  /// selective_ac_option: "op", or N: every Nth layer is recomputed as a whole.
  void torchtitan_recompute() {
    const std::string option = raw_.word("selective_recompute");
    if (option.empty() || option == "op") {
      out_.recompute_modules = "alternate_products";
      return;
    }
    out_.recompute = "full";
    if (option != "1") {
      out_.notes.push_back("only every layer in " + option +
                           " is recomputed: give --recompute-num-layers, their number in a stage's chunk");
    }
  }
  /// bf16 stands for any two-byte format; what the file says beside it is told.
  void note_other_precision() {
    const std::string word = raw_.word("precision");  // NeMo: bf16, bf16-mixed, 16, 16-mixed, 32-true
    if (raw_.is("fp16") || word.starts_with("16") || word.starts_with("fp16")) {
      out_.notes.push_back("the run is in fp16; the command asks for " + out_.precision +
                           (out_.precision == "bf16" ? ", which has the same size and peak rate" : ""));
    } else if (!word.empty() && !word.starts_with("bf16")) {
      out_.notes.push_back("the file's precision is " + word + "; the command asks for " + out_.precision);
    } else if (word.empty() && raw_.flag.contains("bf16") && !raw_.is("bf16") && out_.precision == "bf16") {
      out_.notes.push_back("bf16 is switched off in the file; the command asks for bf16");
    }
  }
  /// Of a list however it is written, the modules there are.
  static std::string known_modules(const std::string& list) {
    RecomputeModules modules;
    std::string word;
    for (const char c : list + ",") {
      if (c == '_' || std::isalpha(static_cast<unsigned char>(c)) != 0) {
        word += c;
        continue;
      }
      for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
        if (word == name) modules.add(module);
      }
      word.clear();
    }
    return format_recompute_modules(modules);
  }
  bool has_float8_converter() const {
    for (const auto& option : options_.options) {
      if (option.name == "converters" && option.value.find("float8") != std::string::npos) return true;
    }
    return false;
  }

  void model() {
    out_.layers = raw_.find("layers"), out_.hidden = raw_.find("hidden"), out_.heads = raw_.find("heads");
    out_.experts = raw_.find("experts"), out_.width = raw_.find("width"), out_.kv_heads = raw_.find("kv_heads");
    out_.vocab = raw_.find("vocab");
    out_.model_name = raw_.word("model_name"), out_.model_flavor = raw_.word("model_flavor");
  }

  const OptionList& options_;
  Raw raw_;
  bool given_gpus_ = false;
  std::map<std::string, const ImportedOption*> first_;  ///< by meaning, the last that gave it
  std::map<std::string, Location> place_;
  ImportedLayout out_;
  Diagnostics faults_;
};

}  // namespace

const char* import_dialect_name(ImportDialect dialect) {
  switch (dialect) {
    case ImportDialect::megatron:
      return "Megatron-LM";
    case ImportDialect::torchtitan:
      return "torchtitan";
    case ImportDialect::nemo:
      return "NeMo";
  }
  return "?";
}

Result<ImportedLayout> import_layout(const OptionList& options, std::int64_t gpus) {
  return Importer(options, gpus).import();
}

}  // namespace stargate
