// Accelerator and networks of a measured row.
#include <algorithm>
#include <cmath>

#include "stargate/measured/names.hpp"
#include "stargate/measured/training_run.hpp"

namespace stargate {
namespace {

/// A row that counts cores. Everything a core has is that share of the accelerator's; its latencies and its law of
/// kernels stay.
void take_share(Accelerator& accelerator, double share) {
  accelerator.memory_capacity = accelerator.memory_capacity * share;
  accelerator.memory_bandwidth = accelerator.memory_bandwidth * share;
  for (auto& [precision, rate] : accelerator.peak) rate = rate * share;
  accelerator.compute_units = std::max(1, static_cast<int>(accelerator.compute_units * share));
  accelerator.scale_up_bandwidth = accelerator.scale_up_bandwidth * share;
  accelerator.scale_out_bandwidth = accelerator.scale_out_bandwidth * share;
  accelerator.host_bandwidth = accelerator.host_bandwidth * share;
}

/// Accelerators that reach each other over the scale-up network.
std::int64_t domain_of(const MeasuredRow& row, const Accelerator& accelerator) {
  if (row.scale_up_domain > 0) return std::min(row.scale_up_domain, accelerator.scale_up_domain);
  return row.gpus_per_node > 0 ? row.gpus_per_node : accelerator.scale_up_domain;
}

/// Where no system of the catalogue has the accelerator: the switched scale-out network nearest in bandwidth.
std::string nearest_scale_out(const Catalogue& catalogue, ByteRate bandwidth) {
  std::string best;
  double best_miss = 0;
  for (const auto& [id, network] : catalogue.networks) {
    if (network.network_class != NetworkClass::scale_out || network.topology != Topology::fat_tree) continue;
    const double miss = std::abs(std::log(network.bandwidth / bandwidth));
    if (best.empty() || miss < best_miss) best = id, best_miss = miss;
  }
  return best;
}

}  // namespace

std::variant<Accelerator, SkippedRow> measured_accelerator(const MeasuredRow& row, const Catalogue& catalogue) {
  const auto found = find_accelerator_by_name(catalogue.accelerators, row.accelerator, row.accel_mem_gb / row.accelerator_share);
  if (!found) return SkippedRow{found.unknown};
  Accelerator out = *found.value;
  if (row.accel_power_w > 0) out.power = row.accel_power_w * watt;
  if (row.accel_mem_bw_tbps > 0) out.memory_bandwidth = row.accel_mem_bw_tbps * terabyte / second;
  if (row.accelerator_share < 1) take_share(out, row.accelerator_share);
  return out;
}

std::optional<ByteRate> stated_scale_out(const MeasuredRow& row) {
  constexpr double gigabit = 1e9 / 8;
  if (row.scale_out_gbps > 0) return ByteRate::from_base(row.scale_out_gbps * gigabit);
  if (row.node_scale_out_gbps <= 0 || row.gpus_per_node <= 0) return std::nullopt;
  return ByteRate::from_base(row.node_scale_out_gbps * gigabit / row.gpus_per_node);
}

std::variant<System, SkippedRow> measured_system(const MeasuredRow& row, const Catalogue& catalogue,
                                                 const Accelerator& accelerator) {
  System system;
  for (const auto& [id, known] : catalogue.systems) {
    if (known.accelerator != accelerator.id) continue;
    system = known;
    break;
  }
  system.accelerator = accelerator.id;
  system.accelerators_per_node = row.gpus_per_node > 0 ? row.gpus_per_node : accelerator.scale_up_domain;
  system.scale_up_domain = static_cast<int>(domain_of(row, accelerator));
  if (system.scale_up.empty()) system.scale_up = accelerator.scale_up;
  if (system.scale_out.empty()) {
    system.scale_out = nearest_scale_out(catalogue, stated_scale_out(row).value_or(accelerator.scale_out_bandwidth));
  }
  if (system.scale_up.empty() || system.scale_out.empty()) {
    return SkippedRow{"the catalogue has no network for '" + row.accelerator + "'"};
  }
  return system;
}

}  // namespace stargate
