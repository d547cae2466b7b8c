// A part that is changed changes what is made of it. Records state absolute figures (an accelerator its bandwidth, a
// system its power), so a change of the part scales or adds to them, by how far the part now is from what its file
// says:
//   memory       pin_rate, interface_bits or bandwidth_per_stack: the bandwidth of accelerators with it, in proportion;
//                capacity_per_stack or stack_high: their capacity; price: what their memory costs
//   accelerator  memory_stacks: its bandwidth and capacity; memory and memory_capacity: its price, by what the memory
//                costs a byte where that is known; power and price: those of its systems, by how many
//   network      bandwidth: the links of accelerators that name it (scale-up), or whose every system does (scale-out)
// A figure that the question sets itself stays as it was set. Latency and efficiency of networks: perf/fabric.cpp.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Called once by load_catalogue, after all checks. Records that it changes are remembered in Catalogue::listed as
/// written.
void derive_dependents(Catalogue& catalogue, const CatalogueChanges& changes);

}  // namespace stargate
