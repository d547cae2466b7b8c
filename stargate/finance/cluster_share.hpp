// What an accelerator's place in a cluster costs beside the system it is in.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Switches, optics and storage of one accelerator beside the system it is in.
struct ClusterShare {
  Money price;
  Power power;
};
/// At the middle prices of the catalogue; what the network's record does not price is free. The numbers of switches and
/// optics an endpoint are those of a non-blocking three-tier fat tree (cluster_share.cpp).
ClusterShare cluster_share(const Catalogue& catalogue, const System& system);

}  // namespace stargate
