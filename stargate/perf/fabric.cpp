// Ring costs inside and across domains (Thakur, Rabenseifner, Gropp 2005): an all-reduce of S bytes over n ranks moves
// 2 (n-1)/n S through each link, the others (n-1)/n S. With switches that add, an all-reduce moves S and back again at
// once.
#include "stargate/perf/fabric.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

// Where a network record has no figure: NVLink-class loads and stores are seen after about 1 us, RDMA writes after
// about 3.5 us (NCCL tests' floors of 10 to 25 us contain several steps and a launch); large messages reach 0.8 to 0.9
// of a link.
constexpr Duration kUpLatency = 1.0 * microsecond, kOutLatency = 3.5 * microsecond;
constexpr double kUpEfficiency = 0.82, kOutEfficiency = 0.88;
constexpr Duration kCollectiveLaunch = 6 * microsecond;

/// A full mesh has one link for each pair: a group uses only the links among its members. A torus of three axes gives a
/// group that lies along one or two of them that share of its links.
ByteRate group_bandwidth(const Fabric& fabric, int members) {
  const double all = std::max(1, fabric.domain - 1);
  if (fabric.up_topology == Topology::mesh) return fabric.up.effective() * (std::min<double>(members - 1, all) / all);
  if (fabric.up_topology == Topology::torus) {
    const double axes = members <= 16 ? 1 : members <= 256 ? 2 : 3;
    return fabric.up.effective() * (axes / 3);
  }
  return fabric.up.effective();
}

/// One phase over `n` ranks of a link: `volume` times the bytes through it in `steps` steps.
Duration phase_time(Bytes bytes, double volume, double steps, ByteRate bandwidth, Duration latency) {
  return bytes * volume / bandwidth + latency * steps;
}

/// Reduce-scatter or all-gather of `bytes` (the whole) inside a domain of `n`.
Duration scatter_inside(const Fabric& fabric, Bytes bytes, int n) {
  if (n <= 1) return {};
  return phase_time(bytes, (n - 1.0) / n, std::log2(n), group_bandwidth(fabric, n), fabric.up.latency);
}
Duration scatter_across(const Fabric& fabric, Bytes bytes, int n) {
  if (n <= 1) return {};
  const ByteRate bandwidth = fabric.out.effective() / fabric.oversubscription;
  return phase_time(bytes, (n - 1.0) / n, std::log2(n), bandwidth, fabric.out.latency);
}

Duration all_reduce_inside(const Fabric& fabric, Bytes bytes, int n) {
  if (n <= 1) return {};
  const Duration ring = 2.0 * scatter_inside(fabric, bytes, n);
  if (!fabric.up_reduces) return ring;
  return min(ring, phase_time(bytes, 1 + 1.0 / n, 2, group_bandwidth(fabric, n), fabric.up.latency));
}

Duration all_to_all(const Fabric& fabric, Bytes bytes, int inside, int domains) {
  const double n = static_cast<double>(inside) * domains;
  const Duration up =
      inside > 1 ? bytes * ((inside - 1) / n) / group_bandwidth(fabric, inside) + fabric.up.latency : Duration{};
  if (domains <= 1) return up;
  const Duration out =
      bytes * ((n - inside) / n) / (fabric.out.effective() / fabric.oversubscription) + fabric.out.latency;
  return max(up, out);
}

}  // namespace

Result<Fabric> make_fabric(const Catalogue& catalogue, const System& system) {
  Diagnostics faults;
  const auto accelerator = catalogue.accelerators.find(system.accelerator);
  const auto up = catalogue.networks.find(system.scale_up);
  const auto out = catalogue.networks.find(system.scale_out);
  const auto missing = [&](const std::string& what, const std::string& id) {
    faults.push_back(
        {"system:" + system.id, 0, 0, {}, "its " + what + " '" + id + "' is not in the catalogue", {}, {}});
  };
  if (accelerator == catalogue.accelerators.end()) missing("accelerator", system.accelerator);
  if (up == catalogue.networks.end()) missing("network", system.scale_up);
  if (out == catalogue.networks.end()) missing("network", system.scale_out);
  if (!faults.empty()) return faults;
  const Accelerator& a = accelerator->second;
  Fabric fabric;
  fabric.domain = system.scale_up_domain;
  fabric.up_topology = up->second.topology;
  fabric.up_reduces = up->second.in_network_reduction;
  fabric.up = {a.scale_up_bandwidth.base() > 0 ? a.scale_up_bandwidth : up->second.bandwidth,
               up->second.latency.value_or(kUpLatency), up->second.efficiency.value_or(kUpEfficiency)};
  fabric.out = {a.scale_out_bandwidth.base() > 0 ? a.scale_out_bandwidth : out->second.bandwidth,
                out->second.latency.value_or(kOutLatency), out->second.efficiency.value_or(kOutEfficiency)};
  return fabric;
}

Group place_group(const Fabric& fabric, int size, int stride) {
  const int inside = std::max(1, fabric.domain / std::max(1, stride));
  return {size, std::min(size, inside)};
}

Duration collective_time(const Fabric& fabric, Collective collective, Bytes bytes, Group group) {
  if (group.size <= 1 || bytes.base() <= 0) return {};
  const int inside = std::clamp(group.per_domain, 1, group.size);
  const int domains = (group.size + inside - 1) / inside;
  const Bytes slice = bytes / static_cast<double>(inside);
  switch (collective) {
    case Collective::all_reduce:
      if (domains == 1) return kCollectiveLaunch + all_reduce_inside(fabric, bytes, inside);
      return kCollectiveLaunch + 2.0 * scatter_inside(fabric, bytes, inside) +
             2.0 * scatter_across(fabric, slice, domains);
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return kCollectiveLaunch + scatter_inside(fabric, bytes, inside) + scatter_across(fabric, slice, domains);
    case Collective::broadcast:  // scatter, then all-gather
      return kCollectiveLaunch + scatter_inside(fabric, bytes, inside) + 2.0 * scatter_across(fabric, slice, domains);
    case Collective::all_to_all:
      return kCollectiveLaunch + all_to_all(fabric, bytes, inside, domains);
    case Collective::send_receive: {
      const Link& link = domains == 1 ? fabric.up : fabric.out;
      const ByteRate bandwidth = domains == 1 ? group_bandwidth(fabric, 2) : link.effective();
      return link.latency + bytes / bandwidth;
    }
  }
  return {};
}

}  // namespace stargate
