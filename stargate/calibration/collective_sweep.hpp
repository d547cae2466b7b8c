// Published sweeps of collectives, as nccl-tests and its like print them: a CSV with the columns source, hw, nodes,
// gpus, op, bytes, time_us, busbw_GBps, inter_node_net, algo_or_lib, notes, year. They reach across nodes and to sizes
// the kernel tables do not. Groups of coefficients: "all_reduce" inside a domain, "all_reduce.across.rdma" (InfiniBand,
// RoCE), "all_reduce.across.efa" and "all_reduce.across.rdma.rack" (between racks of 72) across domains.
#pragma once

#include "stargate/calibration/collective_fit.hpp"
#include "stargate/catalogue/catalogue.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// One line of a published sweep.
struct CollectiveSweepRow {
  std::string source, device, engine, year;  ///< device: id of the catalogue; engine: "nccl-tests", "rccl-tests", ...
  std::string group;                         ///< name of its coefficients
  CollectiveRow row;                         ///< the call and its time
};

struct CollectiveSweeps {
  std::vector<CollectiveSweepRow> rows;  ///< in file order
  std::map<std::string, int> skipped;    ///< reason -> rows that say too little
};

/// Faults: no file, no header, a column missing, a row with the wrong number of cells.
Result<CollectiveSweeps> load_collective_sweeps(const std::string& path, const Records<Accelerator>& accelerators);
Result<CollectiveSweeps> parse_collective_sweeps(const std::string& file, const std::string& content,
                                                 const Records<Accelerator>& accelerators);

/// One group for each device, engine and kind of call with at least 12 rows; every fourth row of each held out.
std::vector<CalibratedGroup> fit_collective_sweeps(const CollectiveSweeps& sweeps, const Catalogue& catalogue);

/// Predicts every row with the catalogue's coefficients (own, else carried over). Times are added in milliseconds;
/// metrics are "collective in node" and "collective across nodes".
void tally_collective_sweeps(const CollectiveSweeps& sweeps, const Catalogue& catalogue, ValidationTally& tally);

}  // namespace stargate
