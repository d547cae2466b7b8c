// The physical side of a plan: power, orders, deliveries, vintages, accelerators at work, tokens, parts.
#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

double PlanValues::at(int column) const { return column < 0 ? 0 : without_dust(columns[column]); }

double PlanValues::sum(const PlanTerms& terms) const {
  double total = terms.constant();
  for (const auto& entry : terms.entries()) total += entry.value * at(entry.column);
  return total;
}

namespace {

/// Quarters in order, in each sites before systems before services: later ones sum up earlier ones.
class Flow {
 public:
  Flow(const PlanModel& model, const PlanValues& values, Plan& plan)
      : model_(model), p_(*model.programme), c_(model.columns), x_(values), plan_(plan) {}

  void report() {
    for (int t = 0; t < p_.quarters(); ++t) {
      PlanQuarter& quarter = plan_.quarters[t];
      quarter.quarter = p_.first + t;
      for (std::size_t s = 0; s < p_.sites.size(); ++s) report_site(quarter, static_cast<int>(s), t);
      for (std::size_t g = 0; g < p_.systems.size(); ++g) report_system(quarter, static_cast<int>(g), t);
      for (std::size_t k = 0; k < p_.services.size(); ++k) report_service(quarter, static_cast<int>(k), t);
      for (std::size_t x = 0; x < p_.contracts.size(); ++x) report_contract(quarter, static_cast<int>(x), t);
    }
    report_vintages();
    report_past();
    for (const auto& part : p_.parts) report_part(part);
    std::sort(plan_.taken.begin(), plan_.taken.end(), [](const PartTaken& a, const PartTaken& b) {
      return std::tie(a.product, a.supplier, a.quarter) < std::tie(b.product, b.supplier, b.quarter);
    });
  }

 private:
  double installed_lp(int s, int g, int t) const {
    const auto& system = p_.systems[g];
    if (t >= 0) return x_.at(c_.installed.at(s, g, t));
    return standing_systems(system, p_.sites[s], p_.first, 0) / systems_per_lp(system);
  }

  /// Retired systems have no column: they are what was there and came, less what is there now. Dust of the solver is
  /// none.
  void report_site(PlanQuarter& quarter, int s, int t) {
    const auto& site = p_.sites[s];
    SiteQuarter out;
    out.started = x_.at(c_.started.at(s, t)) * kLpPower;
    out.built = x_.at(c_.built.at(s, t)) * kLpPower;
    out.energised = x_.at(c_.energised.at(s, t)) * kLpPower;
    for (std::size_t h = 0; h < p_.halls.size(); ++h) {
      const double refit = x_.at(c_.refit.at(s, static_cast<int>(h), t));
      out.refitted += refit * kLpPower, out.refit += refit * refit_lp(p_.halls[h]) * kLpMoney;
    }
    for (int u = 0; site.lease && u <= t; ++u) {
      out.leased += x_.at(c_.leased.at(s, u)) * alive_share(p_, site.lease->term, u, t) * kLpPower;
    }
    out.grid = site.grid.at(quarter.quarter);
    double drawn = 0, used = 0;
    for (std::size_t i = 0; i < p_.systems.size(); ++i) {
      const int g = static_cast<int>(i);
      const auto& system = p_.systems[i];
      const double before = installed_lp(s, g, t - 1), now = installed_lp(s, g, t);
      const double delivered = x_.at(c_.deliver.at(s, g, t));
      const double unit = systems_per_lp(system);
      out.systems.push_back(
          {delivered * unit, std::max(0.0, without_dust(before + delivered - now)) * unit, now * unit});
      used += now * full_power_lp(site, system);
      drawn += now * idle_power_lp(site, system);
      for (std::size_t k = 0; k < p_.services.size(); ++k) {
        const double run = x_.at(c_.run.at(s, g, static_cast<int>(k), t));
        if (run > 0) drawn += run * work_power_lp(site, system, p_.services[k]);
      }
    }
    out.used = used * kLpPower;
    out.energy = drawn * kLpPower * quarter_year;
    double made = 0, cut = 0, stands = 0;
    for (int i = 0; i < static_cast<int>(site.plants.size()); ++i) {
      PlanTerms plant;
      add_plant_standing(plant, model_, s, i, t, 1);
      stands += x_.sum(plant), made += x_.at(c_.made.at(s, i, t));
    }
    for (std::size_t g = 0; g < p_.systems.size(); ++g) {
      cut += x_.at(c_.cut.at(s, static_cast<int>(g), t)) * full_power_lp(site, p_.systems[g]);
    }
    out.plants = stands * kLpPower, out.made = made * kLpPower * quarter_year, out.cut = cut * kLpPower;
    out.flexible = x_.at(c_.flexible.at(s, t)) * kLpPower;
    out.paid_energy = out.energy - out.made + x_.at(c_.topup.at(s, t)) * kLpPower * quarter_year;
    PlanTerms emitted;
    add_emitted(emitted, model_, s, t, 1);
    out.carbon = x_.sum(emitted) * kLpCarbon;
    quarter.energised += out.energised;
    quarter.used += out.used;
    quarter.energy += out.energy;
    quarter.carbon += out.carbon;
    quarter.sites.push_back(std::move(out));
  }

