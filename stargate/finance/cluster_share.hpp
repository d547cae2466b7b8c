// What an accelerator's place in a cluster costs beside the system it is in.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Switches, optics and storage of one accelerator beside the system it is in.
struct ClusterShare {
  Money price;
  Power power;
};
ClusterShare cluster_share(const Catalogue& catalogue, const System& system);

}  // namespace stargate
