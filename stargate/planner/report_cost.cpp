// What each quarter costs, in annuities and bills, and what of it a service bears. Discounted, class by class, the
// quarters are PlanCost of the plan.
//   pool(s,g,t) = annuities of the kind by what is installed + maintenance + energy + the site's shell by power
//   working     = pools that run something, with the energy of their work, and rent of machines that run something
//   service k   = working * LRMC_k served_k / sum_j LRMC_j served_j, LRMC: marginal cost over five quarters
//   idle        = pools that run nothing, power without machines, what waits in a store
//   stranded    = annuities of what was retired before its life was over
#include <algorithm>
#include <cmath>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

void add_cost(PlanCost& to, const PlanCost& from, double factor = 1) {
  to.systems += factor * from.systems;
  to.construction += factor * from.construction;
  to.energy += factor * from.energy;
  to.opex += factor * from.opex;
  to.carbon += factor * from.carbon;
  to.rent += factor * from.rent;
  to.standing += factor * from.standing;
}

class Costs {
 public:
  Costs(const PlanModel& model, const PlanValues& values, Plan& plan)
      : model_(model), p_(*model.programme), c_(model.columns), x_(values), plan_(plan) {}

  void report() {
    for (int t = 0; t < p_.quarters(); ++t) {
      PlanQuarter& quarter = plan_.quarters[t];
      work_.assign(p_.services.size(), {});
      for (std::size_t s = 0; s < p_.sites.size(); ++s) share_site(quarter, static_cast<int>(s), t);
      for (std::size_t x = 0; x < p_.contracts.size(); ++x) share_contract(quarter, static_cast<int>(x), t);
      for (std::size_t g = 0; g < p_.systems.size(); ++g) {
        add_cost(quarter.idle_cost, unplaced_cost(static_cast<int>(g), t));
        add_cost(quarter.stranded_cost, stranded(static_cast<int>(g), t));
      }
      for (std::size_t i = 0; i < p_.parts.size(); ++i) {
        quarter.idle_cost.opex += x_.at(c_.stock.at(static_cast<int>(i), t)) * keeping_lp(p_, p_.parts[i]) * kLpMoney;
      }
      share_work(t);
      for (std::size_t k = 0; k < p_.services.size(); ++k) close_service(quarter, k);
      add_cost(quarter.cost, quarter.idle_cost), add_cost(quarter.cost, quarter.stranded_cost);
      for (const auto& service : quarter.services) add_cost(quarter.cost, service.cost);
      add_cost(plan_.parts, quarter.cost, discount_factor(p_, t));
      plan_.revenue += discount_factor(p_, t) * quarter.revenue;
    }
    if (!p_.second_rate) return;
    plan_.second_present_value = Money{};
    for (int t = 0; t < p_.quarters(); ++t) {
      *plan_.second_present_value += std::pow(1 + *p_.second_rate, -0.25 * t) *
                                    (plan_.quarters[t].revenue - plan_.quarters[t].cost.total() +
                                     plan_.quarters[t].cost.standing);
    }
  }

 private:
  /// What the site costs whatever runs there.
  PlanCost shell_cost(int s, int t) const {
    const auto& site = p_.sites[s];
    PlanCost cost;
    for (int u = 0; u + site.construction_lead <= t; ++u) {
      if (t >= annuity_end(p_, u + site.construction_lead, p_.building_life)) continue;
      cost.construction += x_.at(c_.started.at(s, u)) * construction_lp(site) *
                           quarterly_charge(p_, p_.building_life) * kLpMoney;
    }
    const double charge = construction_lp(site) * quarterly_charge(p_, p_.building_life);
    for (const auto& some : site.building) {
      const int ready = some.ready - p_.first;
      if (ready > t || t >= annuity_end(p_, ready, p_.building_life)) continue;
      cost.construction += to_lp(some.power) * charge * kLpMoney;
    }
    for (int u = 0; u <= t; ++u) {
      if (t >= annuity_end(p_, u, p_.building_life)) continue;
      cost.construction += quarterly_charge(p_, p_.building_life) * plan_.quarters[u].sites[s].refit;
    }
    cost.standing = to_lp(site.energised) * charge * kLpMoney;
    for (int u = 0; site.lease && u <= t; ++u) {
      const double runs = alive_share(p_, site.lease->term, u, t);
      cost.rent += runs * x_.at(c_.leased.at(s, u)) * rent_lp(*site.lease) * kLpMoney;
    }
    // Energy paid for and not used has no user: it is a cost of the shell.
    cost.energy = x_.at(c_.topup.at(s, t)) * electricity_lp(site) * kLpMoney;
    add_plants(cost, s, t);
    if (x_.at(c_.drawn.at(s, t)) <= 0) add_cost(cost, drawn_cost(s, t));
    return cost;
  }

