// A plan at each price of the option, and bisection between those that leave it and those that take it.
#include "stargate/planner/entry_price.hpp"

#include <algorithm>

#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kTaken = 1e-4;  ///< thousand accelerators, MW: less is the solver's dust

Programme at_price(const Programme& programme, const PlanOption& option, double share) {
  Programme out = programme;
  if (option.kind == OptionKind::site) {
    out.sites[option.index].construction_price *= share;
  } else {
    for (auto& [quarter, price] : out.systems[option.index].price.points) price *= share;
  }
  return out;
}

struct Taken {
  double amount = 0;
  std::optional<Quarter> first;
};

/// Nothing is taken where there is no plan.
Taken taken_of(const Programme& p, const PlanOption& option, const LpSolver& solver) {
  const PlanModel model = build_plan_model(p);
  const LpOutcome outcome = solver.solve(model.lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  Taken out;
  for (int t = 0; found != nullptr && t < p.quarters(); ++t) {
    const int at = option.kind == OptionKind::site ? t : order_period(p, p.systems[option.index], t);
    if (at < 0) continue;
    const int column = option.kind == OptionKind::site ? model.columns.started.at(option.index, at)
                                                       : model.columns.order.at(option.index, at);
    const double amount = column < 0 ? 0 : found->values[column];
    out.amount += amount;
    if (amount > kTaken && !out.first) out.first = p.first + t;
  }
  return out;
}

}  // namespace

double option_taken(const Programme& programme, const PlanOption& option, const LpSolver& solver) {
  return taken_of(programme, option, solver).amount;
}

EntryPrice find_entry_price(const Programme& programme, const PlanOption& option, double guess, double tolerance,
                            const LpSolver& solver) {
  EntryPrice out;
  double taken_at = 0, left_at = 1;
  const auto ask = [&](double share) {
    const Taken taken = taken_of(at_price(programme, option, share), option, solver);
    ++out.solves;
    if (taken.first) {
      taken_at = share, out.first = taken.first, out.share = share;
    } else {
      left_at = share;
    }
    return taken.first.has_value();
  };
  if (!ask(0)) return out;
  // Around the guess first: where it is right two plans are enough to come within a twentieth.
  for (const double share : {guess * 0.95, guess * 1.05}) {
    if (share > taken_at && share < left_at) ask(share);
  }
  while (left_at - taken_at > tolerance) ask(0.5 * (taken_at + left_at));
  out.width = left_at - taken_at;
  return out;
}

}  // namespace stargate
