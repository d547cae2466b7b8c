// The networks of a cluster as collectives see them: a scale-up domain (NVLink, Infinity Fabric, ICI) and, between
// domains, one scale-out link for each accelerator (rails). Time of a collective = steps * latency + bytes on the
// busiest link / (efficiency * bandwidth), hierarchical across domains: inside, across the rails in parallel, inside
// again.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

struct Link {
  ByteRate bandwidth;       ///< per direction of one accelerator
  Duration latency;         ///< of one step
  double efficiency = 0.9;  ///< share of the bandwidth large messages reach

  ByteRate effective() const { return bandwidth * efficiency; }
};

struct Fabric {
  int domain = 8;  ///< accelerators in a scale-up domain
  Link up, out;
  Topology up_topology = Topology::switched;
  bool up_reduces = false;      ///< switches add (NVLink SHARP): an all-reduce sends each byte once
  double oversubscription = 1;  ///< of the scale-out network beyond the first switch
};

/// The networks the system's record names; latencies and efficiencies not recorded are stated defaults.
Result<Fabric> make_fabric(const Catalogue& catalogue, const System& system);

enum class Collective { all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, send_receive };

/// `size` ranks, `per_domain` of them in each scale-up domain.
struct Group {
  int size = 1, per_domain = 1;
};
/// A group of `size` ranks, each `stride` accelerators from the next, in a fabric whose ranks are numbered by domain.
Group place_group(const Fabric& fabric, int size, int stride);

/// `bytes`: what one rank holds before an all-reduce, all-to-all or reduce-scatter, after an all-gather or broadcast,
/// or sends. Zero for a group of one.
Duration collective_time(const Fabric& fabric, Collective collective, Bytes bytes, Group group);

}  // namespace stargate