  /// Annuities and care of the site's plants. Those begun before the plan are paid.
  void add_plants(PlanCost& cost, int s, int t) const {
    const auto& site = p_.sites[s];
    for (int i = 0; i < static_cast<int>(site.plants.size()); ++i) {
      const PlanPlant& plant = site.plants[i];
      for (int u = 0; u + plant.lead <= t; ++u) {
        if (t >= annuity_end(p_, u + plant.lead, plant.life)) continue;
        const double price = x_.at(c_.plant.at(s, i, u)) * plant_lp(plant);
        cost.construction += price * quarterly_charge(p_, plant.life) * kLpMoney;
      }
      PlanTerms stands;
      add_plant_standing(stands, model_, s, i, t, plant_care_lp(plant));
      cost.opex += x_.sum(stands) * kLpMoney;
    }
  }

  /// Energy of all that the site draws, of the grid and of its plants, with what bridges cuts.
  PlanCost drawn_cost(int s, int t) const {
    const auto& site = p_.sites[s];
    PlanTerms energy, emitted;
    add_imported(energy, model_, s, t, electricity_lp(site));
    for (int i = 0; i < static_cast<int>(site.plants.size()); ++i) {
      energy.add(c_.made.at(s, i, t), fuel_lp(site.plants[i]));
      const int backup = c_.backup.at(s, i, t);
      if (backup >= 0) energy.add(backup, bridging_lp(site, site.plants[i]));
    }
    add_emitted(emitted, model_, s, t, to_lp(kLpCarbon * p_.carbon_price));
    PlanCost cost;
    cost.energy = x_.sum(energy) * kLpMoney, cost.carbon = x_.sum(emitted) * kLpMoney;
    return cost;
  }

  /// Of that, by what is drawn.
  PlanCost energy_cost(int s, int t, double mean_power) const {
    PlanCost cost;
    const double drawn = x_.at(c_.drawn.at(s, t));
    if (drawn > 0) add_cost(cost, drawn_cost(s, t), mean_power / drawn);
    return cost;
  }

  /// M$ of annuities of all systems of a kind that arrived in the last `life` quarters, and of those that stood before.
  /// By arrivals and not by what stands: the annuity of what was retired early, or waits, runs on to the end of its
  /// life.
  std::pair<double, double> all_annuities(int g, int t) const {
    const auto& system = p_.systems[g];
    const double charge = quarterly_charge(p_, system.life);
    double bought = 0, stood = 0;
    for (int u = std::max(0, t - system.life + 1); u <= t; ++u) {
      bought += plan_.quarters[u].systems[g].arrived / systems_per_lp(system) * price_lp(system, p_.first + u) * charge;
    }
    for (const auto& site : p_.sites) {
      stood += standing_systems(system, site, p_.first, t) / systems_per_lp(system) * price_lp(system, p_.first) *
               charge;
    }
    return {bought, stood};
  }

  /// Of these, of what was retired before its life was over.
  PlanCost stranded(int g, int t) const {
    const auto& system = p_.systems[g];
    const auto [bought, stood] = all_annuities(g, t);
    double of_bought = 0, of_stood = 0;
    for (const auto& some : plan_.retired_early) {
      const Quarter now = p_.first + t;
      if (some.system != g || some.quarter > now || now - some.delivered >= system.life) continue;
      const double annuity = some.systems / systems_per_lp(system) * quarterly_charge(p_, system.life) *
                             price_lp(system, std::max(some.delivered, p_.first));
      (some.delivered < p_.first ? of_stood : of_bought) += annuity;
    }
    PlanCost cost;
    cost.systems = std::min(bought, of_bought) * kLpMoney, cost.standing = std::min(stood, of_stood) * kLpMoney;
    return cost;
  }

  /// M$ of annuities of what stands or waits.
  std::pair<double, double> annuities(int g, int t) const {
    const auto [bought, stood] = all_annuities(g, t);
    const PlanCost lost = stranded(g, t);
    return {bought - to_lp(lost.systems), stood - to_lp(lost.standing)};
  }

  /// Annuities, maintenance and idle energy of one kind of system at a site.
  PlanCost pool_cost(int s, int g, int t) const {
    const auto& system = p_.systems[g];
    const double installed = x_.at(c_.installed.at(s, g, t));
    PlanCost cost = energy_cost(s, t, installed * idle_power_lp(p_.sites[s], system));
    const auto& all = plan_.quarters[t].systems[g];
    const double share = installed > 0 ? installed * systems_per_lp(system) / (all.installed + all.stored) : 0;
    const auto [bought, stood] = annuities(g, t);
    cost.systems = share * bought * kLpMoney, cost.standing = share * stood * kLpMoney;
    cost.opex = installed * maintenance_lp(system, p_.first + t) * kLpMoney;
    return cost;
  }

