// A row becomes a replica step by step; the first thing that is missing is the reason to skip it.
#include "stargate/measured/serving_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/catalogue/model_experts.hpp"
#include "stargate/serving/replica_engine.hpp"

namespace stargate {
namespace {

using Skip = SkippedServing;

/// As the authors published it, whose files carry no scales of a cache; quantised by others (ModelOpt) they do.
bool as_files(const Model& model, const ServingPrecision& p) {
  return p.linear == model.weight_precision && p.expert == model.expert_precision;
}

struct StatedPrecisions {
  std::optional<Precision> weights, kv;
};

/// What the row states, else the word nobody understands.
std::variant<StatedPrecisions, Skip> stated_precisions(const MeasuredServing& row) {
  StatedPrecisions out;
  const auto read = [](const std::string& cell, std::optional<Precision>& to) {
    if (cell.empty()) return std::string();
    const auto named = find_precision_by_name(cell);
    if (named) to = named.value;
    return named.unknown;
  };
  for (const auto& unknown : {read(row.weights_dtype, out.weights), read(row.kv_dtype, out.kv)}) {
    if (!unknown.empty()) return Skip{unknown};
  }
  return out;
}

/// The rules "weights" and "cache" of serving_run.hpp.
ServingPrecision precision_of(const StatedPrecisions& stated, const std::string& engine, const Model& model,
                              const Accelerator& accelerator) {
  ServingPrecision out = stored_precision(model);
  if (stated.weights) {
    const bool as_stored = model.expert_precision == Precision::fp4 && model.weight_precision != Precision::fp4;
    if (!as_stored) out.linear = out.expert = *stated.weights;
  }
  const bool asked_for = engine == "trtllm" || (engine == "vllm" && accelerator.peak.contains(Precision::fp4));
  const bool scaled = asked_for || !as_files(model, out);
  const bool narrow = bytes_per_element(out.expert) <= 1 && accelerator.peak.contains(Precision::fp8) && scaled;
  out.kv = stated.kv.value_or(narrow ? Precision::fp8 : Precision::bf16);
  return out;
}

/// Of one side; without ep, experts are split as the rest is.
ServingLayout side_layout(int tp, int ep, int attention_dp) {
  ServingLayout layout;
  layout.tp = std::max(1, tp), layout.ep = std::max(1, ep), layout.attention_dp = std::max(1, attention_dp);
  return layout;
}

/// What is left of the accelerators once a replica has its own: more replicas. The rules "tp, pp, dp": data parallelism
/// of attention exists only where experts are.
ServingLayout layout_of(const MeasuredServing& row, const Model& model) {
  ServingLayout layout;
  layout.tp = std::max(1, row.tp), layout.pp = std::max(1, row.pp);
  if (!has_experts(model)) return layout;
  layout.ep = std::max(1, row.ep);
  if (row.dp > 1) layout.attention_dp = row.dp;
  const bool own = row.ep == 0 && row.dp == 0 && row.tp > 1 && row.attention_dp;
  if (own) layout.attention_dp = row.tp, layout.tp = 1, layout.ep = row.tp;
  return layout;
}

/// The catalogue's system with this accelerator; without one, a host of eight with the chip's own networks.
System system_of(const Catalogue& catalogue, const Accelerator& accelerator) {
  for (const auto& [id, system] : catalogue.systems) {
    if (system.accelerator == accelerator.id) return system;
  }
  System system;
  system.id = accelerator.id;
  system.accelerator = accelerator.id;
  system.scale_up_domain = std::max(8, accelerator.scale_up_domain);
  system.scale_up = accelerator.scale_up;
  if (accelerator.scale_up_domain < 8) {  // pairs on a bridge: the others are reached over PCIe
    for (const auto& [id, network] : catalogue.networks) {
      if (network.network_class != NetworkClass::host || network.bandwidth > accelerator.host_bandwidth) continue;
      const auto best = catalogue.networks.find(system.scale_up);
      const bool better = best == catalogue.networks.end() || best->second.network_class != NetworkClass::host ||
                          best->second.bandwidth < network.bandwidth;
      if (better) system.scale_up = id;
    }
  }
  double best = 0;
  for (const auto& [id, network] : catalogue.networks) {
    if (network.network_class != NetworkClass::scale_out || network.topology != Topology::fat_tree) continue;
    const double miss = std::abs(std::log(network.bandwidth / accelerator.scale_out_bandwidth));
    if (system.scale_out.empty() || miss < best) system.scale_out = id, best = miss;
  }
  return system;
}

/// The rule "load"; the figures are of one replica.
void read_load(const MeasuredServing& row, MeasuredService& service) {
  const double share = 1.0 / service.replicas;
  service.concurrency = row.concurrency_or_batch * share;
  if (row.request_rate.empty()) {
    service.load = LoadKind::one_batch;
  } else if (row.request_rate == "inf") {
    service.load = row.concurrency_or_batch > 0 ? LoadKind::clients : LoadKind::queued;
  } else {
    service.load = LoadKind::poisson;
    service.rate = parse_csv_number(row.request_rate).value_or(0) * share;
  }
  if (row.max_num_batched_tokens > 0) service.replica.engine.max_num_batched_tokens = row.max_num_batched_tokens;
  if (row.transfer_ms > 0) {  // prefill apart: one replica each
    service.transfer = row.transfer_ms * millisecond;
    service.replicas = 1;
    service.concurrency = std::max(1.0, row.concurrency_or_batch);
  }
}

/// Stated, else the middle of the year of publication.
std::optional<Quarter> measured_at(const MeasuredServing& row) {
  if (!row.measured.empty()) {
    const auto year = parse_csv_number(row.measured.substr(0, 4)), month = parse_csv_number(row.measured.substr(5));
    if (year && month) return Quarter::of(static_cast<int>(*year), (static_cast<int>(*month) + 2) / 3);
  }
  if (row.year <= 0) return std::nullopt;
  return Quarter::of(row.year, 2);
}

std::string format_prefill(const MeasuredService& s) {
  return s.prefill ? fmt::format("{} x{} ", format_layout(s.prefill->replica.layout), s.prefill->replicas) : "";
}

/// Everything the simulation depends on, in a key.
std::string configuration_of(const MeasuredService& s) {
  const auto& p = s.replica.precision;
  const std::string rules = s.replica.engine.memory != nullptr ? s.replica.engine.memory->id : "";
  return fmt::format("{} {} {} {} {} x{} {} {} {} {} {} {}{:g} {:g} {:g} {:g} {:g} {:g}", s.record->id, rules,
                     s.replica.model->id,
                     s.accelerator, format_layout(s.replica.layout), s.replicas, static_cast<int>(p.linear),
                     static_cast<int>(p.expert), static_cast<int>(p.kv), static_cast<int>(s.load),
                     s.replica.engine.max_num_batched_tokens, format_prefill(s), s.concurrency, s.rate, s.lengths.isl,
                     s.lengths.osl, s.lengths.shortest, s.transfer.base());
}

}  // namespace

/// Machines are kept by all they depend on; one that cannot be made is kept as null.
std::shared_ptr<const ServingMachine> ServiceMaker::machine(const Accelerator& accelerator,
                                                            const KernelChoice& kernels) {
  const std::string key =
      fmt::format("{} {} {} {}", accelerator.id, kernels.engine, kernels.block_scaled, kernels.microscaled);
  if (const auto known = machines_.find(key); known != machines_.end()) return known->second;
  std::shared_ptr<const ServingMachine> out;
  if (auto made = make_serving_machine(catalogue_, system_of(catalogue_, accelerator), kernels)) {
    out = std::make_shared<const ServingMachine>(std::move(*made));
  }
  machines_.emplace(key, out);
  return out;
}

std::variant<MeasuredService, SkippedServing> ServiceMaker::make(const MeasuredServing& row) {
  MeasuredService out;
  const auto found_model = find_model_by_name(catalogue_, row.model);
  if (!found_model) return Skip{found_model.unknown};
  const auto found_accelerator = find_accelerator_by_name(catalogue_.accelerators, row.accelerator, row.accel_mem_gb);
  if (!found_accelerator) return Skip{found_accelerator.unknown};
  const auto engine = find_engine_by_name(row.engine);
  const auto precisions = stated_precisions(row);
  if (const auto* skip = std::get_if<Skip>(&precisions)) return *skip;
  const Model* model = found_model.value;
  const Accelerator* accelerator = found_accelerator.value;
  out.accelerator = accelerator->id, out.engine = engine ? engine.value : kUsualEngine;
  out.typical = !engine;
  const bool own_version = !out.typical && !row.wrapper_version;
  out.record = find_engine(catalogue_, out.engine, own_version ? row.engine_version : "", measured_at(row));
  if (out.record == nullptr) return Skip{"no coefficients of the engine '" + row.engine + "'"};
  if (!(row.isl >= 1) || !(row.osl >= 1)) return Skip{"input or output length not stated"};
  const bool apart = row.prefill_workers > 0;
  if (!apart && row.tp == 0 && row.gpus > 1) return Skip{"layout not stated"};
  out.machine = machine(*accelerator, kernel_choice(*model, out.engine));
  if (out.machine == nullptr) return Skip{"the catalogue has no network for '" + row.accelerator + "'"};
  const ServingLayout layout =
      apart ? side_layout(row.decode_tp, row.decode_ep, row.decode_attention_dp) : layout_of(row, *model);
  const ServingLayout first = side_layout(row.prefill_tp, row.prefill_ep, row.prefill_attention_dp);
  for (const auto& side : {layout, apart ? first : layout}) {
    const auto faults = layout_faults(*model, side);
    if (!faults.empty()) return Skip{"layout impossible: " + faults.front()};
  }
  out.replica = {model, out.machine.get(), layout,
                 precision_of(std::get<StatedPrecisions>(precisions), out.engine, *model, *accelerator),
                 coefficients_of(catalogue_, *out.record, own_version ? row.engine_version : "")};
  lower_limits(out.replica.engine, *accelerator);
  out.replicas = std::max(1, apart ? row.decode_workers : row.gpus / layout.accelerators());
  out.lengths = {row.isl, row.osl, row.shortest_length};
  read_load(row, out);
  if (apart) {
    out.prefill = PrefillSide{out.replica, row.prefill_workers};
    out.prefill->replica.layout = first;
  }
  if (out.load == LoadKind::queued && row.metric.starts_with("ttft")) {
    return Skip{"all prompts queued at once: TTFT follows from their number, which is not stated"};
  }
  if (out.load == LoadKind::one_batch && row.concurrency_or_batch <= 0) return Skip{"load not stated"};
  out.configuration = configuration_of(out);
  return out;
}

}  // namespace stargate
