// Accelerator and networks of a measured row.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <regex>

#include "stargate/measured/training_run.hpp"

namespace stargate {
namespace {

bool mentions(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

/// "TPU v6e (Trillium)" -> "tpu-v6e", "A100-SXM" -> "a100-sxm".
std::string id_stem(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, name.find(" ("))) {
    out += c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

double gibibytes(const Accelerator& accelerator) { return accelerator.memory_capacity.base() / (1024. * 1024 * 1024); }

/// A row that counts cores states the memory of one core.
void take_share(Accelerator& accelerator, double share) {
  accelerator.memory_capacity = accelerator.memory_capacity * share;
  accelerator.memory_bandwidth = accelerator.memory_bandwidth * share;
  for (auto& [precision, rate] : accelerator.peak) rate = rate * share;
  if (accelerator.compute_units)
    accelerator.compute_units = std::max(1, static_cast<int>(*accelerator.compute_units * share));
  accelerator.scale_up_bandwidth = accelerator.scale_up_bandwidth * share;
  accelerator.scale_out_bandwidth = accelerator.scale_out_bandwidth * share;
  accelerator.host_bandwidth = accelerator.host_bandwidth * share;
}

/// Accelerators that reach each other over the scale-up network.
int stated_domain(const MeasuredRow& row, const Accelerator& accelerator) {
  const std::string& net = row.intra_node_net;
  std::smatch found;
  if (std::regex_search(net, found, std::regex("NVL([0-9]+)"))) return std::stoi(found[1]);
  if (mentions(net, "torus")) {
    int slice = accelerator.scale_up_domain;
    if (std::regex_search(net, found, std::regex("torus ([0-9]{1,4})x([0-9]{1,4})"))) {
      slice = std::stoi(found[1]) * std::stoi(found[2]);
    }
    return static_cast<int>(std::min<std::int64_t>(slice, row.gpus));
  }
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
  const std::string stem = id_stem(row.accelerator);
  const Accelerator* best = nullptr;
  double best_miss = 0;
  for (const auto& [id, accelerator] : catalogue.accelerators) {
    if (id != stem && !id.starts_with(stem + "-")) continue;
    const double miss = row.accel_mem_gb > 0 ? std::abs(std::log(gibibytes(accelerator) / row.accel_mem_gb)) : 0;
    if (best == nullptr || miss < best_miss) best = &accelerator, best_miss = miss;
  }
  // "Trainium1 (trn1.32xlarge NeuronCore-v2)" counts cores
  if (best == nullptr) return SkippedRow{"the catalogue has no accelerator '" + row.accelerator + "'"};
  Accelerator out = *best;
  const double share = row.accel_mem_gb / gibibytes(out);
  if (row.accel_mem_gb > 0 && share < 0.6) take_share(out, 1 / std::round(1 / share));
  return out;
}

std::optional<ByteRate> stated_scale_out(const MeasuredRow& row) {
  std::smatch found;
  const std::string& net = row.inter_node_net;
  if (!std::regex_search(net, found, std::regex("(?:([0-9]{1,3})x)?([0-9]{2,5}) ?Gb(?:/s|E)"))) return std::nullopt;
  double gigabits = std::stod(found[2]);
  if (found[1].matched) gigabits *= std::stod(found[1]);
  const bool each = mentions(net, "per GPU") || mentions(net, "per card");
  if (!each && row.gpus_per_node == 0) return std::nullopt;
  // "1600 Gb/s per node RoCE (200 Gb/s per GPU)" states both; the first figure is the node's
  const bool of_node = found[1].matched ? !mentions(net, "per card") : mentions(net, "per node");
  return ByteRate::from_base(gigabits * 1e9 / 8 / (of_node || !each ? std::max(1, row.gpus_per_node) : 1));
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
  system.scale_up_domain = stated_domain(row, accelerator);
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
