// Quarter by quarter: arrivals, power, machines; then a small LP a quarter for what runs and who is served.
#include "stargate/planner/replay.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "stargate/base/check.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/finance.hpp"
#include "stargate/planner/funding.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kNothing = 1e-9;  // LP units
/// Columns that a replay fills by its rules; all others (what is rented, taken of contracts) are as planned.
const std::set<std::string>& filled_families() {
  static const std::set<std::string> families{"started", "built",     "energised", "drawn", "topup", "order", "deliver",
                                              "store",   "installed", "left",      "stock", "run",   "sell",  "draw",
                                              "cash",    "made"};
  return families;
}
const std::string& family_of(const LpProblem& lp, int column) {
  return lp.column_family(lp.column_label(column).family).name;
}

int size_of(const auto& items) { return static_cast<int>(items.size()); }

/// Fills the columns of one changed programme.
class ReplayRun {
 public:
  ReplayRun(const PlanColumns& layout, const std::vector<double>& plan, const Programme& actual)
      : layout_(layout), plan_(plan), p_(actual), model_(build_plan_model(actual)) {
    x_.assign(static_cast<std::size_t>(model_.lp.column_count()), 0);
    rented_output_ = std::vector(p_.services.size(), std::vector<double>(static_cast<std::size_t>(p_.periods()), 0));
    rented_power_ = std::vector(p_.sites.size(), std::vector<double>(static_cast<std::size_t>(p_.periods()), 0));
    supply_ = rented_power_;
    for (std::size_t i = 0; i < model_.keys.size(); ++i) {
      const RowKey& key = model_.keys[i];
      if (key.family == PlanFamily::grid) supply_[key.first][key.t] = model_.lp.row_upper()[i];
    }
  }

