// Fits the collective law to measured times: tables of NCCL and of engines' own all-reduces (one node), and published
// sweeps of collectives inside and across nodes. Rows left out by rule: no time; faster than the links can carry;
// disturbed, which is slower by half than the median of the three nearest calls of the same kind with no fewer ranks
// and no fewer bytes (more work for more ranks cannot be so much faster: something else ran).
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/collective_law.hpp"

namespace stargate {

struct CollectiveRow {
  CollectiveCall call;                                 ///< what was timed
  double microseconds = 0;                             ///< of one call, as measured
  double domain_bandwidth = 0, network_bandwidth = 0;  ///< of one rank, bytes a microsecond; the second across domains
  bool crosses() const { return call.per_domain < call.ranks; }
};

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_collective_rows(const std::vector<CollectiveRow>& rows);

/// What the record of the network inside a device's domain says: whether calls go through the host (PCIe, or no network
/// of its own) and whether its switches add.
struct DomainLinks {
  bool through_host = false, switches_add = false;  ///< decide which terms of the law are there at all
};
/// From the network that the device's record names for its scale-up links; a device that names none goes through its
/// host.
DomainLinks domain_links(const Accelerator& device, const Records<Network>& networks);

/// What can be fitted for a kind of calls: fixed where lower == upper. Terms that the rows cannot tell (no large
/// messages, no contention) are left out by fixing them.
std::vector<Parameter> collective_parameters(const std::vector<CollectiveRow>& rows, const DomainLinks& links,
                                             const std::string& group);

/// Coefficients of rows of one kind, every fourth row held out. Engine, version and device are the caller's to fill.
CalibratedGroup fit_collective_group(const std::vector<CollectiveRow>& rows, const std::vector<std::string>& broken,
                                     const std::vector<Parameter>& parameters);

/// Microseconds of a call with a group's coefficients.
double predict_collective(const CollectiveRow& row, const std::map<std::string, double>& coefficients);

/// Link of the device inside a domain in bytes a microsecond: scale-up, or PCIe where there is none.
double domain_link(const Accelerator& device);

/// For the tables `nccl` and `custom_allreduce`. Groups: "all_reduce", "all_gather", ... and
/// "custom_all_reduce.graph", "custom_all_reduce.eager".
std::unique_ptr<LawFit> make_collective_fit(const Records<Network>& networks);

}  // namespace stargate
