// The honest test of planning: each quarter a new plan is made from the state the last one left, with what is known by
// then, and only its first quarter is carried out. Against it: the plan of the first quarter kept, and the plan that
// knew everything.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scenario.hpp"

namespace stargate {

/// The programme one quarter on, from the values of the columns of a plan: what it built, ordered, drew and paid in its
/// first quarter stands, is on order and is spent when the next begins. What is half built has its payments, its date
/// and its value at the end; a plan of the rest is worth what this one promised for it.
Programme next_programme(const PlanModel& model, const std::vector<double>& columns);

/// One quarter of the rolling plan. Dollars; tokens sold in the quarter.
struct ReplanQuarter {
  Quarter quarter;
  std::vector<std::string> learned;  ///< drivers that became known
  double expected = 0;               ///< present value at the first quarter of what is done and what the plan promises
  double revenue = 0, paid = 0;      ///< of the quarter
  double tokens = 0;
};

struct ReplanReport {
  double foresight = 0;        ///< of the plan that knew all changes from the start, dollars
  double promised = 0;         ///< of the plan of the first quarter, by what was known
  double rolled = 0;           ///< planned anew each quarter
  std::optional<double> kept;  ///< the plan of the first quarter kept
  double missing = 0;          ///< money that it lacks then, at most
  double foresight_tokens = 0, rolled_tokens = 0;  ///< sold in all quarters
  std::vector<ReplanQuarter> quarters;
};

/// A fault in words where a quarter has no plan.
struct ReplanOutcome {
  std::optional<ReplanReport> report;
  std::string fault;
};

/// What a longer horizon would change. Totals of the first half of the quarters, as planned by the short horizon and by
/// the long one.
struct HorizonReport {
  int half = 0;           ///< quarters
  double best = 0;        ///< value of the long programme, dollars
  double kept = 0;        ///< of its plan that goes on from the short one's first half
  double started[2] = {}, delivered[2] = {}, paid[2] = {}, tokens[2] = {};  ///< MW, accelerators, dollars, tokens
  double loss() const { return (best - kept) / best; }
};

/// A programme rolled on without news, and from it what follows when there are some.
class RollingPlan {
 public:
  /// `solver` outlives it.
  RollingPlan(const RiskBasis& basis, const LpSolver& solver);
  ~RollingPlan();
  /// Why it could not be rolled on; empty: it could.
  const std::string& fault() const;
  /// A change becomes known in the quarter from which it acts; those that act at once, in the first. Pure; side by side
  /// from threads.
  ReplanOutcome under(const std::vector<PlanChange>& changes) const;
  /// The programme with so many quarters more. Empty: no plan keeps every limit.
  std::optional<HorizonReport> longer(int quarters) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stargate