  void report_system(PlanQuarter& quarter, int g, int t) {
    const auto& system = p_.systems[g];
    SystemQuarter out;
    out.ordered = x_.at(c_.order.at(g, t)) * systems_per_lp(system);
    out.arrived = committed_systems(p_, system, t);
    if (t >= system.order_lead) out.arrived += x_.at(c_.order.at(g, t - system.order_lead)) * systems_per_lp(system);
    out.stored = x_.at(c_.store.at(g, t)) * systems_per_lp(system);
    for (std::size_t s = 0; s < p_.sites.size(); ++s) {
      const auto& here = quarter.sites[s].systems[g];
      out.delivered += here.delivered;
      out.retired += here.retired;
      out.installed += here.installed;
      for (std::size_t k = 0; k < p_.services.size(); ++k) {
        out.working += kLpAccelerators * x_.at(c_.run.at(static_cast<int>(s), g, static_cast<int>(k), t));
      }
    }
    out.spares = x_.at(c_.spare.at(g, t)) * systems_per_lp(system);
    double before = 0;
    if (t > 0) before = plan_.quarters[t - 1].systems[g].stored + plan_.quarters[t - 1].systems[g].spares;
    out.scrapped = std::max(0.0, without_dust(before + out.arrived - out.stored - out.spares - out.delivered));
    out.accelerators = out.installed * system.accelerators;
    quarter.accelerators += out.accelerators;
    quarter.systems.push_back(std::move(out));
  }

  void report_service(PlanQuarter& quarter, int k, int t) {
    ServiceQuarter out;
    out.demand = p_.services[k].demand.at(quarter.quarter);
    const auto& blocks = p_.services[k].blocks;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const TokenRate wanted = wanted_lp(p_.services[k], blocks[b], quarter.quarter) * kLpTokenRate;
      const TokenRate served = x_.at(c_.sell.at(k, static_cast<int>(b), t)) * kLpTokenRate;
      const TokenRate missed = x_.at(c_.missed.at(k, static_cast<int>(b), t)) * kLpTokenRate;
      out.blocks.push_back({wanted, served, missed, blocks[b].price.at(quarter.quarter)});
      out.served += served;
    }
    out.unmet = max(TokenRate{}, out.demand - out.served);
    if (out.unmet < 1e-9 * out.demand) out.unmet = TokenRate{};
    out.running.assign(p_.systems.size(), 0);
    out.running_at.assign(p_.sites.size(), 0);
    for (std::size_t s = 0; s < p_.sites.size(); ++s) {
      for (std::size_t g = 0; g < p_.systems.size(); ++g) {
        const double run = kLpAccelerators * x_.at(c_.run.at(static_cast<int>(s), static_cast<int>(g), k, t));
        out.running[g] += run;
        out.running_at[s] += run;
      }
    }
    quarter.services.push_back(std::move(out));
  }

