// Orders and starts of the first quarters are decided before anybody knows what happens; all else is decided knowing
// it. The best such decision over weighted scenarios, by the L-shaped method with a cut a scenario (Birge, Louveaux,
// 1988) and a trust region (Linderoth, Wright, 2003): each scenario's LP, its first decisions fixed, says what they
// cost there and what a little more of each would; the master picks the decisions that are best by all that was said
// so far.
//   min  (1 - w) sum_S pr_S cost_S + w (theta + 1 / tail sum_S pr_S over_S),   over_S >= cost_S - theta
// is the mean cost for w = 0; theta + ... is the mean of the worst `tail` of the scenarios (Rockafellar, Uryasev,
// 2000). docs/explanation/risk.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stargate/planner/model.hpp"

namespace stargate {

/// An order of a system or a start at a site in a quarter.
struct SharedDecision {
  bool order = true;  ///< else a start
  int item = 0;       ///< place of the system or site in the programme
  int t = 0;          ///< quarter
  friend bool operator==(const SharedDecision&, const SharedDecision&) = default;
};
/// All of the first quarters, whatever columns a programme has.
std::vector<SharedDecision> shared_decisions(const Programme& programme, int quarters);
/// The decision's column in a programme's LP; -1: it cannot be made there.
int column_of(const PlanColumns& columns, const SharedDecision& decision);

/// Power of some systems is at most a share of that of all installed, in every quarter of the horizon and after it.
struct PowerShareCap {
  std::vector<std::string> systems;  ///< ids
  double share = 1;                  ///< 1: no limit
};
/// Adds the cap's rows to a programme's LP.
void add_power_share_rows(LpProblem& lp, const PlanModel& model, const PowerShareCap& cap);

/// A programme that may come true. All of a set are changes of one: the same sites and systems in the same places.
struct WeightedScenario {
  std::string name;
  double probability = 1;
  Programme programme;
};

/// What decisions come to. Values are present values, dollars.
struct DecisionValue {
  std::vector<double> decisions;               ///< in LP units: thousand accelerators, MW
  std::vector<std::optional<double>> values;   ///< by scenario; empty: they cannot be kept there
  bool feasible() const;
  double mean(const std::vector<double>& probabilities) const;
  /// Of the worst `tail` of the probability.
  double tail_mean(const std::vector<double>& probabilities, double tail) const;
};

/// The best decisions for one weight of the tail.
struct TwoStagePlan {
  DecisionValue value;
  double bound = 0;    ///< no decisions have an objective above it, dollars
  double objective = 0;
  int iterations = 0;  ///< of the master
};

/// Keeps what it has learnt: asking for another weight of the tail takes few iterations more.
class TwoStageProgramme {
 public:
  /// `quarters`: whose orders and starts are shared. What some scenario does not allow is not decided in any.
  TwoStageProgramme(std::vector<WeightedScenario> scenarios, int quarters, const PowerShareCap& cap = {});
  ~TwoStageProgramme();

  const std::vector<SharedDecision>& decisions() const;
  const std::vector<double>& probabilities() const;
  int columns() const;  ///< of all scenarios together
  int rows() const;

  /// Each scenario planned as if it were known; to be called first. The names of those without a plan, with why.
  std::vector<std::string> wait_and_see();
  const std::vector<double>& wait_and_see_values() const;  ///< dollars, by scenario
  /// The decisions a plan of one of the scenarios' kind makes, from the values of its columns.
  std::vector<double> decisions_of(const PlanModel& model, const std::vector<double>& columns) const;
  /// The scenarios side by side on the cores there are.
  DecisionValue evaluate(const std::vector<double>& decisions);
  /// To within `tolerance` of its value, or the best of so many rounds of the master: the bound says how far off.
  /// Nothing where no decisions can be kept in every scenario.
  std::optional<TwoStagePlan> optimise(double cvar_weight, double tail, double tolerance = 2e-5,
                                       int most_rounds = 300);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stargate
