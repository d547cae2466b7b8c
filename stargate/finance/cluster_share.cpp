// The share of the scale-out network's switches and optics, and of storage.
#include "stargate/finance/cluster_share.hpp"

namespace stargate {

// A non-blocking three-tier fat tree of radix r has 5/r switches an endpoint (64 ports: 5,120 switches for 65,536
// endpoints) and three links an endpoint, of which the first hop is copper: four optical modules. Storage is 1 to 1.5 %
// of capital (Bernstein's split of a gigawatt), taken as 1.25 % of the system.
ClusterShare cluster_share(const Catalogue& catalogue, const System& system) {
  constexpr double switches = 5, optics = 4, storage = 0.0125;
  ClusterShare share;
  share.price = system.price.mid * (storage / system.accelerators);
  const Network& out = catalogue.networks.at(system.scale_out);
  // Ports of the network that one accelerator fills: its own scale-out bandwidth over the bandwidth of a link.
  const double ports = catalogue.accelerators.at(system.accelerator).scale_out_bandwidth / out.bandwidth;
  if (out.switch_radix) {
    share.price += ports * switches / *out.switch_radix * out.switch_price.value_or(Money{});
    share.power += ports * switches / *out.switch_radix * out.switch_power.value_or(Power{});
  }
  share.price += ports * optics * out.optic_price.value_or(Money{});
  share.power += ports * optics * out.optic_power.value_or(Power{});
  return share;
}

}  // namespace stargate
