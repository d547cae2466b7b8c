// A plan kept while the world turns out otherwise: orders and construction are as planned; what the maker has not got
// is not delivered, what comes late waits, machines without power stand dark, and in each quarter what runs serves the
// customers that pay most. The columns of the changed programme are filled in by these rules and valued by its own
// objective, so a replay is a plan of that programme like any other, only not the best.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/planner/model.hpp"
#include "stargate/planner/plan.hpp"

namespace stargate {

/// Dollars; of quarters, undiscounted.
struct Replay {
  double value = 0;                   ///< present value, the tail with it
  std::vector<double> revenue, paid;  ///< by quarter
  std::vector<double> working;        ///< accelerators that have power, by quarter
  double missing = 0;                 ///< money that the tranches do not give, at most; 0 where money is no limit
  std::vector<double> columns;        ///< of the changed programme's LP
};

/// A plan to be kept: values of the columns of its model.
class KeptPlan {
 public:
  /// `columns` solve the programme's LP.
  KeptPlan(const Programme& programme, std::vector<double> columns);
  /// Under a change of the same programme: the same sites, systems, parts and services in the same places. Pure; side
  /// by side from threads.
  Replay under(const Programme& actual) const;

 private:
  PlanColumns layout_;
  std::vector<double> columns_;
  std::map<std::string, double> others_;  ///< of families that no rule fills, by the column's name; above zero
};

}  // namespace stargate