  /// What no site has: in the store, or given up.
  PlanCost unplaced_cost(int g, int t) const {
    const auto& all = plan_.quarters[t].systems[g];
    const double share = all.installed > 0 ? all.stored / (all.installed + all.stored) : 1;
    const auto [bought, stood] = annuities(g, t);
    PlanCost cost;
    cost.systems = share * bought * kLpMoney, cost.standing = share * stood * kLpMoney;
    return cost;
  }

  /// Power without systems costs all the same: that part of the shell is idle cost.
  void share_site(PlanQuarter& quarter, int s, int t) {
    const PlanCost shell = shell_cost(s, t);
    const SiteQuarter& site = quarter.sites[s];
    const Power used = site.used, stands = max(site.built + site.leased, used);
    const double busy = used > Power{} ? used / stands : 0;
    add_cost(quarter.idle_cost, shell, 1 - busy);
    for (std::size_t i = 0; i < p_.systems.size(); ++i) {
      const int g = static_cast<int>(i);
      PlanCost pool = pool_cost(s, g, t);
      if (used > Power{}) {
        // The shell is shared by power, since power is what a building is built for.
        const Power own = x_.at(c_.installed.at(s, g, t)) * full_power_lp(p_.sites[s], p_.systems[i]) * kLpPower;
        add_cost(pool, shell, busy * (own / used));
      }
      share_pool(quarter, s, g, t, pool);
    }
  }

  /// `pool`: what the systems of one kind at one site cost; nothing running is idle cost. Energy above idle is of the
  /// service that causes it.
  void share_pool(PlanQuarter& quarter, int s, int g, int t, const PlanCost& pool) {
    double running = 0;
    for (std::size_t k = 0; k < p_.services.size(); ++k) running += x_.at(c_.run.at(s, g, static_cast<int>(k), t));
    if (running <= 0) {
      add_cost(quarter.idle_cost, pool);
      return;
    }
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      const double run = x_.at(c_.run.at(s, g, static_cast<int>(k), t));
      if (run <= 0) continue;
      add_cost(work_[k], pool, run / running);
      add_cost(work_[k], energy_cost(s, t, run * work_power_lp(p_.sites[s], p_.systems[g], p_.services[k])));
    }
  }

  /// What is paid for and runs nothing is idle cost.
  void share_contract(PlanQuarter& quarter, int x, int t) {
    const ContractQuarter& contract = quarter.contracts[x];
    if (contract.paid <= 0) return;
    const double works = p_.contracts[x].availability * contract.paid;
    PlanCost rent;
    rent.rent = contract.rent;
    double busy = 0;
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      const double share = kLpAccelerators * x_.at(c_.serve.at(x, static_cast<int>(k), t)) / works;
      add_cost(work_[k], rent, share);
      busy += share;
    }
    add_cost(quarter.idle_cost, rent, 1 - busy);
  }

  /// Mean of the marginal cost over the five quarters around `t` that lie in the horizon, weighted by what is served
  /// and by discount.
  MoneyPerToken long_run_cost(std::size_t k, int t) const {
    MoneyPerToken sum;
    double weights = 0;
    for (int u = std::max(0, t - 2); u <= std::min(p_.quarters() - 1, t + 2); ++u) {
      const auto& service = plan_.quarters[u].services[k];
      const double weight = discount_factor(p_, u) * to_lp(service.served);
      sum += weight * service.marginal_cost, weights += weight;
    }
    return weights > 0 ? sum / weights : MoneyPerToken{};
  }

  /// By long-run marginal cost: which machine runs which service is one of many ways as good, what one more token takes
  /// is not. Where no token takes anything, by the machines that run it.
  void share_work(int t) {
    PlanQuarter& quarter = plan_.quarters[t];
    PlanCost all;
    double weights = 0;
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      auto& service = quarter.services[k];
      add_cost(all, work_[k]);
      service.long_run_cost = long_run_cost(k, t);
      weights += (service.served * service.long_run_cost).base();
    }
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      auto& service = quarter.services[k];
      if (weights > 0) {
        add_cost(service.cost, all, (service.served * service.long_run_cost).base() / weights);
      } else {
        service.cost = work_[k];
      }
    }
  }

  static void close_service(PlanQuarter& quarter, std::size_t k) {
    auto& out = quarter.services[k];
    if (out.served > TokenRate{}) out.cost_per_token = out.cost.total() / (out.served * quarter_year);
    for (const auto& block : out.blocks) out.revenue += block.served * quarter_year * block.price;
    quarter.revenue += out.revenue;
  }

  const PlanModel& model_;
  const Programme& p_;
  const PlanColumns& c_;
  const PlanValues& x_;
  Plan& plan_;
  std::vector<PlanCost> work_;  ///< of a quarter, by service: cost of the machines that run it
};

}  // namespace

void report_costs(const PlanModel& model, const PlanValues& values, Plan& plan) { Costs(model, values, plan).report(); }

}  // namespace stargate