  /// By name, above zero: what other families give services and sites is theirs beside what is filled by rules.
  void copy_others(const std::map<std::string, double>& others) {
    if (others.empty()) return;
    std::vector<double> activity(static_cast<std::size_t>(model_.lp.row_count()), 0);
    const LpMatrix matrix = model_.lp.matrix();
    for (int j = 0; j < model_.lp.column_count(); ++j) {
      if (filled_families().contains(family_of(model_.lp, j))) continue;
      const auto found = others.find(model_.lp.column_name(j));
      if (found == others.end()) continue;
      at(j) = found->second;
      for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) {
        activity[matrix.rows[e]] += matrix.values[e] * x_[j];
      }
    }
    for (std::size_t i = 0; i < activity.size(); ++i) {
      const RowKey& key = model_.keys[i];
      if (key.family == PlanFamily::output) rented_output_[key.first][key.t] = -activity[i];
      if (key.family == PlanFamily::grid) supply_[key.first][key.t] -= activity[i];
      if (key.family == PlanFamily::energise) rented_power_[key.first][key.t] = -activity[i];
    }
  }

  Replay run() {
    copy_decisions();
    fill_orders();
    for (int s = 0; s < size_of(p_.sites); ++s) power_site(s);
    for (int g = 0; g < size_of(p_.systems); ++g) deliver(g);
    for (int s = 0; s < size_of(p_.sites); ++s) {
      for (int g = 0; g < size_of(p_.systems); ++g) stand(s, g);
    }
    for (int t = 0; t < p_.periods(); ++t) dispatch(t);
    return told();
  }

 private:
  double planned(int column) const { return column < 0 ? 0 : plan_[static_cast<std::size_t>(column)]; }
  double& at(int column) { return x_[static_cast<std::size_t>(column)]; }
  double value(int column) const { return column < 0 ? 0 : x_[static_cast<std::size_t>(column)]; }

  double sum(const PlanTerms& terms) const {
    double total = terms.constant();
    for (const auto& entry : terms.entries()) total += entry.value * value(entry.column);
    return total;
  }

  void copy_decisions() {
    const PlanColumns &to = model_.columns, &from = layout_;
    for (int t = 0; t < p_.periods(); ++t) {
      for (int s = 0; s < size_of(p_.sites); ++s) {
        if (to.started.at(s, t) >= 0) at(to.started.at(s, t)) = planned(from.started.at(s, t));
      }
      for (int g = 0; g < size_of(p_.systems); ++g) {
        if (to.order.at(g, t) >= 0) at(to.order.at(g, t)) = planned(from.order.at(g, t));
      }
    }
  }

  /// A part of which there is less than ordered goes to all orders in proportion; what was to be kept of it goes first.
  void fill_orders() {
    for (int t = 0; t < p_.periods(); ++t) {
      for (int i = 0; i < size_of(p_.parts); ++i) ration(i, t);
      for (int i = 0; i < size_of(p_.parts); ++i) {
        const int stock = model_.columns.stock.at(i, t);
        if (stock < 0) continue;
        at(stock) = std::clamp(part_left(i, t), 0.0, planned(layout_.stock.at(i, t)));
      }
    }
  }
  double part_needed(int i, int t) const {
    double need = 0;
    for (int g = 0; g < size_of(p_.systems); ++g) {
      const int ordered = order_period(p_, p_.systems[g], t);
      const int column = ordered < 0 ? -1 : model_.columns.order.at(g, ordered);
      if (column >= 0) need += part_need(p_.systems[g], p_.parts[i]) / part_unit(p_, p_.parts[i]) * value(column);
    }
    return need;
  }
  double part_left(int i, int t) const {
    const auto& part = p_.parts[i];
    const double unit = part_unit(p_, part);
    if (unit == 0) return 0;
    double have = t > 0 ? value(model_.columns.stock.at(i, t - 1)) : 0;
    for (const auto& offer : part.offers) {
      for (int n = 0; n < p_.length(t); ++n) have += offer.amount.at(p_.quarter_of(t) + n - part.lag) / unit;
    }
    return have - part_needed(i, t);
  }
  void ration(int i, int t) {
    if (part_unit(p_, p_.parts[i]) == 0) return;
    const double need = part_needed(i, t), left = part_left(i, t);
    if (left >= -1e-7 * need) return;
    for (int g = 0; g < size_of(p_.systems); ++g) {
      const int ordered = order_period(p_, p_.systems[g], t);
      const int column = ordered < 0 ? -1 : model_.columns.order.at(g, ordered);
      if (column >= 0 && part_need(p_.systems[g], p_.parts[i]) > 0) at(column) *= std::max(0.0, (need + left) / need);
    }
  }

  /// Buildings as they come; power where both building and grid are there.
  void power_site(int s) {
    const auto& site = p_.sites[s];
    double built = to_lp(site.energised);
    for (int t = 0; t < p_.periods(); ++t) {
      for (int u = 0; u <= t; ++u) {
        if (ready_period(p_, site, u) == t) built += value(model_.columns.started.at(s, u));
      }
      for (const auto& some : site.building) {
        built += p_.period_from(some.ready - p_.first) == t ? to_lp(some.power) : 0;
      }
      double power = std::min(built + rented_power_[s][t], supply_[s][t]);
      // Under take-or-pay no more is taken on than was planned.
      if (site.take_or_pay > 0) power = std::min(power, planned(layout_.energised.at(s, t)));
      at(model_.columns.built.at(s, t)) = built;
      at(model_.columns.energised.at(s, t)) = power;
    }
  }

  static double switched_on(const std::vector<double>& by_site) {
    return std::accumulate(by_site.begin(), by_site.end(), 0.0);
  }

  /// Each machine goes where and when it was planned to, or when it is there.
  void deliver(int g) {
    const int periods = p_.periods(), sites = size_of(p_.sites);
    std::vector<std::vector<double>> by_then(static_cast<std::size_t>(sites), std::vector<double>(periods + 1, 0));
    std::vector<double> all(static_cast<std::size_t>(periods) + 1, 0);  // planned before the period
    for (int t = 0; t < periods; ++t) {
      all[t + 1] = all[t];
      for (int s = 0; s < sites; ++s) {
        by_then[s][t + 1] = by_then[s][t] + planned(layout_.deliver.at(s, g, t));
        all[t + 1] += by_then[s][t + 1] - by_then[s][t];
      }
    }
    std::vector<double> done(static_cast<std::size_t>(sites), 0);
    double arrived = 0;
    for (int t = 0, u = 0; t < periods; ++t) {
      PlanTerms terms;
      add_arrivals(terms, model_, g, t, 1);
      arrived += sum(terms);
      const int spares = model_.columns.spare.at(g, t);
      if (spares >= 0) at(spares) = std::min(at(spares), std::max(0.0, arrived - switched_on(done)));
      const double to_use = arrived - (spares < 0 ? 0 : at(spares));
      const double target = std::min(all[t + 1], to_use);
      while (u < periods && all[u + 1] <= target) ++u;
      const double part = u < periods ? (target - all[u]) / (all[u + 1] - all[u]) : 0;
      double waiting = to_use;
      for (int s = 0; s < sites; ++s) {
        const int column = model_.columns.deliver.at(s, g, t);
        const double wanted = by_then[s][u] + (u < periods ? part * (by_then[s][u + 1] - by_then[s][u]) : 0);
        if (column >= 0 && wanted > done[s]) at(column) = wanted - done[s], done[s] = wanted;
        waiting -= done[s];
      }
      if (model_.columns.store.at(g, t) >= 0) at(model_.columns.store.at(g, t)) = std::max(0.0, waiting);
    }
  }

  /// What stands: retired when planned, or at the end of its life. At the end what is worth most is left.
  void stand(int s, int g) {
    const auto& system = p_.systems[g];
    const double unit = systems_per_lp(system);
    double come = 0, planned_come = 0, before = 0;
    const double stood = standing_systems(system, p_.sites[s], p_.first, 0) / unit;
    for (int t = 0; t < p_.periods(); ++t) {
      const int column = model_.columns.installed.at(s, g, t);
      const double now = value(model_.columns.deliver.at(s, g, t));
      come += now, planned_come += planned(layout_.deliver.at(s, g, t));
      if (column < 0) continue;
      const double retired = stood + planned_come - planned(layout_.installed.at(s, g, t));
      double alive = 0;
      for (int i = 0; i < p_.length(t); ++i) {
        alive += standing_systems(system, p_.sites[s], p_.first, p_.start(t) + i) / unit / p_.length(t);
      }
      for (int u = 0; u <= t; ++u) {
        alive += surviving_share(p_, system, u, t) * value(model_.columns.deliver.at(s, g, u));
      }
      const double most = (t == 0 ? stood : before) + now;
      before = std::clamp(stood + come - retired, 0.0, std::min(most, alive));
      at(column) = before;
    }
    std::vector<int> left;
    for (int t = 0; t < p_.periods(); ++t) {
      if (model_.columns.left.at(s, g, t) >= 0) left.push_back(t);
    }
    std::sort(left.begin(), left.end(), [&](int a, int b) {
      return model_.lp.costs()[model_.columns.left.at(s, g, a)] < model_.lp.costs()[model_.columns.left.at(s, g, b)];
    });
    for (const int t : left) {
      const double survive = surviving_share(system, p_.start(p_.periods()) - p_.start(t));
      const double some = std::min(before, survive * value(model_.columns.deliver.at(s, g, t)));
      at(model_.columns.left.at(s, g, t)) = some, before -= some;
    }
  }

  /// Machines that are the same to the dispatcher: one system, at sites of the same services and costs of work.
  struct Group {
    int g = 0;
    double work = 0;                           ///< thousand accelerators that work
    std::vector<std::pair<int, double>> from;  ///< site, of which so much
    int own_site = -1;                         ///< a site whose power is short or taken or paid
    int row = -1;
    std::vector<int> run;                      ///< by service: column of the small LP
  };

  std::vector<Group> groups_at(int t) const {
    std::map<std::tuple<int, int, double, std::vector<bool>>, Group> groups;
    for (int s = 0; s < size_of(p_.sites); ++s) {
      const auto& site = p_.sites[s];
      const bool own = site.take_or_pay > 0 || !site.plants.empty() || on_share(s, t) < 1;
      std::vector<bool> allowed;
      for (const auto& service : p_.services) allowed.push_back(may_run_at(service, site));
      for (int g = 0; g < size_of(p_.systems); ++g) {
        const double stands = value(model_.columns.installed.at(s, g, t));
        const double work = p_.systems[g].availability * (stands - value(model_.columns.cut.at(s, g, t)));
        if (work < kNothing) continue;
        const double cost = site.pue * model_.lp.costs()[model_.columns.drawn.at(s, t)];
        Group& group = groups[{g, own ? s : -1, cost, allowed}];
        group.g = g, group.work += work, group.own_site = own ? s : -1;
        group.from.emplace_back(s, work);
      }
    }
    std::vector<Group> out;
    for (auto& [key, group] : groups) out.push_back(std::move(group));
    return out;
  }

  /// Of flexible power what the machines there need; it stops them as planned, and others where these are not there.
  void cut_machines(int s, int t) {
    const auto& site = p_.sites[s];
    const int flexible = model_.columns.flexible.at(s, t), energised = model_.columns.energised.at(s, t);
    if (flexible < 0) return;
    const double firm = supply_[s][t] - at(flexible);
    at(flexible) = std::clamp(full_power(s, t) - firm, 0.0, at(flexible));
    at(energised) = std::min(at(energised), firm + at(flexible));
    double need = site.flexible->cut * at(flexible);
    for (int i = 0; i < size_of(site.plants); ++i) {
      const int backup = model_.columns.backup.at(s, i, t);
      if (backup >= 0) need -= bridged_lp(site, site.plants[i]) * at(backup);
    }
    for (const bool planned_ones : {true, false}) {
      for (int g = 0; g < size_of(p_.systems); ++g) {
        const int cut = model_.columns.cut.at(s, g, t);
        if (cut < 0) continue;
        const double before = planned_ones ? 0 : at(cut), each = full_power_lp(site, p_.systems[g]);
        const double most = planned_ones ? at(cut) : value(model_.columns.installed.at(s, g, t));
        const double stands = value(model_.columns.installed.at(s, g, t));
        at(cut) = before + std::clamp(need / each, 0.0, std::max(0.0, std::min(most, stands) - before));
        need -= (at(cut) - before) * each;
      }
    }
  }

  double full_power(int s, int t) const {
    double need = 0;
    for (int g = 0; g < size_of(p_.systems); ++g) {
      need += full_power_lp(p_.sites[s], p_.systems[g]) * value(model_.columns.installed.at(s, g, t));
    }
    return need;
  }
  /// Of the machines at the site, by power, those that have it.
  double on_share(int s, int t) const {
    const double need = full_power(s, t), have = value(model_.columns.energised.at(s, t));
    return need <= have * (1 + 1e-7) + kNothing ? 1 : have / need;
  }

  /// Sells dearest first: the small LP of one period, its machines given.
  void dispatch(int t) {
    LpProblem lp;
    const int number = lp.add_axis({});
    const int column = lp.add_column_family({"dispatch", {number}, ""});
    const int family = lp.add_row_family({"row", {number}, ""});
    const auto add_column = [&](double upper, double cost) {
      return lp.add_column(0, upper, cost, {column, {lp.column_count()}});
    };
    const auto add_row = [&](double upper) { return lp.add_row(-kInfinity, upper, {family, {lp.row_count()}}); };
    std::vector<std::pair<int, int>> sells;  // column of the model, of the small LP
    std::vector<int> outputs;
    for (int k = 0; k < size_of(p_.services); ++k) {
      outputs.push_back(add_row(rented_output_[k][t]));
      for (int b = 0; b < size_of(p_.services[k].blocks); ++b) {
        const int sell = model_.columns.sell.at(k, b, t);
        if (sell < 0) continue;
        sells.emplace_back(sell, add_column(model_.lp.column_upper()[sell], model_.lp.costs()[sell]));
        lp.add_entry(outputs.back(), sells.back().second, 1);
      }
    }
    std::vector<int> limits(p_.sites.size(), -1), paid(p_.sites.size(), -1), made_at(p_.sites.size(), -1);
    for (int s = 0; s < size_of(p_.sites); ++s) {
      cut_machines(s, t);
      if (on_share(s, t) < 1) limits[s] = add_row(value(model_.columns.energised.at(s, t)));
      const int topup = model_.columns.topup.at(s, t);
      if (topup >= 0) {  // drawn from the grid beyond what is paid anyway <= over
        paid[s] = add_row(paid_anyway(s, t) - idle_power(s, t));
        lp.add_entry(paid[s], add_column(kInfinity, model_.lp.costs()[topup]), -1);
      }
      for (int i = 0; i < size_of(p_.sites[s].plants); ++i) {
        const int made = model_.columns.made.at(s, i, t);
        if (made < 0) continue;
        // made <= drawn
        if (made_at[s] < 0) made_at[s] = add_row(idle_power(s, t));
        const double gains = model_.lp.costs()[made] + (topup < 0 ? 0 : model_.lp.costs()[topup]);
        const int column_of_made = add_column(plant_stands(s, i, t), gains);
        lp.add_entry(made_at[s], column_of_made, 1);
        if (topup >= 0) lp.add_entry(paid[s], column_of_made, -1);
      }
    }
    std::vector<Group> groups = groups_at(t);
    for (Group& group : groups) add_group(lp, group, t, {column, family}, {outputs, limits, paid, made_at});
    const LpOutcome outcome = make_clp_solver()->solve(lp, {.presolve = false});
    const auto* found = std::get_if<LpSolution>(&outcome);
    STARGATE_CHECK(found != nullptr, "serving nobody is a dispatch");
    for (const auto& [sell, own] : sells) at(sell) = found->values[own];
    for (const Group& group : groups) {
      for (int k = 0; k < size_of(p_.services); ++k) {
        if (group.run[k] < 0) continue;
        for (const auto& [s, work] : group.from) {
          at(model_.columns.run.at(s, group.g, k, t)) = found->values[group.run[k]] * work / group.work;
        }
      }
    }
    for (int s = 0; s < size_of(p_.sites); ++s) draw_energy(s, t);
  }

  struct DispatchRows {
    const std::vector<int>&outputs, &limits, &paid, &made_at;  ///< by service; by site, -1: none
  };
  void add_group(LpProblem& lp, Group& group, int t, std::pair<int, int> families, const DispatchRows& rows) {
    const auto& system = p_.systems[group.g];
    const int s = group.from.front().first;
    const auto& site = p_.sites[s];
    group.row = lp.add_row(-kInfinity, group.work, {families.second, {lp.row_count()}});
    group.run.assign(p_.services.size(), -1);
    for (int k = 0; k < size_of(p_.services); ++k) {
      if (model_.columns.run.at(s, group.g, k, t) < 0) continue;
      const double draws = work_power_lp(site, system, p_.services[k]);
      const int topup = model_.columns.topup.at(s, t);
      const double dear = model_.lp.costs()[model_.columns.drawn.at(s, t)] - (topup < 0 ? 0 : model_.lp.costs()[topup]);
      group.run[k] = lp.add_column(0, kInfinity, draws * dear, {families.first, {lp.column_count()}});
      lp.add_entry(group.row, group.run[k], 1);
      lp.add_entry(rows.outputs[k], group.run[k], -throughput_lp(system, p_.services[k]));
      if (rows.paid[s] >= 0) lp.add_entry(rows.paid[s], group.run[k], draws);
      if (rows.made_at[s] >= 0) lp.add_entry(rows.made_at[s], group.run[k], -draws);
      if (rows.limits[s] >= 0) {
        lp.add_entry(rows.limits[s], group.run[k], full_power_lp(site, system) / system.availability);
      }
    }
  }

  double idle_power(int s, int t) const {
    double idle = 0;
    for (int g = 0; g < size_of(p_.systems); ++g) {
      idle += idle_power_lp(p_.sites[s], p_.systems[g]) * value(model_.columns.installed.at(s, g, t));
    }
    return idle * on_share(s, t);
  }

  double plant_stands(int s, int i, int t) const {
    PlanTerms stands;
    add_plant_standing(stands, model_, s, i, t, 1);
    return sum(stands);
  }

  /// Mean power of the grid that is paid for under take-or-pay.
  double paid_anyway(int s, int t) const {
    PlanTerms own;
    add_own_power(own, model_, s, t, 1);
    return p_.sites[s].take_or_pay * std::max(0.0, value(model_.columns.energised.at(s, t)) - sum(own));
  }

  /// Of plants that make energy for less than the grid asks all they can, of the others what the grid does not give.
  double make_energy(int s, int t, double drawn) {
    double made = 0;
    const double must = drawn - to_lp(grid_in(p_, p_.sites[s], t)) - value(model_.columns.flexible.at(s, t));
    for (const bool cheaper : {true, false}) {
      for (int i = 0; i < size_of(p_.sites[s].plants); ++i) {
        const int column = model_.columns.made.at(s, i, t);
        if (column < 0 || (model_.lp.costs()[column] < 0) != cheaper) continue;
        at(column) = std::clamp((cheaper ? drawn - paid_anyway(s, t) : must) - made, 0.0, plant_stands(s, i, t));
        made += at(column);
      }
    }
    return made;
  }

  void draw_energy(int s, int t) {
    double drawn = idle_power(s, t);
    for (int g = 0; g < size_of(p_.systems); ++g) {
      for (int k = 0; k < size_of(p_.services); ++k) {
        const int run = model_.columns.run.at(s, g, k, t);
        if (run >= 0 && value(run) > 0) drawn += work_power_lp(p_.sites[s], p_.systems[g], p_.services[k]) * value(run);
      }
    }
    at(model_.columns.drawn.at(s, t)) = drawn;
    const double made = make_energy(s, t, drawn);
    const int topup = model_.columns.topup.at(s, t);
    if (topup < 0) return;
    at(topup) = std::max(0.0, paid_anyway(s, t) - drawn + made);
  }

  Replay told() {
    Replay out;
    double cost = model_.lp.objective_offset();
    for (int j = 0; j < model_.lp.column_count(); ++j) cost += model_.lp.costs()[j] * x_[j];
    const double dollars = kLpMoney.base();
    out.value = -cost * dollars;
    std::vector<double> net;
    for (int t = 0; t < p_.quarters(); ++t) {
      double paid = 0, revenue = 0, on = 0;
      for (const PlanTerms* some : model_.payments[t].all()) paid += sum(*some);
      for (int k = 0; k < size_of(p_.services); ++k) {
        for (int b = 0; b < size_of(p_.services[k].blocks); ++b) {
          revenue += value(model_.columns.sell.at(k, b, t)) *
                     token_value_lp(mean_at(p_, p_.services[k].blocks[b].price, t));
        }
      }
      for (int s = 0; s < size_of(p_.sites); ++s) {
        for (int g = 0; g < size_of(p_.systems); ++g) {
          on += on_share(s, t) * value(model_.columns.installed.at(s, g, t)) * kLpAccelerators;
        }
      }
      out.paid.push_back(paid * dollars), out.revenue.push_back(revenue * dollars), out.working.push_back(on);
      net.push_back(paid - p_.reinvested_revenue * revenue);
    }
    if (!p_.capital.empty()) {
      const std::vector<std::vector<double>> all_at_once = planned_draws();
      const FundingSchedule money = schedule_funding(p_, net, all_at_once);
      for (const double cash : money.cash) out.missing = std::max(out.missing, -cash * dollars);
    }
    out.columns = std::move(x_);
    return out;
  }
  std::vector<std::vector<double>> planned_draws() const {
    std::vector<std::vector<double>> out(p_.capital.size(), std::vector<double>(p_.quarters(), 0));
    for (int r = 0; r < size_of(p_.capital); ++r) {
      for (int t = 0; t < p_.quarters(); ++t) out[r][t] = planned(layout_.draw.at(r, t));
    }
    return out;
  }

  const PlanColumns& layout_;
  const std::vector<double>& plan_;
  const Programme& p_;
  PlanModel model_;
  std::vector<double> x_;
  std::vector<std::vector<double>> rented_output_;  ///< by service, period: Mtok/s
  std::vector<std::vector<double>> rented_power_;   ///< by site, period: MW
  std::vector<std::vector<double>> supply_;         ///< by site, period: MW of grid, plants and power with cuts
};

}  // namespace

KeptPlan::KeptPlan(const Programme& programme, std::vector<double> columns) : columns_(std::move(columns)) {
  PlanModel model = build_plan_model(programme);
  for (int j = 0; j < model.lp.column_count(); ++j) {
    if (columns_[j] > kNothing && !filled_families().contains(family_of(model.lp, j))) {
      others_[model.lp.column_name(j)] = columns_[j];
    }
  }
  layout_ = std::move(model.columns);
}

Replay KeptPlan::under(const Programme& actual) const {
  ReplayRun run(layout_, columns_, actual);
  run.copy_others(others_);
  return run.run();
}

}  // namespace stargate
