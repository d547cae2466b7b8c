// The state that a plan's first quarter leaves: each commitment of the programme with the date it was made, what of it
// is paid, and the price, so that the rows of the next plan read what the last one's did.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/replan.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kNone = 1e-9;  // LP units

class NextProgramme {
 public:
  NextProgramme(const PlanModel& model, const std::vector<double>& columns)
      : m_(model), c_(model.columns), x_(columns), p_(*model.programme), next_(p_) {}

  Programme make() {
    next_.first = p_.first + 1;
    for (std::size_t s = 0; s < p_.sites.size(); ++s) carry_site(static_cast<int>(s), next_.sites[s]);
    for (std::size_t g = 0; g < p_.systems.size(); ++g) carry_system(static_cast<int>(g), next_.systems[g]);
    for (std::size_t i = 0; i < p_.parts.size(); ++i) {
      next_.parts[i].stock = value(c_.stock.at(static_cast<int>(i), 0)) * part_unit(p_, p_.parts[i]);
    }
    for (std::size_t x = 0; x < p_.contracts.size(); ++x) carry_contract(static_cast<int>(x), next_.contracts[x]);
    carry_money();
    carry_carbon();
    return std::move(next_);
  }

 private:
  double value(int column) const {
    const double x = column < 0 ? 0 : x_[static_cast<std::size_t>(column)];
    return std::abs(x) < kNone ? 0 : x;
  }
  double sum(const PlanTerms& terms) const {
    double out = terms.constant();
    for (const auto& entry : terms.entries()) out += entry.value * x_[static_cast<std::size_t>(entry.column)];
    return out;
  }

  void carry_site(int s, PlanSite& site) {
    const Quarter first = p_.first;
    for (PlanConstruction& work : site.building) work.paid += (1 - work.paid) / std::max(1, work.ready - first);
    if (const double started = value(c_.started.at(s, 0)); started > 0) {
      const int lead = site.construction_lead;
      site.building.push_back({started * kLpPower, first + lead, 1.0 / std::max(1, lead)});
    }
    site.subscribed = value(c_.energised.at(s, 0)) * kLpPower;
    for (std::size_t i = 0; i < site.plants.size(); ++i) {
      PlanPlant& plant = site.plants[i];
      // What was ordered is no part of what the grid is asked for.
      if (!plant.battery) *site.subscribed -= ordered_plant_lp(p_, plant, 0) * kLpPower;
      for (PlanConstruction& work : plant.building) work.paid += (1 - work.paid) / std::max(1, work.ready - first);
      const double ordered = value(c_.plant.at(s, static_cast<int>(i), 0));
      if (ordered > 0) plant.building.push_back({ordered * kLpPower, first + plant.lead, 1.0 / std::max(1, plant.lead)});
    }
    *site.subscribed = max(Power{}, *site.subscribed);
    if (const double leased = value(c_.leased.at(s, 0)); leased > 0) site.lease->taken[first] = leased * kLpPower;
    site.dense.clear();
    for (std::size_t h = 0; h < p_.halls.size(); ++h) {
      const int hall = static_cast<int>(h);
      site.dense.push_back(dense_lp(p_, p_.sites[static_cast<std::size_t>(s)], hall));
      if (const double refit = value(c_.refit.at(s, hall, 0)); refit > 0) {
        site.refits.push_back({hall, refit * kLpPower, first});
      }
    }
  }

  /// What came stands by its age; of the oldest as many are gone as were retired.
  void carry_standing(int g, PlanSystem& system, int s, std::vector<PlanStanding>& out) const {
    const std::string& site = p_.sites[static_cast<std::size_t>(s)].id;
    const double unit = systems_per_lp(system);
    std::vector<PlanStanding> here;
    for (const auto& some : system.standing) {
      if (some.site == site) here.push_back(some);
    }
    std::stable_sort(here.begin(), here.end(),
                     [](const PlanStanding& a, const PlanStanding& b) { return a.delivered < b.delivered; });
    if (const double came = value(c_.deliver.at(s, g, 0)); came > 0) {
      here.push_back({site, p_.first, came * unit, system.price.at(p_.first)});
    }
    double stay = value(c_.installed.at(s, g, 0)) * unit;
    for (auto some = here.rbegin(); some != here.rend(); ++some) {
      some->systems = std::min(some->systems, stay), stay -= some->systems;
      if (some->systems > 0) out.push_back(*some);
    }
  }

