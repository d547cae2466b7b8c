// What could give way as changes of the programme, and the search for a smallest set that conflicts.
#include "stargate/planner/conflict.hpp"

#include <fmt/format.h>

#include <span>

#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr double kPlenty = 1e4;  ///< times what a limit allows: none any more

/// Walks the programme and names what could give way.
class MovableLimits {
 public:
  explicit MovableLimits(const Programme& programme) : p_(programme) {}

  std::vector<PlanLimit> all() {
    for (std::size_t r = 0; r < p_.capital.size(); ++r) money(r);
    if (!p_.capital.empty() && p_.maximum_debt_share < 1) {
      add(fmt::format("debt at most {:g} % of what is drawn", 100 * p_.maximum_debt_share),
          [](Programme& p) { p.maximum_debt_share = 1; });
    }
    if (p_.carbon_cap) {
      add(fmt::format("carbon cap of {:.4g} kt a year", p_.carbon_cap->in(1000.0 * tonne)),
          [](Programme& p) { p.carbon_cap.reset(); });
    }
    if (p_.debt_service) {
      add(fmt::format("debt service covered {:g} times", p_.debt_service->least),
          [](Programme& p) { p.debt_service.reset(); });
    }
    if (p_.fixed_charge) {
      add(fmt::format("fixed charges covered {:g} times", p_.fixed_charge->least),
          [](Programme& p) { p.fixed_charge.reset(); });
    }
    if (p_.tax) {
      add(fmt::format("tax of {:g} %", 100 * p_.tax->rate), [](Programme& p) { p.tax.reset(); });
    }
    for (std::size_t g = 0; g < p_.systems.size(); ++g) system(g);
    for (std::size_t k = 0; k < p_.services.size(); ++k) promises(k);
    for (std::size_t x = 0; x < p_.contracts.size(); ++x) rented(x);
    for (std::size_t s = 0; s < p_.sites.size(); ++s) site(s);
    for (std::size_t i = 0; i < p_.parts.size(); ++i) {
      add("offers of " + p_.parts[i].product, [i](Programme& p) {
        for (auto& offer : p.parts[i].offers) scale(offer.amount, kPlenty);
      });
    }
    if (!p_.capital.empty() && p_.reinvested_revenue < 1) {
      add(fmt::format("{:g} % of revenue pays bills", 100 * p_.reinvested_revenue),
          [](Programme& p) { p.reinvested_revenue = 1; });
    }
    return std::move(out_);
  }

 private:
  void add(std::string name, std::function<void(Programme&)> lift) {
    out_.push_back({std::move(name), std::move(lift)});
  }

  template <class T>
  static void scale(Series<T>& series, double factor) {
    for (auto& [quarter, value] : series.points) value *= factor;
  }

  void money(std::size_t r) {
    const PlanTranche& tranche = p_.capital[r];
    add(fmt::format("tranche {}: {} in all", tranche.name, format_quantity(tranche.amount)), [r](Programme& p) {
      p.capital[r].amount = p.capital[r].amount + kPlenty * billion_dollars;
    });
    if (tranche.from > p_.first) {
      add(fmt::format("tranche {}: not before {}", tranche.name, format_quarter(tranche.from)),
          [r](Programme& p) { p.capital[r].from = p.first; });
    }
    if (tranche.repayment) {
      add(fmt::format("tranche {}: repaid by {}", tranche.name, format_quarter(tranche.repayment->until)),
          [r](Programme& p) { p.capital[r].repayment.reset(); });
    }
  }

  /// Floors, whose tokens are served or paid for.
  void promises(std::size_t k) {
    for (std::size_t b = 0; b < p_.services[k].blocks.size(); ++b) {
      if (p_.services[k].blocks[b].floor.points.empty()) continue;
      add(fmt::format("tokens of {} promised to {}", p_.services[k].id, p_.services[k].blocks[b].name),
          [k, b](Programme& p) { p.services[k].blocks[b].floor.points.clear(); });
    }
  }

  void rented(std::size_t x) {
    if (!p_.contracts[x].is_signed) return;
    add(fmt::format("contract {} is signed, take-or-pay {:g} %", p_.contracts[x].id, 100 * p_.contracts[x].take_or_pay),
        [x](Programme& p) { p.contracts[x].is_signed = false; });
  }

