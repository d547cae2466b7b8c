// What a partner of the programme is worth. Each brings things of the programme: money, sites, systems, a supplier's
// parts, customers. A coalition is the programme in which the other partners' things are replaced as a counterfactual
// says; what stands or is on order stays. Its value is that of its best plan, and the worth of a partner follows from
// the values of all coalitions (shapley.hpp).
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/programme.hpp"
#include "stargate/planner/shapley.hpp"

namespace stargate {

/// What there is still to be had of a thing whose partner is not in it.
struct PlanSubstitute {
  double share = 0;  ///< of its amount; 0: nothing
  double price = 1;  ///< over its price: of systems and construction, what customers pay, interest of debt
  int delay = 0;     ///< quarters from the first until it is there
};

/// Who takes an absent partner's place.
enum class Counterfactual {
  nobody,
  spill,  ///< what the market gives at once, at its price
  follow  ///< rivals that build it up
};
inline constexpr std::array kCounterfactuals{Counterfactual::nobody, Counterfactual::spill, Counterfactual::follow};

struct PlanPartner {
  std::string id, name;
  std::map<std::string, double> capital;  ///< share of a tranche, by its name
  std::vector<std::string> sites, systems, suppliers, services;
  PlanSubstitute spill, follow;

  PlanSubstitute in(Counterfactual c) const {
    return c == Counterfactual::nobody ? PlanSubstitute{} : c == Counterfactual::spill ? spill : follow;
  }
};

/// The programme as it is for those that are in it. Shares of several absent partners multiply, so do prices.
Programme coalition_programme(const Programme& programme, std::span<const PlanPartner> partners, Coalition present,
                              Counterfactual counterfactual);

/// The programme with as few quarters as are not fewer than `quarters`, and years of the tail for the rest: a fraction
/// of the LP, whose value lies some percent above, since within a year nothing waits.
Programme in_years(const Programme& programme, int quarters);

/// Present value of the best plan. Where those in it cannot pay for what is on order and under construction, that is
/// given up; where they cannot pay for what stands either, the value is zero.
struct CoalitionPlanValue {
  double value = 0;        ///< dollars
  bool gave_up = false;    ///< what is on order and under construction
  std::string unsolved;    ///< the solver's words, where it gave up
};
CoalitionPlanValue coalition_value(const Programme& programme, std::span<const PlanPartner> partners, Coalition present,
                                   Counterfactual counterfactual, const LpSolver& solver);

}  // namespace stargate
