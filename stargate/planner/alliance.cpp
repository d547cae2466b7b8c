// Absent partners are taken out one after the other, each from what the one before has left.
#include "stargate/planner/alliance.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/planner/planner.hpp"

namespace stargate {
namespace {

bool among(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The last quarter of the tail.
Quarter end_of(const Programme& p) { return p.last + 4 * p.tail_years; }

/// A series by quarter, from what it was in each.
template <class T, class Change>
Series<T> changed(const Programme& p, const Series<T>& series, const Change& change) {
  Series<T> out;
  for (Quarter q = p.first; q <= end_of(p); q = q + 1) out.points[q] = change(q, series.at(q));
  return out;
}

/// Takes one absent partner's things out of a programme.
class Absence {
 public:
  Absence(Programme& programme, const PlanPartner& partner, const PlanSubstitute& instead)
      : p_(programme), partner_(partner), instead_(instead), back_(programme.first + instead.delay) {}

  void apply() {
    for (PlanTranche& tranche : p_.capital) take_money(tranche);
    for (PlanSite& site : p_.sites) {
      if (among(partner_.sites, site.id)) take_site(site);
    }
    for (PlanSystem& system : p_.systems) {
      if (among(partner_.systems, system.id)) take_system(system);
    }
    for (PlanPart& part : p_.parts) {
      for (PlanOffer& offer : part.offers) {
        const bool whole = part.product.starts_with("system:") && among(partner_.systems, part.product.substr(7));
        if (whole || among(partner_.suppliers, offer.supplier)) offer.amount = left(offer.amount);
      }
    }
    for (PlanService& service : p_.services) {
      if (!among(partner_.services, service.id)) continue;
      service.demand = left(service.demand);
      for (PlanBlock& block : service.blocks) {
        block.price = changed(p_, block.price, [&](Quarter, MoneyPerToken price) { return instead_.price * price; });
      }
    }
  }

 private:
  double share(Quarter q) const { return q < back_ ? 0 : instead_.share; }

  template <class T>
  Series<T> left(const Series<T>& amount) const {
    return changed(p_, amount, [&](Quarter q, T value) { return share(q) * value; });
  }

  /// Share of the new price that leaves the same sum to pay: what is on order has its price.
  double paid_at(double paid) const { return std::clamp(1 - (1 - paid) / instead_.price, 0.0, 1.0); }

  /// What was drawn is spent. A tranche that others pay in part comes as a whole when the substitute's share does.
  void take_money(PlanTranche& tranche) {
    const auto brought = partner_.capital.find(tranche.name);
    if (brought == partner_.capital.end()) return;
    const double gone = brought->second * (1 - instead_.share);
    tranche.amount = tranche.drawn + (tranche.amount - tranche.drawn) * (1 - gone);
    if (brought->second >= 1) tranche.from = std::max(tranche.from, back_);
    if (tranche.kind == FundKind::debt) tranche.interest *= 1 + brought->second * (instead_.price - 1);
  }

  /// What is energised, or will be by work under way, keeps its grid.
  void take_site(PlanSite& site) {
    site.grid = changed(p_, site.grid, [&](Quarter q, Power grid) {
      Power kept = site.energised;
      for (const PlanConstruction& work : site.building) {
        if (work.ready <= q) kept += work.power;
      }
      kept = min(kept, grid);
      return kept + share(q) * (grid - kept);
    });
    for (PlanPlant& plant : site.plants) {  // what was begun before stays
      plant.most = changed(p_, plant.most, [&](Quarter q, Power most) {
        const Power begun = plant.begun.at(q);
        return max(begun, begun + share(q) * (most - begun));
      });
      plant.price *= instead_.price;
    }
    if (site.flexible) site.flexible->most = left(site.flexible->most);
    site.construction_price *= instead_.price;
    for (PlanConstruction& work : site.building) work.paid = paid_at(work.paid);
  }

  void take_system(PlanSystem& system) {
    system.first_delivery = std::max(system.first_delivery, instead_.share > 0 ? back_ : end_of(p_) + 1);
    if (system.growth) system.growth->seed *= instead_.share;
    system.price = changed(p_, system.price, [&](Quarter, Money price) { return instead_.price * price; });
    for (auto& [arrives, ordered] : system.committed) ordered.paid = paid_at(ordered.paid.value_or(p_.payments.deposit));
  }

  Programme& p_;
  const PlanPartner& partner_;
  const PlanSubstitute instead_;
  const Quarter back_;
};

}  // namespace

Programme coalition_programme(const Programme& programme, std::span<const PlanPartner> partners, Coalition present,
                              Counterfactual counterfactual) {
  Programme out = programme;
  for (std::size_t i = 0; i < partners.size(); ++i) {
    if ((present >> i & 1) == 0) Absence(out, partners[i], partners[i].in(counterfactual)).apply();
  }
  return out;
}

Programme in_years(const Programme& programme, int quarters) {
  Programme out = programme;
  const int years = std::max(0, programme.quarters() - std::max(1, quarters)) / 4;
  out.last = out.last - 4 * years, out.tail_years += years;
  return out;
}

CoalitionPlanValue coalition_value(const Programme& programme, std::span<const PlanPartner> partners, Coalition present,
                                   Counterfactual counterfactual, const LpSolver& solver) {
  Programme with = coalition_programme(programme, partners, present, counterfactual);
  CoalitionPlanValue out;
  for (const bool give_up : {false, true}) {
    if (give_up) {
      for (PlanSystem& system : with.systems) system.committed.clear();
      for (PlanSite& site : with.sites) site.building.clear();
      for (PlanContract& contract : with.contracts) contract.is_signed = false;
    }
    const PlanOutcome outcome = solve_programme(with, solver);
    if (const auto* plan = std::get_if<Plan>(&outcome)) {
      out.value = plan->value.base(), out.gave_up = give_up;
      return out;
    }
    if (const auto* unsolved = std::get_if<UnsolvedPlan>(&outcome)) out.unsolved = unsolved->message;
  }
  out.gave_up = true;
  return out;
}

}  // namespace stargate