  void system(std::size_t g) {
    double ordered = 0, standing = 0;
    for (const auto& [arrives, some] : p_.systems[g].committed) ordered += some.systems;
    for (const auto& some : p_.systems[g].standing) standing += some.systems;
    if (ordered > 0) {
      add(fmt::format("{:.0f} {} on order", ordered, p_.systems[g].id),
          [g](Programme& p) { p.systems[g].committed.clear(); });
    }
    if (standing > 0) {
      add(fmt::format("{:.0f} {} that stand", standing, p_.systems[g].id),
          [g](Programme& p) { p.systems[g].standing.clear(); });
    }
    if (p_.systems[g].growth) {
      add("ramp of " + p_.systems[g].id, [g](Programme& p) { p.systems[g].growth.reset(); });
    }
  }

  void site(std::size_t s) {
    const PlanSite& site = p_.sites[s];
    Power building;
    for (const auto& some : site.building) building += some.power;
    if (building > Power{}) {
      add(fmt::format("{:.4g} MW under construction at {}", building.in(megawatt), site.id),
          [s](Programme& p) { p.sites[s].building.clear(); });
    }
    if (site.take_or_pay > 0) {
      add(fmt::format("take-or-pay at {}: {:g} % of {:.4g} MW that run", site.id, 100 * site.take_or_pay,
                      site.energised.in(megawatt)),
          [s](Programme& p) { p.sites[s].take_or_pay = 0; });
    }
    add("power at " + site.id, [s](Programme& p) { scale(p.sites[s].grid, kPlenty); });
    if (site.most_started > Power{}) {
      add("construction starts at " + site.id, [s](Programme& p) { p.sites[s].most_started *= kPlenty; });
    }
  }

  const Programme& p_;
  std::vector<PlanLimit> out_;
};

/// Whether there is a plan that keeps some limits; costs do not matter.
class Feasibility {
 public:
  Feasibility(const Programme& programme, const LpSolver& solver) : p_(programme), solver_(solver) {}

  bool holds(const std::vector<PlanLimit>& all, const std::vector<bool>& kept) {
    Programme lifted = p_;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!kept[i]) all[i].lift(lifted);
    }
    ++solves_;
    return std::holds_alternative<LpSolution>(solver_.solve(build_plan_model(lifted).lp, {}));
  }
  int solves() const { return solves_; }

 private:
  const Programme& p_;
  const LpSolver& solver_;
  int solves_ = 0;
};

/// QuickXplain. `kept` are limits that hold meanwhile; which of `some` are needed for a conflict beside them.
std::vector<std::size_t> quick_explain(Feasibility& feasible, const std::vector<PlanLimit>& all, std::vector<bool> kept,
                                 bool kept_grew, std::span<const std::size_t> some) {
  if (kept_grew && !feasible.holds(all, kept)) return {};
  if (some.size() == 1) return {some[0]};
  const auto first = some.first(some.size() / 2), second = some.subspan(some.size() / 2);
  std::vector<bool> with_first = kept;
  for (const std::size_t i : first) with_first[i] = true;
  const auto of_second = quick_explain(feasible, all, with_first, true, second);
  for (const std::size_t i : of_second) kept[i] = true;
  auto out = quick_explain(feasible, all, kept, !of_second.empty(), first);
  out.insert(out.end(), of_second.begin(), of_second.end());
  return out;
}

}  // namespace

std::vector<PlanLimit> movable_limits(const Programme& programme) { return MovableLimits(programme).all(); }

PlanConflict find_conflict(const Programme& programme, const LpSolver& solver) {
  const auto limits = movable_limits(programme);
  PlanConflict out;
  Feasibility feasible(programme, solver);
  std::vector<std::size_t> all(limits.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  // With all of them lifted there is a plan, or they are not why there is none.
  if (!limits.empty() && feasible.holds(limits, std::vector<bool>(limits.size(), false))) {
    for (const std::size_t i : quick_explain(feasible, limits, std::vector<bool>(limits.size(), false), false, all)) {
      out.limits.push_back(limits[i].name);
    }
  }
  out.solves = feasible.solves();
  return out;
}

}  // namespace stargate
