// The regimes of collective_law.hpp. All arithmetic is on plain doubles in bytes and microseconds: this is called for
// every layer of every layout of a search, and by the fits.
#include "stargate/perf/collective_law.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// Steps one after another in which a small message reaches n ranks. A chain takes n - 1 steps, a tree three a level;
/// the - 2 lets both take one step between two ranks.
double latency_steps(double n) { return std::max(0.0, std::min(n - 1, 3 * std::log2(n) - 2)); }

/// An all-reduce is a reduce-scatter and an all-gather one after the other.
double passes(Collective c) { return c == Collective::all_reduce ? 2 : 1; }

/// Bytes through one rank's link, in bytes of the call.
double domain_volume(Collective c, double n) {
  switch (c) {
    case Collective::all_reduce:
      return 2 * (n - 1) / n;
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::all_to_all:
      return (n - 1) / n;
    case Collective::broadcast:
    case Collective::send_receive:
      return 1;
  }
  return 1;
}

/// A transfer cut in chunks through stages: the best chunk size leaves 2 sqrt(chunk * transfer) of filling.
double pipelined(double transfer, double chunk) { return transfer + 2 * std::sqrt(chunk * transfer); }

/// What is left of a PCIe rank's bandwidth among n: ranks of a socket share its root, those beyond four the link
/// between sockets, and buffers beyond the cache of the host its memory.
double shared_rate(const DomainCoefficients& c, double n, double bytes) {
  double rate = 1;
  if (c.contention > 0) rate = std::pow(2 / std::min(n, 4.0), c.contention) * (n > 4 ? c.far_share : 1);
  if (c.spill_contention > 0) {
    // A smooth switch: none below spill_bytes, all of it some factor of two above.
    const double ratio = bytes / c.spill_bytes, beyond = ratio * ratio * ratio * ratio;
    rate *= std::pow(2 / n, c.spill_contention * (beyond / (1 + beyond)));
  }
  return rate;
}

/// Bytes through the busiest network card, in bytes of the call. An all-reduce goes up one and down the other of two
/// trees: with two domains each sends its sum once; with more a card carries no more than a ring's. Rings of the other
/// collectives pass each domain's border with all but a rank's own part.
double network_volume(Collective c, double n, double m, double domains) {
  switch (c) {
    case Collective::all_reduce:
      return (domains <= 2 ? 1.0 : 2 * (n - 1) / n) / m;
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return (n - 1) / n / m;
    case Collective::broadcast:
      return 1 / m;
    case Collective::all_to_all:
      return (n - m) / n;
    case Collective::send_receive:
      return 1;
  }
  return 1;
}

/// Through the scale-up link meanwhile. Inside a domain switches may add, so an all-reduce passes once each way.
double domain_share_of_across(Collective c, double n, double m) {
  if (m <= 1) return 0;
  switch (c) {
    case Collective::all_reduce:
      return 1 + 1 / m;
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return (n - 1) / n;
    case Collective::broadcast:
      return 1;
    case Collective::all_to_all:
      return (m - 1) / n;
    case Collective::send_receive:
      return 0;
  }
  return 0;
}

}  // namespace

/// The fastest of the library's ways, see docs/explanation/collectives-law.md.
double domain_collective_us(const DomainCoefficients& c, const CollectiveCall& call, double bandwidth) {
  const double n = call.ranks, bytes = call.bytes;
  if (n <= 1 || bytes <= 0) return 0;
  const bool adds = call.collective == Collective::all_reduce || call.collective == Collective::reduce_scatter;
  const double v = domain_volume(call.collective, n), steps = passes(call.collective) * latency_steps(n);
  const double narrow = adds && call.element_bytes < 2 ? c.narrow_rate : 1;
  const double transfer = bytes / (bandwidth * shared_rate(c, n, bytes) * narrow);
  // The three protocols, each the fastest somewhere; the library switches between them by size much like their minimum.
  const double small = c.launch_us + c.step_us * steps + transfer * (c.one_shot > 0 ? n - 1 : v) / c.low_share;
  const double middle = c.launch_us + c.mid_extra_us + c.step_us * steps + transfer * v / c.mid_share;
  const double bulk = c.launch_us + c.bulk_extra_us + c.bulk_step_us * steps +
                      pipelined(transfer * (v + c.local_copy / n) / c.bulk_share, c.chunk_us);
  double time = std::min({small, middle, bulk});
  // NVLink SHARP adds in the switch: each rank sends its bytes once and receives the sum once, in n parts, hence 1 +
  // 1/n. Elements of one byte it does not add, and two ranks have nothing to gain.
  if (c.switch_share > 0 && call.collective == Collective::all_reduce && n > 2 && call.element_bytes >= 2) {
    time =
        std::min(time, c.switch_launch_us + pipelined(bytes * (1 + 1 / n) / (bandwidth * c.switch_share), c.chunk_us));
  }
  // Without a captured graph the host's launch can take longer than the whole collective.
  return std::max(time, c.host_us);
}

