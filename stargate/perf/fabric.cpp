// Links and placement to the terms of the collective law. Literature: a launch of about 6 us; NCCL's LL protocol
// reaches about a tenth of a link, LL128 a third in the mid range; switches that add reach 0.68 of NVLink 4 (bus
// bandwidth of 480 GB/s over 8 H200, of S (1 + 1/n) bytes) where rings reach 0.82.
#include "stargate/perf/fabric.hpp"

#include <algorithm>
#include <span>

#include "stargate/perf/dominance.hpp"

namespace stargate {
namespace {

// Where a network record has no figure: NVLink-class loads and stores are seen after about 1 us, RDMA writes after
// about 3.5 us; large messages reach 0.8 to 0.9 of a link.
constexpr Duration kUpLatency = 1.0 * microsecond, kOutLatency = 3.5 * microsecond;
constexpr double kUpEfficiency = 0.82, kOutEfficiency = 0.88;
constexpr double kLaunchUs = 6, kSwitchLaunchUs = 20, kSwitchToRing = 0.83;
constexpr double kBarrierStep = 0.2, kOneShotShare = 0.5;
constexpr double kSendExtraUs = 15, kSendChunkUs = 0.5;  // one connection: nothing of a ring to fill

constexpr const char* kCollectiveNames[] = {"all_reduce", "all_gather", "reduce_scatter",
                                            "all_to_all", "broadcast",  "send_receive"};

constexpr double kMostLowLatency = 1024;
constexpr int kLargestHost = 16;  // accelerators; a larger domain is a rack

constexpr std::array kExchangeModes = {ExchangeMode::low_latency, ExchangeMode::normal, ExchangeMode::two_sided,
                                       ExchangeMode::one_sided};

/// Ways a mode goes, in order.
std::span<const ExchangeWay> ways_of(ExchangeMode mode) {
  static constexpr std::array all = {ExchangeWay::dispatch, ExchangeWay::combine, ExchangeWay::prepare};
  return std::span(all).first(mode == ExchangeMode::two_sided ? 3 : 2);
}

double bytes_per_us(ByteRate rate) { return rate.base() * 1e-6; }

/// A full mesh has one link for each pair: a group uses only the links among its members. A torus of three axes gives a
/// group that lies along one or two of them that share of its links.
ByteRate group_bandwidth(const Fabric& fabric, int members) {
  const double all = std::max(1, fabric.domain - 1);
  if (fabric.up_topology == Topology::mesh) return fabric.up.bandwidth * (std::min<double>(members - 1, all) / all);
  if (fabric.up_topology == Topology::torus) {
    // An axis is taken as 16 members long: a group of 16 lies along one, of 256 in a plane.
    const double axes = members <= 16 ? 1 : members <= 256 ? 2 : 3;
    return fabric.up.bandwidth * (axes / 3);
  }
  return fabric.up.bandwidth;
}

/// The collective whose measurements stand for one that nobody measured: a broadcast goes round the same ring as an
/// all-gather, a send over the same connections as an all-to-all.
Collective measured_like(Collective c) {
  if (c == Collective::broadcast) return Collective::all_gather;
  if (c == Collective::send_receive) return Collective::all_to_all;
  return c;
}

const ChosenGroup* find_group(const std::vector<ChosenGroup>& groups, const std::string& name) {
  for (const ChosenGroup& chosen : groups) {
    if (chosen.group->precision == name) return &chosen;
  }
  return nullptr;
}

/// Its own measurements before those of the collective it resembles.
const ChosenGroup* find_group(const std::vector<ChosenGroup>& groups, Collective c, const std::string& suffix) {
  const ChosenGroup* own = find_group(groups, kCollectiveNames[static_cast<int>(c)] + suffix);
  return own != nullptr ? own : find_group(groups, kCollectiveNames[static_cast<int>(measured_like(c))] + suffix);
}

/// How far a network is from what its file says: measured coefficients already contain the latency and the efficiency
/// of the links they were measured over, so that a question's change scales them.
struct LinkChange {
  double latency = 1, efficiency = 1;
  bool reduction = false;  ///< whether its switches add was changed
};

/// What a question changed of a network, against its file: fitted times go in proportion.
LinkChange link_change(const Catalogue& catalogue, const Network& now, Duration usual_latency,
                       double usual_efficiency) {
  const auto found = catalogue.listed.networks.find(now.id);
  if (found == catalogue.listed.networks.end()) return {};
  const Network& before = found->second;
  return {now.latency.value_or(usual_latency) / before.latency.value_or(usual_latency),
          now.efficiency.value_or(usual_efficiency) / before.efficiency.value_or(usual_efficiency),
          now.in_network_reduction != before.in_network_reduction};
}

/// No network moves more than its links: a share stays at most 1.
void scale_share(double& share, double factor) { share = std::min(1.0, share * factor); }

void apply_change(const LinkChange& change, const Fabric& fabric, DomainCoefficients& c) {
  for (double* step : {&c.step_us, &c.bulk_step_us}) *step *= change.latency;
  for (double* share : {&c.low_share, &c.mid_share, &c.bulk_share, &c.switch_share})
    scale_share(*share, change.efficiency);
  // A switch that adds, or no longer does, has no measurement: the literature's figures stand in for it.
  if (!change.reduction) return;
  c.switch_share = fabric.up_reduces ? kSwitchToRing * fabric.up.efficiency : 0;
  c.switch_launch_us = kSwitchLaunchUs;
}

void apply_change(const LinkChange& up, const LinkChange& out, AcrossCoefficients& c) {
  c.step_us *= up.latency, c.level_us *= out.latency;
  scale_share(c.domain_share, up.efficiency);
  for (double* share : {&c.low_share, &c.mid_share, &c.bulk_share}) scale_share(*share, out.efficiency);
}

/// Fills the fabric's coefficients from the catalogue's calibrations, where there are any. Collective by collective: an
/// engine's own all-reduce inside a domain first, then NCCL's, then the literature; a question's change of a network
/// scales what was measured over it.
void calibrate_fabric(Fabric& fabric, const Catalogue& catalogue, const System& system, const std::string& engine) {
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  const auto groups = choose_groups(catalogue, accelerator, {"collective", "nccl", {}, {}});
  const auto own = choose_groups(catalogue, accelerator, {"collective", engine, {}, {}});
  if (groups.empty()) return;
  const Network& up = catalogue.networks.at(system.scale_up);
  const Network& across_network = catalogue.networks.at(system.scale_out);
  const LinkChange up_change = link_change(catalogue, up, kUpLatency, kUpEfficiency);
  const LinkChange out_change = link_change(catalogue, across_network, kOutLatency, kOutEfficiency);
  CollectiveCoefficients out;
  for (int i = 0; i < kCollectiveCount; ++i) {
    const auto c = static_cast<Collective>(i);
    // Sends between two ranks are the pairs an all-to-all was measured on; the rings of send-receive tests are not.
    const ChosenGroup* inside = find_group(groups, c == Collective::send_receive ? Collective::all_to_all : c, "");
    const ChosenGroup* custom =
        c == Collective::all_reduce && engine != "nccl" ? find_group(own, "custom_all_reduce.graph") : nullptr;
    if (custom != nullptr && custom->group->engine == engine) inside = custom;
    if (inside != nullptr && c == Collective::all_reduce) fabric.origin = inside->origin;
    out.domain[i] = inside != nullptr ? read_domain_coefficients(inside->group->coefficients)
                                      : literature_domain_coefficients(fabric, c);
    // A figure the system's record states for its own PCIe tree goes before one fitted on another host.
    if (system.host_contention) {
      out.domain[i].contention = *system.host_contention;
      out.domain[i].far_share = 1, out.domain[i].spill_contention = 0;
    }
    // Racks first by their own measurements, then by those of single hosts.
    const ChosenGroup* across = find_group(groups, c, across_suffix(across_network.transport, fabric.domain));
    if (across == nullptr) across = find_group(groups, c, across_suffix(across_network.transport, 1));
    out.across[i] = across != nullptr ? read_across_coefficients(across->group->coefficients)
                                      : literature_across_coefficients(fabric, c);
    if (inside != nullptr) apply_change(up_change, fabric, out.domain[i]);
    if (across != nullptr) apply_change(up_change, out_change, out.across[i]);
  }
  fabric.coefficients = std::make_shared<const CollectiveCoefficients>(out);
}

/// Through the host's PCIe no rank writes into another's memory: no library for it runs there.
void calibrate_exchange(Fabric& fabric, const Catalogue& catalogue, const System& system) {
  const Network& up = catalogue.networks.at(system.scale_up);
  if (up.network_class == NetworkClass::host) return;
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  const auto groups = choose_groups(catalogue, accelerator, {"expert_exchange", {}, {}, {}});
  if (groups.empty()) return;
  ExchangeLaws out;
  out.device = exchange_device(accelerator);
  out.device.link = bytes_per_us(fabric.up.bandwidth), out.device.network = bytes_per_us(fabric.out.bandwidth);
  for (const ExchangeMode mode : kExchangeModes) {
    if (is_rack_mode(mode) && fabric.domain <= kLargestHost) continue;
    for (const ExchangeWay way : ways_of(mode)) {
      for (const bool across : {false, true}) {
        const ExchangeCall call{mode, way, 0, 0, 1, 1, across ? 2.0 : 1.0};
        const ChosenGroup* chosen = find_group(groups, exchange_group_name(call));
        if (chosen == nullptr) continue;
        out.laws[static_cast<std::size_t>(mode)][static_cast<std::size_t>(way)][across ? 1 : 0] =
            read_exchange_coefficients(chosen->group->coefficients);
      }
    }
  }
  fabric.exchange = std::make_shared<const ExchangeLaws>(out);
}

}  // namespace

std::string across_suffix(const std::string& transport, int domain) {
  return ".across." + transport + (domain > kLargestHost ? ".rack" : "");
}

DomainCoefficients literature_domain_coefficients(const Fabric& fabric, Collective collective) {
  DomainCoefficients c;
  const double latency = fabric.up.latency.in(microsecond);
  c.launch_us = kLaunchUs, c.step_us = latency, c.bulk_step_us = latency;
  c.bulk_share = fabric.up.efficiency;
  if (collective != Collective::all_reduce) return c;
  // Small all-reduces are the engines' own: each rank reads all others at once, between two barriers.
  c.one_shot = 1, c.step_us = kBarrierStep * latency, c.low_share = kOneShotShare;
  if (fabric.up_reduces) c.switch_launch_us = kSwitchLaunchUs, c.switch_share = kSwitchToRing * fabric.up.efficiency;
  return c;
}

AcrossCoefficients literature_across_coefficients(const Fabric& fabric, Collective collective) {
  AcrossCoefficients c;
  const double latency = fabric.out.latency.in(microsecond);
  c.launch_us = kLaunchUs, c.step_us = fabric.up.latency.in(microsecond);
  // A tree is gone up and down.
  c.level_us = collective == Collective::all_reduce ? 2 * latency : latency;
  c.bulk_share = fabric.out.efficiency;
  if (collective == Collective::send_receive) c.bulk_extra_us = kSendExtraUs, c.chunk_us = kSendChunkUs;
  // An all-reduce crosses its domain once each way where switches add, twice where they do not.
  const bool twice = collective == Collective::all_reduce && !fabric.up_reduces;
  c.domain_share = fabric.up.efficiency * (twice ? 0.5 : fabric.up_reduces ? kSwitchToRing : 1.0);
  return c;
}

/// An accelerator that states its links goes before the network's record, but for the host's PCIe.
namespace {

/// Domain and links of the records, which exist.
Fabric links_of(const Catalogue& catalogue, const System& system) {
  const Accelerator& a = catalogue.accelerators.at(system.accelerator);
  const Network &up = catalogue.networks.at(system.scale_up), &out = catalogue.networks.at(system.scale_out);
  Fabric fabric;
  fabric.domain = system.scale_up_domain;
  fabric.up_topology = up.topology;
  fabric.up_reduces = up.in_network_reduction;
  // A chip may be sold with faster or slower links than the network's record says; through the host, PCIe is what it
  // gets.
  const bool own_links = a.scale_up_bandwidth.base() > 0 && up.network_class != NetworkClass::host;
  fabric.up = {own_links ? a.scale_up_bandwidth : up.bandwidth, up.latency.value_or(kUpLatency),
               up.efficiency.value_or(kUpEfficiency)};
  fabric.out = {a.scale_out_bandwidth.base() > 0 ? a.scale_out_bandwidth : out.bandwidth,
                out.latency.value_or(kOutLatency), out.efficiency.value_or(kOutEfficiency)};
  return fabric;
}

bool is_measured(const Catalogue& catalogue, const std::string& accelerator) {
  return catalogue.calibrations.contains(accelerator + ".collective");
}

/// Laws of measured systems that are no better: what they do over their links could be done over these.
void bound_fabric(Fabric& fabric, const Catalogue& catalogue, const System& system, const std::string& engine) {
  if (is_measured(catalogue, system.accelerator)) return;
  const Accelerator& own = catalogue.accelerators.at(system.accelerator);
  std::vector<FabricBound> bounds;
  for (const auto& [id, other] : catalogue.systems) {
    const auto chip = catalogue.accelerators.find(other.accelerator);
    const bool known = chip != catalogue.accelerators.end() && catalogue.networks.contains(other.scale_up) &&
                       catalogue.networks.contains(other.scale_out);
    if (!known || !is_measured(catalogue, chip->first) || !are_comparable(catalogue, own, chip->second)) continue;
    Fabric theirs = links_of(catalogue, other);
    if (!is_no_worse(fabric, theirs)) continue;
    calibrate_fabric(theirs, catalogue, other, engine);
    if (theirs.coefficients != nullptr) bounds.push_back({theirs.domain, *theirs.coefficients});
  }
  if (!bounds.empty()) fabric.bounds = std::make_shared<const std::vector<FabricBound>>(std::move(bounds));
}

}  // namespace

bool is_no_worse(const Fabric& fabric, const Fabric& other) {
  const auto link = [](const Link& own, const Link& theirs) {
    return own.bandwidth >= theirs.bandwidth && own.latency <= theirs.latency && own.efficiency >= theirs.efficiency;
  };
  // A switch serves any two of its ports at their full rate; meshes and tori only some.
  const bool topology = fabric.up_topology == other.up_topology || fabric.up_topology == Topology::switched;
  return topology && fabric.domain >= other.domain && link(fabric.up, other.up) && link(fabric.out, other.out) &&
         fabric.up_reduces >= other.up_reduces && fabric.oversubscription <= other.oversubscription;
}

Result<Fabric> make_fabric(const Catalogue& catalogue, const System& system, const std::string& engine) {
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
  Fabric fabric = links_of(catalogue, system);
  calibrate_fabric(fabric, catalogue, system, engine);
  calibrate_exchange(fabric, catalogue, system);
  bound_fabric(fabric, catalogue, system, engine);
  return fabric;
}

Group place_group(const Fabric& fabric, int size, int stride) {
  const int inside = std::max(1, fabric.domain / std::max(1, stride));
  return {size, std::min(size, inside)};
}

namespace {

/// With `laws` (null: the literature's), `inside` ranks of a group in each domain.
double collective_us(const Fabric& fabric, const CollectiveCoefficients* laws, Collective collective, double bytes,
                     int size, int inside) {
  const CollectiveCall call{collective, bytes, size, inside};
  const auto index = static_cast<std::size_t>(collective);
  const double up = bytes_per_us(group_bandwidth(fabric, inside));
  if (inside == size) {
    return domain_collective_us(laws != nullptr ? laws->domain[index] : literature_domain_coefficients(fabric, collective),
                                call, up);
  }
  // Beyond the first switch an oversubscribed tree has fewer links up than down: at worst every rank sends through it.
  const double out = bytes_per_us(fabric.out.bandwidth) / fabric.oversubscription;
  return across_collective_us(laws != nullptr ? laws->across[index] : literature_across_coefficients(fabric, collective),
                              call, up, out);
}

}  // namespace

Duration collective_time(const Fabric& fabric, Collective collective, Bytes bytes, Group group) {
  if (group.size <= 1 || bytes.base() <= 0) return {};
  const int inside = std::clamp(group.per_domain, 1, group.size);
  double us = collective_us(fabric, fabric.coefficients.get(), collective, bytes.base(), group.size, inside);
  if (fabric.bounds != nullptr) {
    for (const FabricBound& bound : *fabric.bounds) {
      const int theirs = std::min(inside, bound.domain);
      us = std::min(us, collective_us(fabric, &bound.laws, collective, bytes.base(), group.size, theirs));
    }
  }
  return us * fabric.stretch * microsecond;
}

Duration expert_exchange_time(const Fabric& fabric, const ExpertExchange& e, Group group) {
  if (group.size <= 1 || !(e.tokens > 0)) return {};
  const double rows = e.tokens * std::min<double>(e.top_k, group.size);
  const auto all_to_all = [&](double element_bytes) {
    return collective_time(fabric, Collective::all_to_all, Bytes::from_base(rows * e.hidden * element_bytes), group);
  };
  Duration least = all_to_all(e.element_bytes) + all_to_all(2);
  if (fabric.exchange == nullptr || e.libraries == ExchangeLibraries::none) return least;
  const int inside = std::clamp(group.per_domain, 1, group.size);
  ExchangeDevice device = fabric.exchange->device;
  device.network /= fabric.oversubscription;
  for (const ExchangeMode mode : kExchangeModes) {
    if (e.libraries == ExchangeLibraries::training && mode != ExchangeMode::normal) continue;
    // Buffers of the low-latency kernels hold so many tokens of each rank.
    if (mode == ExchangeMode::low_latency && e.tokens > kMostLowLatency) continue;
    Duration both;
    bool known = true;
    const auto& ways = fabric.exchange->laws[static_cast<std::size_t>(mode)];
    for (const ExchangeWay way : ways_of(mode)) {
      const auto& law = ways[static_cast<std::size_t>(way)][inside < group.size ? 1 : 0];
      known = known && law.has_value();
      if (!known) break;
      const ExchangeCall call{mode, way, e.tokens, e.hidden, e.top_k, e.experts, static_cast<double>(group.size),
                              static_cast<double>(inside), exchange_row_bytes(e.hidden, e.element_bytes, way)};
      both += exchange_us(*law, device, call) * fabric.stretch * microsecond;
    }
    if (known) least = min(least, both);
  }
  return least;
}

}  // namespace stargate
