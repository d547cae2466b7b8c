// Time of a collective as the least of the ways a library can do it. S bytes over n ranks, link B, v the volume of the
// operation in S (all-reduce 2 (n-1)/n; all-gather, reduce-scatter, all-to-all (n-1)/n; broadcast, send 1):
//   small    launch + k step h(n)             + S v / (low B)      flags beside the data (LL), or one shot: v = n - 1
//   middle   launch + mid_extra + k step h(n) + S v / (mid B)      LL128, two-shot
//   bulk     launch + bulk_extra + k bulk_step h(n) + w + 2 sqrt(chunk w),  w = S (v + local_copy / n) / (bulk B)
//   switch   switch_launch + w' + 2 sqrt(chunk w'),  w' = S (1 + 1/n) / (switch B)        NVLink SHARP, n > 2
// k = 2 for all-reduce; h(n) = min(n - 1, 3 log2 n - 2): a chain up to eight ranks, a tree of three steps a level
// beyond. 2 sqrt(chunk w) is what a pipeline of the best chunk size loses to filling. Across N domains the same small,
// middle and bulk, of the busiest network card's volume, each rank its own card (rail); bulk there is the slower of the
// network and the domain. After Thakur, Rabenseifner, Gropp (2005); Hu et al., "Demystifying NCCL" (2025).
#pragma once

#include <map>
#include <span>
#include <string>

namespace stargate {

/// As NCCL names them; send_receive is between two ranks. The values index the arrays of coefficients; they are in the
/// order of kCollectiveNames (fabric.cpp).
enum class Collective { all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, send_receive };
inline constexpr int kCollectiveCount = 6;

/// Inside a scale-up domain. Shares are of one rank's link in one direction; times in microseconds. Fitted by `stargate
/// calibrate` to measurements of a domain; without any, fabric.cpp fills them from the literature.
struct DomainCoefficients {
  double launch_us = 6, step_us = 1;          ///< start and end of a kernel; a step of a small message
  double low_share = 0.1;                     ///< LL: half of what is sent are flags
  double mid_extra_us = 2, mid_share = 0.35;  ///< LL128: later to start, denser
  double bulk_extra_us = 8, bulk_step_us = 1.5, bulk_share = 0.82;  ///< plain stores in a pipeline of chunks
  double chunk_us = 0.5;  ///< fixed cost of a chunk, of which the best size is taken
  double local_copy = 0;  ///< a rank's own part, as a share of its bytes, copied beside the transfer
  double switch_launch_us = 0, switch_share = 0;  ///< share 0: switches do not add
  double narrow_rate = 1;                         ///< of adding 1-byte elements, to that of 2-byte ones
  double contention = 0, far_share = 1;  ///< PCIe: bandwidth (2/min(n,4))^contention, and a share beyond 4 ranks
  double spill_contention = 0, spill_bytes = 1e6;  ///< host memory: (2/n)^spill_contention more beyond so many bytes
  double host_us = 0;                              ///< what the host takes to launch, when no graph does
  double one_shot = 0;                             ///< 1: the small regime reads all ranks whole
};

/// Across domains. Shares are of one rank's network link, but for domain_share of the scale-up link. Fitted by
/// `stargate calibrate`, or from the literature, as inside a domain.
struct AcrossCoefficients {
  double launch_us = 10, step_us = 1.5;          ///< of ranks inside a domain
  double level_us = 7;                           ///< of each doubling of domains; of a ring's domain; of 8 remote peers
  double low_share = 0.03;                       ///< flags beside the data, over the network
  double mid_extra_us = 20, mid_share = 0.35;    ///< as inside a domain
  double bulk_extra_us = 60, bulk_share = 0.88;  ///< as inside a domain
  double chunk_us = 5;                           ///< fixed cost of a chunk
  double domain_share = 0.7;                     ///< of the scale-up link, which a bulk transfer crosses as well
};

/// Indexed by the value of Collective.
struct CollectiveCoefficients {
  DomainCoefficients domain[kCollectiveCount];  ///< inside a scale-up domain
  AcrossCoefficients across[kCollectiveCount];  ///< between domains
};

/// `bytes`: what one rank holds before an all-reduce, all-to-all or reduce-scatter, after an all-gather or broadcast,
/// or sends. `per_domain`: of the `ranks`, those in one domain; `element_bytes` of what is added.
struct CollectiveCall {
  Collective collective = Collective::all_reduce;
  /// Of the whole message of one rank, as NCCL's tests count it (the gathered or scattered buffer's full size).
  double bytes = 0;
  int ranks = 1, per_domain = 1;  ///< all of them; those of one domain, at least 1 and at most `ranks`
  /// Below 2 an adding collective is slower (narrow_rate) and switches do not add.
  double element_bytes = 2;
};

/// Microseconds inside a domain whose ranks have `bandwidth` bytes a microsecond. 0 for one rank or no bytes.
/// `bandwidth` per direction.
double domain_collective_us(const DomainCoefficients& coefficients, const CollectiveCall& call, double bandwidth);
/// Microseconds across domains: `domain_bandwidth` of the scale-up link, `network_bandwidth` of a rank's own card.
double across_collective_us(const AcrossCoefficients& coefficients, const CollectiveCall& call, double domain_bandwidth,
                            double network_bandwidth);

/// One coefficient: name and unit in files, meaning, usual value and physical bounds.
template <class Coefficients>
struct CollectiveField {
  const char *name, *unit, *meaning;
  double Coefficients::*member;
  double start, lower, upper;
};
/// In the order of files and pages.
std::span<const CollectiveField<DomainCoefficients>> domain_fields();
std::span<const CollectiveField<AcrossCoefficients>> across_fields();

/// Coefficients by name, as calibration files hold them; those not named do nothing (no contention, no switch adding).
DomainCoefficients read_domain_coefficients(const std::map<std::string, double>& values);
AcrossCoefficients read_across_coefficients(const std::map<std::string, double>& values);

}  // namespace stargate
