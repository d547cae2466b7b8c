// The columns of measured training runs.
#include "stargate/measured/training_row.hpp"

#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/measured_table.hpp"

namespace stargate {
namespace {

using R = MeasuredRow;

constexpr MeasuredField<R> kFields[] = {
    {"id", &R::id, true},
    {"source_key", &R::source, true},
    {"framework", &R::framework, true},
    {"model", &R::model, true},
    {"rules_applied", &R::rules},
    {"params_b", &R::params_b, true},
    {"layers", &R::layers, true, nullptr, 10'000},
    {"hidden", &R::hidden, true},
    {"heads", &R::heads, true},
    {"kv_heads", &R::kv_heads, true},
    {"ffn_hidden", &R::ffn_hidden, true},
    {"gated_ffn", &R::gated_ffn, true},
    {"vocab", &R::vocab, true},
    {"moe_experts", &R::moe_experts, true},
    {"moe_topk", &R::moe_topk, true},
    {"seq_len", &R::seq_len, true},
    {"accelerator", &R::accelerator, true},
    {"accel_mem_gb", &R::accel_mem_gb, true},
    {"accel_power_w", &R::accel_power_w},
    {"accel_mem_bw_tbps", &R::accel_mem_bw_tbps},
    {"accelerator_share", &R::accelerator_share},
    {"gpus", &R::gpus, true},
    {"gpus_per_node", &R::gpus_per_node, true},
    {"scale_up_domain", &R::scale_up_domain},
    {"scale_out_gbps", &R::scale_out_gbps},
    {"node_scale_out_gbps", &R::node_scale_out_gbps},
    {"precision", &R::precision, true},
    {"tp", &R::tp, true},
    {"sp", &R::sp, true, " yes no "},
    {"pp", &R::pp, true},
    {"vpp", &R::vpp, true},
    {"cp", &R::cp, true},
    {"ep", &R::ep, true},
    {"dp", &R::dp, true},
    {"zero_stage", &R::zero_stage},
    {"shard_size", &R::shard_size},
    {"shard_replicas", &R::shard_replicas},
    {"gradient_bytes", &R::gradient_bytes},
    {"microbatch", &R::microbatch, true},
    {"global_batch_seqs", &R::global_batch_seqs, true},
    {"recompute", &R::recompute, true, " none selective full "},
    {"recompute_modules", &R::recompute_modules},
    {"launch", &R::launch, false, " host layer_graphs whole_step "},
    {"attention", &R::attention, false, " unfused flash1 flash2 native "},
    {"kernels", &R::kernels, false, " fused eager compiled "},
    {"context_balanced", &R::context_balanced},
    {"tensor_overlap", &R::tensor_overlap},
    {"data_overlap", &R::data_overlap},
    {"expert_overlap", &R::expert_overlap},
    {"one_copy_per_domain", &R::one_copy_per_domain},
    {"parameter_owners", &R::parameter_owners},
    {"host_optimizer", &R::host_optimizer},
    {"frozen_weights", &R::frozen_weights},
    {"padded_experts", &R::padded_experts},
    {"mtp", &R::mtp},
    {"metric", &R::metric, true},
    {"value", &R::value, true},
    {"flops_convention", &R::flops_convention, true, " model hardware "},
    {"flops_attention", &R::flops_attention, false, " half whole "},
    {"completeness", &R::completeness},
    {"same_config_rows", &R::same_config_rows},
};

}  // namespace

Result<std::vector<MeasuredRow>> read_measured_rows(const CsvTable& table) {
  return read_measured_table<MeasuredRow>(table, kFields, [](MeasuredRow& row, const auto& fault) {
    const MeasuredRow unstated;
    if (row.launch.empty()) row.launch = unstated.launch;
    if (row.attention.empty()) row.attention = unstated.attention;
    if (row.kernels.empty()) row.kernels = unstated.kernels;
    if (row.flops_attention.empty()) row.flops_attention = unstated.flops_attention;
    if (row.completeness.empty()) row.completeness = "unstated";
    if (row.zero_stage > 3) fault("zero_stage", std::to_string(row.zero_stage), "a stage from 0 to 3");
    if (!(row.accelerator_share > 0 && row.accelerator_share <= 1)) {
      fault("accelerator_share", fmt::format("{:g}", row.accelerator_share), "a share above 0 and up to 1");
    }
  });
}

Result<std::vector<MeasuredRow>> load_measured_rows(const FileReader& files, const std::string& path) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  apply_column_rules("training", *table);
  return read_measured_rows(*table);
}

}  // namespace stargate
