// A plan, its first quarter carried out, the state that leaves, what has become known by then, and the next plan.
#include "stargate/planner/replan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/replay.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr const char* kInHand = "in hand";  // the tranche that carries cash from one quarter to the next

struct SolvedPlan {
  PlanModel model;  ///< refers to the programme it was made from
  std::vector<double> columns;
  Plan plan;
};

std::optional<SolvedPlan> solve_plan(const Programme& programme, const LpSolver& solver) {
  PlanModel model = build_plan_model(programme);
  LpOutcome outcome = solver.solve(model.lp, {});
  auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) return std::nullopt;
  Plan plan = report_plan(model, {found->values, found->duals, found->activities});
  return SolvedPlan{std::move(model), std::move(found->values), std::move(plan)};
}

void carry_site(PlanSite& site, const SiteQuarter& done, Quarter first) {
  std::vector<PlanConstruction> left;
  for (PlanConstruction work : site.building) {
    if (work.ready <= first) continue;
    work.paid += (1 - work.paid) / (work.ready - first);
    left.push_back(work);
  }
  if (done.started > Power{} && site.construction_lead > 0) {
    left.push_back({done.started, first + site.construction_lead, 1.0 / site.construction_lead});
  }
  site.energised = done.built, site.building = std::move(left);
}

/// What came stands by its age; of the oldest as many are gone as were retired.
void carry_standing(PlanSystem& system, const std::string& site, const SystemAtSite& done, Quarter first) {
  std::vector<PlanStanding> here, others;
  for (const auto& some : system.standing) (some.site == site ? here : others).push_back(some);
  std::stable_sort(here.begin(), here.end(),
                   [](const PlanStanding& a, const PlanStanding& b) { return a.delivered < b.delivered; });
  if (done.delivered > 0) here.push_back({site, first, done.delivered});
  double stay = done.installed;
  for (auto some = here.rbegin(); some != here.rend(); ++some) {
    some->systems = std::min(some->systems, stay), stay -= some->systems;
    if (some->systems > 1e-9) others.push_back(*some);
  }
  system.standing = std::move(others);
}

void carry_orders(PlanSystem& system, const SystemQuarter& done, const Programme& before) {
  const Quarter first = before.first;
  const auto add = [&](Quarter arrives, double count, double paid) {
    if (count <= 1e-9) return;
    PlanOrdered& sum = system.committed[arrives];
    const double all = sum.systems + count;
    sum.paid = (sum.paid.value_or(before.payments.deposit) * sum.systems + paid * count) / all;
    sum.systems = all;
  };
  system.committed.erase(first);
  if (system.order_lead > 0) add(first + system.order_lead, done.ordered, before.payments.deposit);
  // What waits comes again, paid but for acceptance.
  add(first + 1, done.stored, 1 - before.payments.acceptance);
}

void carry_money(Programme& next, const Plan& plan) {
  const PlanQuarter& done = plan.quarters.front();
  Money in_hand = done.cash;
  std::vector<PlanTranche> left;
  for (std::size_t r = 0; r < next.capital.size(); ++r) {
    PlanTranche tranche = next.capital[r];
    tranche.drawn += done.drawn[r];
    if (tranche.name == kInHand) {
      in_hand += tranche.amount - tranche.drawn;
    } else {
      tranche.drawn = min(tranche.drawn, tranche.amount);
      left.push_back(tranche);
    }
  }
  PlanTranche cash;
  cash.name = kInHand, cash.from = next.first, cash.amount = max(Money{}, in_hand);
  left.push_back(cash);
  next.capital = std::move(left);
}

/// Parts kept are offered again a quarter later.
void carry_stock(Programme& next, const PlanModel& model, const std::vector<double>& columns) {
  for (std::size_t i = 0; i < next.parts.size(); ++i) {
    PlanPart& part = next.parts[i];
    const int column = model.columns.stock.at(static_cast<int>(i), 0);
    const double kept = column < 0 ? 0 : columns[static_cast<std::size_t>(column)] * part_unit(*model.programme, part);
    if (kept <= 0 || part.offers.empty()) continue;
    Series<double>& amount = part.offers.front().amount;
    const Quarter made = next.first - part.lag;
    for (const int n : {-1, 1}) amount.points[made + n] = amount.at(made + n);
    amount.points[made] = amount.at(made) + kept;
  }
}

std::vector<PlanChange> known_in(const std::vector<PlanChange>& changes, Quarter first, Quarter quarter) {
  std::vector<PlanChange> out;
  for (const PlanChange& change : changes) {
    if (std::max(change.from.value_or(first), first) == quarter) out.push_back(change);
  }
  return out;
}

Programme carried_on(const SolvedPlan& solved) {
  const Programme& programme = *solved.model.programme;
  Programme next = next_programme(programme, solved.plan);
  carry_stock(next, solved.model, solved.columns);
  return next;
}

}  // namespace

Programme next_programme(const Programme& programme, const Plan& plan) {
  Programme next = programme;
  const PlanQuarter& done = plan.quarters.front();
  next.first = programme.first + 1;
  for (std::size_t s = 0; s < next.sites.size(); ++s) carry_site(next.sites[s], done.sites[s], programme.first);
  for (std::size_t g = 0; g < next.systems.size(); ++g) {
    PlanSystem& system = next.systems[g];
    for (std::size_t s = 0; s < next.sites.size(); ++s) {
      carry_standing(system, next.sites[s].id, done.sites[s].systems[g], programme.first);
    }
    carry_orders(system, done.systems[g], programme);
  }
  if (!next.capital.empty()) carry_money(next, plan);
  return next;
}

ReplanOutcome replan(const RiskBasis& basis, const std::vector<PlanChange>& changes, const LpSolver& solver) {
  const Quarter first = basis.programme.first;
  ReplanReport out;
  const Programme truth = changed_programme(basis, changes);
  const auto foresight = solve_plan(truth, solver);
  if (!foresight) return {{}, "no plan keeps every limit where all is known"};
  out.foresight = foresight->plan.value.base();
  RiskBasis now = basis;
  double done = 0;  // present value of the quarters carried out
  for (int t = 0; t < basis.programme.quarters(); ++t) {
    ReplanQuarter quarter;
    quarter.quarter = first + t;
    const auto known = known_in(changes, first, quarter.quarter);
    for (const PlanChange& change : known) quarter.learned.push_back(fmt::format("{}", driver_name(change.driver)));
    if (!known.empty()) now.programme = changed_programme(now, known);
    const auto solved = solve_plan(now.programme, solver);
    if (!solved) return {{}, "no plan keeps every limit in " + format_quarter(quarter.quarter)};
    if (t == 0) {
      out.promised = solved->plan.value.base();
      const Replay kept = KeptPlan(now.programme, solved->columns).under(truth);
      out.kept = kept.value, out.missing = kept.missing;
    }
    const PlanQuarter& carried = solved->plan.quarters.front();
    const double weight = discount_factor(basis.programme, t);
    quarter.revenue = carried.revenue.base();
    quarter.paid = (carried.spent.total() - carried.spent.interest).base();
    quarter.expected = done + weight * solved->plan.value.base();
    out.quarters.push_back(quarter);
    out.rolled = quarter.expected;
    done += weight * (quarter.revenue - quarter.paid);
    if (t + 1 < basis.programme.quarters()) now.programme = carried_on(*solved);
  }
  return {std::move(out), {}};
}

}  // namespace stargate