  void carry_system(int g, PlanSystem& system) {
    const double unit = systems_per_lp(system);
    std::vector<PlanStanding> standing;
    for (std::size_t s = 0; s < p_.sites.size(); ++s) carry_standing(g, system, static_cast<int>(s), standing);
    const auto before = arrived_before(p_, system);
    PlanTerms arrivals;
    add_arrivals(arrivals, m_, g, 0, unit);
    system.arrived = before;
    system.arrived[p_.first] = {std::max(0.0, sum(arrivals)), system.price.at(p_.first), true};
    system.standing = std::move(standing);
    system.waiting = value(c_.store.at(g, 0)) * unit;
    system.committed.erase(p_.first);
    const double ordered = value(c_.order.at(g, 0)) * unit;
    if (system.order_lead == 0 || ordered <= 0) return;
    PlanOrdered& of = system.committed[p_.first + system.order_lead];
    const double deposit = p_.payments.deposit, all = of.systems + ordered;
    of.paid = (of.paid.value_or(deposit) * of.systems + deposit * ordered) / all;
    of.systems = all, of.offered += ordered;
  }

  /// What binds is taken, or let go, by the quarter in which it gives the first machines.
  void carry_contract(int x, PlanContract& contract) const {
    const int take = c_.take.at(x, 0);
    if (take < 0 || c_.hire.at(x, 0) < 0) return;
    for (auto& point : contract.accelerators.points) point.second *= value(take);
    contract.is_signed = true;
  }

  void carry_money() {
    if (p_.tax) next_.tax->losses = value(c_.loss.at(0, 0)) * kLpMoney;
    PlanTerms revenue, due;
    add_revenue(revenue, m_, 0, 1);
    for (std::size_t r = 0; r < p_.capital.size(); ++r) {
      PlanTranche& tranche = next_.capital[r];
      if (tranche.kind == FundKind::debt) {
        add_interest(due, m_, static_cast<int>(r), 0, 1);
        add_repayment(due, m_, static_cast<int>(r), 0, 1);
      }
      const double drawn = value(c_.draw.at(static_cast<int>(r), 0));
      if (drawn <= 0) continue;
      tranche.drawn = min(tranche.amount, tranche.drawn + drawn * kLpMoney);
      tranche.draws[p_.first] = drawn * kLpMoney;
    }
    const PaymentTerms& paid = m_.payments.front();
    double earned = sum(revenue) - sum(paid.tax);
    for (const PlanTerms* some : paid.running()) earned -= sum(*some);
    next_.before.push_back({earned * kLpMoney, sum(paid.rent) * kLpMoney, sum(due) * kLpMoney});
    if (next_.before.size() > 3) next_.before.erase(next_.before.begin());
    if (!p_.capital.empty()) next_.cash = value(c_.cash.at(0, 0)) * kLpMoney;
  }

  void carry_carbon() {
    if (next_.first.year() != p_.first.year()) return next_.emitted.clear();
    double carbon = 0;
    for (std::size_t s = 0; s < p_.sites.size(); ++s) {
      carbon += value(c_.drawn.at(static_cast<int>(s), 0)) * carbon_lp(p_.sites[s]);
    }
    next_.emitted.push_back(carbon * kLpCarbon);
  }

  const PlanModel& m_;
  const PlanColumns& c_;
  const std::vector<double>& x_;
  const Programme& p_;
  Programme next_;
};

}  // namespace

Programme next_programme(const PlanModel& model, const std::vector<double>& columns) {
  return NextProgramme(model, columns).make();
}

}  // namespace stargate
