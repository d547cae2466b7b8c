// What an accelerator's place in a cluster costs beside the system it is in: switches, optics, storage.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// A non-blocking fat tree, by endpoint.
struct FatTree {
  int tiers = 1;
  double switches = 0;  ///< of an endpoint: (2 tiers - 1) / radix
  double optics = 0;    ///< modules of an endpoint; the first hop is copper
};
/// The fewest tiers that reach `endpoints`: t of them join 2 (radix/2)^t. `endpoints` above 0, `radix` above 2.
FatTree fat_tree(double endpoints, int radix);

/// Of one accelerator beside the system it is in.
struct ClusterShare {
  Money switches, optics, storage;
  Power power;
  FatTree tree;             ///< no tier where the network has no switches
  double switch_count = 0;  ///< of an accelerator, a fraction
  int radix = 0;            ///< of a switch; 0: no switches

  Money network() const { return switches + optics; }
  Money price() const { return storage + switches + optics; }
};
/// Accelerators that a campus of a gigawatt joins in one network; what plans count with.
inline constexpr double kCampusAccelerators = 100'000;

/// In one cluster of `accelerators`, at the middle prices of the catalogue; what the network's record does not price is
/// free. Rail-optimised: accelerators of the same place in their nodes have a tree of their own, so a tree has
/// accelerators / accelerators_per_node endpoints and HGX machines, of eight rails, need fewer tiers than racks of
/// trays of four. Storage is a share of the system at `system_price` (cluster_share.cpp).
ClusterShare cluster_share(const Catalogue& catalogue, const System& system, Money system_price, double accelerators);

}  // namespace stargate
