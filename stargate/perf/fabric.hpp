// The networks of a cluster as collectives see them: a scale-up domain (NVLink, Infinity Fabric, ICI) and, between
// domains, one scale-out link for each accelerator (rails). The time of a collective is the law of collective_law.hpp
// with coefficients fitted to measurements of this accelerator or one like it, else those of the literature with the
// links' own latencies and efficiencies.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/collective_law.hpp"
#include "stargate/perf/exchange_law.hpp"
#include "stargate/perf/law_choice.hpp"

namespace stargate {

struct Link {
  ByteRate bandwidth;       ///< per direction of one accelerator
  Duration latency;         ///< of one step
  double efficiency = 0.9;  ///< share of the bandwidth large messages reach

  /// What a long transfer reaches, by the literature; measured laws have shares of their own.
  ByteRate effective() const { return bandwidth * efficiency; }
};

/// Measured exchanges of experts' tokens. By mode; by way; inside a domain and across.
struct ExchangeLaws {
  ExchangeDevice device;
  std::array<std::array<std::array<std::optional<ExchangeCoefficients>, 2>, kExchangeWayCount>, kExchangeModeCount> laws;
};

/// The measured laws of a system whose links are no better, in domains of so many accelerators.
struct FabricBound {
  int domain = 8;
  CollectiveCoefficients laws;
};

/// Copies share their coefficients. Bandwidths are per direction of one accelerator.
struct Fabric {
  int domain = 8;                             ///< accelerators in a scale-up domain
  Link up, out;                               ///< inside a domain; between domains, one port an accelerator
  Topology up_topology = Topology::switched;  ///< says how much of a link a small group can use
  bool up_reduces = false;                    ///< switches add (NVLink SHARP): an all-reduce sends each byte once
  double oversubscription = 1;                ///< of the scale-out network beyond the first switch
  /// Fitted or carried over, per collective; those without a fit hold the literature's. Null: literature for all.
  std::shared_ptr<const CollectiveCoefficients> coefficients;
  std::shared_ptr<const ExchangeLaws> exchange;  ///< null: no library of the kind was measured on the vendor's chips
  /// Of a fabric that nobody measured: each bounds its times from above. What was measured stays as it was measured.
  std::shared_ptr<const std::vector<FabricBound>> bounds;
  LawOrigin origin = LawOrigin::specification;  ///< of all-reduce inside a domain
  double stretch = 1;                           ///< of every time: 1.01 for a hundredth longer (law_shares.hpp)
};

/// The networks the system's record names; latencies and efficiencies not recorded are stated defaults. With the name
/// of a serving engine ("vllm", "sglang", "trtllm") all-reduces inside a domain are that engine's own, from a graph.
/// Faults: an accelerator or a network that the catalogue lacks.
Result<Fabric> make_fabric(const Catalogue& catalogue, const System& system, const std::string& engine = "nccl");

/// At least as good in every figure of domain, links, topology and switches.
bool is_no_worse(const Fabric& fabric, const Fabric& other);

/// What sets calibrations across domains apart: ".across." and the network's transport, and ".rack" where a domain is
/// more than one host (an NVL72), whose long chains inside cost a small message more than the network does.
std::string across_suffix(const std::string& transport, int domain);

/// What the literature and the links' own figures say of a collective.
DomainCoefficients literature_domain_coefficients(const Fabric& fabric, Collective collective);
AcrossCoefficients literature_across_coefficients(const Fabric& fabric, Collective collective);

/// `size` ranks, `per_domain` of them in each scale-up domain. `size` is at least 1. per_domain = size means that the
/// group never leaves its domain.
struct Group {
  int size = 1, per_domain = 1;
};
/// A group of `size` ranks, each `stride` accelerators from the next, in a fabric whose ranks are numbered by domain.
/// Ranks beyond the domain are spread as evenly as the stride lets them.
Group place_group(const Fabric& fabric, int size, int stride);

/// `bytes`: what one rank holds before an all-reduce, all-to-all or reduce-scatter, after an all-gather or broadcast,
/// or sends. Zero for a group of one. Alone on the network: whatever runs at the same time is the caller's to account
/// for.
Duration collective_time(const Fabric& fabric, Collective collective, Bytes bytes, Group group);

/// Libraries written for the exchange that may be chosen where they were measured: none but the plain all-to-all; those
/// that a training step can run backward too (DeepEP's normal mode); all of them.
enum class ExchangeLibraries { none, training, all };

/// One layer's exchange of one rank's tokens with whole experts on the ranks of a group.
struct ExpertExchange {
  double tokens = 0, hidden = 0, top_k = 1, experts = 1;
  double element_bytes = 2;  ///< on the way out; 16 bits back
  ExchangeLibraries libraries = ExchangeLibraries::all;
};
/// Out and back: by all-to-all, or by a library for it where one was measured and is faster, as an engine would choose.
Duration expert_exchange_time(const Fabric& fabric, const ExpertExchange& exchange, Group group);

}  // namespace stargate
