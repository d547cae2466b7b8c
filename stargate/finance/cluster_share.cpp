// The share of the scale-out network's switches and optics, and of storage.
#include "stargate/finance/cluster_share.hpp"

#include "stargate/base/check.hpp"

namespace stargate {

// Switches of radix k with k/2 ports up: every tier but the last has 2/k switches an endpoint, the last 1/k. 64 ports:
// 8 switches for 512 endpoints in eight rails, 768 for 16,384, 5,120 for 65,536. A link between tiers has two modules.
FatTree fat_tree(double endpoints, int radix) {
  STARGATE_CHECK(radix > 2 && endpoints > 0, "a tree of switches without ports");
  FatTree tree;
  for (double reach = radix; reach < endpoints; reach *= 0.5 * radix) ++tree.tiers;
  tree.switches = (2.0 * tree.tiers - 1) / radix;
  tree.optics = 2.0 * (tree.tiers - 1);
  return tree;
}

// Storage is 1 to 1.5 % of capital (Bernstein's split of a gigawatt), taken as 1.25 % of the system.
ClusterShare cluster_share(const Catalogue& catalogue, const System& system, Money system_price, double accelerators) {
  constexpr double storage = 0.0125;
  ClusterShare share;
  share.storage = system_price * (storage / system.accelerators);
  const Network& out = catalogue.networks.at(system.scale_out);
  // Ports of the network that one accelerator fills: its own scale-out bandwidth over the bandwidth of a link.
  const double ports = catalogue.accelerators.at(system.accelerator).scale_out_bandwidth / out.bandwidth;
  share.tree.tiers = 0;
  if (!out.switch_radix || *out.switch_radix <= 2) return share;
  share.radix = *out.switch_radix;
  share.tree = fat_tree(accelerators / system.accelerators_per_node, share.radix);
  share.switch_count = ports * share.tree.switches;
  share.switches = share.switch_count * out.switch_price.value_or(Money{});
  share.optics = ports * share.tree.optics * out.optic_price.value_or(Money{});
  share.power = share.switch_count * out.switch_power.value_or(Power{}) +
                ports * share.tree.optics * out.optic_power.value_or(Power{});
  return share;
}

}  // namespace stargate
