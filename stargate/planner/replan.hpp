// The honest test of planning: each quarter a new plan is made from the state the last one left, with what is known by
// then, and only its first quarter is carried out. Against it: the plan of the first quarter kept, and the plan that
// knew everything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/plan.hpp"
#include "stargate/planner/scenario.hpp"

namespace stargate {

/// The programme one quarter on: what a plan of `programme` has built, ordered, drawn and paid in its first quarter is
/// what stands, is on order and is spent when the next begins.
Programme next_programme(const Programme& programme, const Plan& plan);

/// One quarter of the rolling plan. Dollars.
struct ReplanQuarter {
  Quarter quarter;
  std::vector<std::string> learned;  ///< drivers that became known
  double expected = 0;               ///< present value at the first quarter of what is done and what the plan promises
  double revenue = 0, paid = 0;      ///< of the quarter
};

struct ReplanReport {
  double foresight = 0;           ///< of the plan that knew all changes from the start, dollars
  double promised = 0;            ///< of the plan of the first quarter, by what was known
  double rolled = 0;              ///< planned anew each quarter
  std::optional<double> kept;     ///< the plan of the first quarter kept
  double missing = 0;             ///< money that it lacks then, at most
  std::vector<ReplanQuarter> quarters;
};

/// A change becomes known in the quarter from which it acts. A fault in words where a quarter has no plan.
struct ReplanOutcome {
  std::optional<ReplanReport> report;
  std::string fault;
};
ReplanOutcome replan(const RiskBasis& basis, const std::vector<PlanChange>& changes, const LpSolver& solver);

}  // namespace stargate