  void report_contract(PlanQuarter& quarter, int x, int t) {
    const auto& contract = p_.contracts[x];
    ContractQuarter out;
    out.offered = contract.accelerators.at(quarter.quarter);
    const int take = c_.take.at(x, 0);
    out.taken = out.offered * (take < 0 ? 1 : x_.at(take));
    const double hired = x_.at(c_.hire.at(x, t));
    out.paid = kLpAccelerators * hired;
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      out.working += kLpAccelerators * x_.at(c_.serve.at(x, static_cast<int>(k), t));
    }
    out.rent = hired * hire_lp(contract.price.at(quarter.quarter)) * kLpMoney;
    quarter.contracts.push_back(out);
  }

  /// First in, first out at each site, then summed over sites.
  void report_vintages() {
    for (std::size_t g = 0; g < p_.systems.size(); ++g) {
      std::vector<std::deque<Vintage>> held(p_.sites.size());
      for (std::size_t s = 0; s < p_.sites.size(); ++s) held[s] = standing_at(s, g);
      for (auto& quarter : plan_.quarters) {
        early_.clear();
        std::map<Quarter, double> together;
        for (std::size_t s = 0; s < p_.sites.size(); ++s) {
          auto& here = quarter.sites[s].systems[g];
          if (here.delivered > 0) held[s].push_back({quarter.quarter, here.delivered});
          here.failed = fail(held[s], here.retired, quarter.quarter, p_.systems[g]);
          quarter.systems[g].failed += here.failed;
          retire_first(held[s], here.retired - here.failed, quarter.quarter, p_.systems[g].life);
          for (const auto& vintage : held[s]) together[vintage.delivered] += vintage.installed;
        }
        if (quarter.systems[g].scrapped > 0) early_[quarter.quarter] += quarter.systems[g].scrapped;
        for (const auto& [delivered, count] : early_) {
          report_early(static_cast<int>(g), quarter.quarter, delivered, count);
        }
        for (const auto& [delivered, installed] : together) {
          quarter.systems[g].vintages.push_back({delivered, installed});
        }
      }
    }
  }

  /// `count` systems of a vintage leave in `quarter`, with the annuities that were to come.
  void report_early(int g, Quarter quarter, Quarter delivered, double count) {
    if (without_dust(count) == 0) return;
    const auto& system = p_.systems[g];
    const int t = quarter - p_.first;
    double ahead = 0;
    for (int u = t; u < delivered - p_.first + system.life; ++u) ahead += discount_factor(p_, u - t);
    const Money price = system.price.at(std::max(delivered, p_.first));
    plan_.retired_early.push_back(
        {g, quarter, delivered, count, count * ahead * quarterly_charge(p_, system.life) * price});
  }

  /// The quarters of a year before the plan, from the first in which something stood.
  void report_past() {
    for (int t = -4; t < 0; ++t) {
      PastQuarter out{.quarter = p_.first + t, .energised = {}, .sites = 0, .accelerators = {}};
      double all = 0;
      for (const auto& site : p_.sites) {
        const Power power = t == -1 ? site.energised : site.past.at(out.quarter);
        out.energised += power;
        out.sites += power > Power{} ? 1 : 0;
      }
      for (const auto& system : p_.systems) {
        double count = 0;
        for (const auto& some : system.standing) count += some.delivered <= out.quarter ? some.systems : 0;
        out.accelerators.push_back(count * system.accelerators);
        all += count;
      }
      if (all > 0 || out.energised > Power{} || !plan_.past.empty()) plan_.past.push_back(std::move(out));
    }
  }

  /// What stood when the plan began, the oldest first.
  std::deque<Vintage> standing_at(std::size_t s, std::size_t g) const {
    const auto& system = p_.systems[g];
    std::map<Quarter, double> stands;
    for (const auto& some : system.standing) {
      const bool alive = p_.first - some.delivered < system.life;
      if (alive && some.site == p_.sites[s].id) stands[some.delivered] += some.systems;
    }
    std::deque<Vintage> out;
    for (const auto& [delivered, count] : stands) out.push_back({delivered, count});
    return out;
  }

  /// Of each vintage what fails in the quarter, no more than leaves in all.
  static double fail(std::deque<Vintage>& held, double retired, Quarter now, const PlanSystem& system) {
    if (system.attrition.empty() || retired <= 0) return 0;
    std::vector<double> lost;
    double all = 0;
    for (const auto& vintage : held) {
      const int age = now - vintage.delivered;
      const bool may_fail = age > 0 && age < system.life;
      const double left = may_fail ? surviving_share(system, age) / surviving_share(system, age - 1) : 1;
      lost.push_back((1 - left) * vintage.installed), all += lost.back();
    }
    const double share = all > retired ? retired / all : 1;
    for (std::size_t i = 0; i < held.size(); ++i) held[i].installed -= share * lost[i];
    return share * all;
  }

  /// The oldest go first, as the life rows assume.
  void retire_first(std::deque<Vintage>& held, double retired, Quarter now, int life) {
    while (retired > 0 && !held.empty()) {
      const double gone = std::min(retired, held.front().installed);
      if (now - held.front().delivered < life) early_[held.front().delivered] += gone;
      held.front().installed -= gone;
      retired -= gone;
      if (without_dust(held.front().installed) == 0) held.pop_front();
    }
  }

  /// Suppliers of a product share its need by what they offer: the LP only bounds the sum, so any other split is as
  /// good.
  void report_part(const PlanPart& part) {
    for (int t = 0; t < p_.quarters(); ++t) {
      double need = 0;
      for (std::size_t g = 0; g < p_.systems.size(); ++g) {
        const auto& system = p_.systems[g];
        const auto found = system.parts.find(part.product);
        if (found == system.parts.end()) continue;
        if (t >= system.order_lead) need += found->second * plan_.quarters[t - system.order_lead].systems[g].ordered;
      }
      // What goes into the stock is taken when it is made.
      const int i = static_cast<int>(&part - p_.parts.data());
      const double unit = part_unit(p_, part);
      need += unit * (x_.at(c_.stock.at(i, t)) - (t > 0 ? x_.at(c_.stock.at(i, t - 1)) : 0));
      const Quarter when = p_.first + t - part.lag;
      double offered = 0;
      for (const auto& offer : part.offers) offered += offer.amount.at(when);
      for (const auto& offer : part.offers) {
        const double amount = offer.amount.at(when);
        if (amount <= 0) continue;
        plan_.taken.push_back({part.product, offer.supplier, part.unit, when, amount,
                               without_dust(std::min(amount, need * amount / offered))});
      }
    }
  }

  const PlanModel& model_;
  const Programme& p_;
  const PlanColumns& c_;
  const PlanValues& x_;
  Plan& plan_;
  std::map<Quarter, double> early_;  ///< of one system and quarter: what leaves before its time, by vintage
};

}  // namespace

void report_flow(const PlanModel& model, const PlanValues& values, Plan& plan) { Flow(model, values, plan).report(); }

}  // namespace stargate