/// `levels`: doublings of domains; a ring's bulk takes a hop for each domain beyond them.
double across_collective_us(const AcrossCoefficients& c, const CollectiveCall& call, double domain_bandwidth,
                            double network_bandwidth) {
  const double n = call.ranks, m = call.per_domain, bytes = call.bytes, domains = std::ceil(n / m);
  if (n <= 1 || bytes <= 0) return 0;
  const bool ring = call.collective == Collective::all_gather || call.collective == Collective::reduce_scatter;
  double levels = std::log2(domains);
  if (call.collective == Collective::all_to_all) levels = (n - m) / 8;  // messages a card has in flight at once
  if (call.collective == Collective::send_receive) levels = 1;
  const double inside =
      call.collective == Collective::send_receive ? 0 : c.step_us * passes(call.collective) * latency_steps(m);
  const double launch = c.launch_us + inside + c.level_us * levels;
  // The two networks work at the same time on different chunks: bulk takes the slower of both.
  const double out = bytes * network_volume(call.collective, n, m, domains) / network_bandwidth;
  const double up = bytes * domain_share_of_across(call.collective, n, m) / domain_bandwidth;
  const double hops = ring ? c.level_us * (domains - 1 - levels) : 0;
  const double bulk =
      launch + hops + c.bulk_extra_us + pipelined(std::max(out / c.bulk_share, up / c.domain_share), c.chunk_us);
  const double floor = up / c.domain_share;  // no regime passes a domain faster than its links
  return std::min({launch + std::max(out / c.low_share, floor),
                   launch + c.mid_extra_us + std::max(out / c.mid_share, floor), bulk});
}

std::span<const CollectiveField<DomainCoefficients>> domain_fields() {
  using D = DomainCoefficients;
  static constexpr CollectiveField<D> fields[] = {
      {"launch_us", "us", "start and end of the kernel", &D::launch_us, 4, 0.5, 60},
      {"step_us", "us", "each step of a small message", &D::step_us, 0.8, 0.005, 20},
      {"low_share", "1", "share of the link with flags beside the data, or in one shot", &D::low_share, 0.1, 0.004,
       0.95},
      {"mid_extra_us", "us", "more launch of the middle regime", &D::mid_extra_us, 2, 0.05, 60},
      {"mid_share", "1", "share of the link in the middle regime", &D::mid_share, 0.3, 0.02, 0.95},
      {"bulk_extra_us", "us", "more launch of the bulk regime", &D::bulk_extra_us, 12, 0.3, 200},
      {"bulk_step_us", "us", "each step of the bulk regime's pipeline", &D::bulk_step_us, 1.2, 0.005, 80},
      {"bulk_share", "1", "share of the link large messages reach", &D::bulk_share, 0.8, 0.1, 1},
      {"chunk_us", "us", "cost of a chunk of the pipeline", &D::chunk_us, 1, 0.001, 200},
      {"local_copy", "1", "own part copied beside the transfer, share of a link's time", &D::local_copy, 0.3, 0.001, 2},
      {"switch_launch_us", "us", "start of adding in the switches", &D::switch_launch_us, 20, 3, 150},
      {"switch_share", "1", "share of the link when switches add", &D::switch_share, 0.6, 0.1, 1},
      {"narrow_rate", "1", "rate with 1-byte elements to that with 2-byte ones", &D::narrow_rate, 0.9, 0.4, 1},
      {"contention", "1", "exponent of a shared PCIe root: (2 / min(n, 4)) to it", &D::contention, 0.3, 0.001, 4},
      {"far_share", "1", "rate kept when more than four ranks cross sockets", &D::far_share, 0.5, 0.05, 1},
      {"spill_contention", "1", "exponent of more sharing beyond the host's cache", &D::spill_contention, 0.2, 0.001,
       2},
      {"spill_bytes", "byte", "message beyond which buffers leave the host's cache", &D::spill_bytes, 1.5e6, 1e5, 1e8},
      {"host_us", "us", "launch by the host, without a graph", &D::host_us, 25, 3, 200},
      {"one_shot", "1", "1 where a small message is read from all ranks at once", &D::one_shot, 0, 0, 1},
  };
  return fields;
}

std::span<const CollectiveField<AcrossCoefficients>> across_fields() {
  using A = AcrossCoefficients;
  static constexpr CollectiveField<A> fields[] = {
      {"across_launch_us", "us", "start and end of the kernel", &A::launch_us, 15, 3, 400},
      {"across_step_us", "us", "each step inside a domain", &A::step_us, 1.2, 0.1, 10},
      {"across_level_us", "us", "each doubling of domains, domain of a ring, or 8 remote peers", &A::level_us, 8, 2,
       150},
      {"across_low_share", "1", "share of the card with flags beside the data", &A::low_share, 0.04, 0.001, 0.6},
      {"across_mid_extra_us", "us", "more launch of the middle regime", &A::mid_extra_us, 20, 1, 150},
      {"across_mid_share", "1", "share of the card in the middle regime", &A::mid_share, 0.3, 0.01, 0.95},
      {"across_bulk_extra_us", "us", "more launch of the bulk regime", &A::bulk_extra_us, 60, 2, 600},
      {"across_bulk_share", "1", "share of the card large messages reach", &A::bulk_share, 0.92, 0.1, 1},
      {"across_chunk_us", "us", "cost of a chunk of the pipeline", &A::chunk_us, 5, 0.01, 200},
      {"across_domain_share", "1", "share of the scale-up link meanwhile", &A::domain_share, 0.7, 0.2, 1},
  };
  return fields;
}

DomainCoefficients read_domain_coefficients(const std::map<std::string, double>& values) {
  DomainCoefficients out;
  for (const auto& field : domain_fields()) {
    if (const auto it = values.find(field.name); it != values.end()) out.*field.member = it->second;
  }
  return out;
}

AcrossCoefficients read_across_coefficients(const std::map<std::string, double>& values) {
  AcrossCoefficients out;
  for (const auto& field : across_fields()) {
    if (const auto it = values.find(field.name); it != values.end()) out.*field.member = it->second;
  }
  return out;
}

}  // namespace stargate
