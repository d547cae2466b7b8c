// Columns behind those of the LP: number[s,t] (buildings begun), job[r,o] (the run r takes place at option o) and
// vendor[g]. Rows behind its rows, which have no key: no limit of the programme is reported for them.
#include "stargate/planner/integers.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

template <class T>
int size_of(const std::vector<T>& items) {
  return static_cast<int>(items.size());
}

/// A run and the columns that say where it takes place.
struct RunChoice {
  int service = 0, year = 0;
  std::vector<int> periods;
  TokenRate most;
  std::vector<std::string> names;  ///< of its options
  std::vector<int> jobs;           ///< columns, one an option
};

/// The programme's LP and what comes whole beside it.
class WholeModel {
 public:
  WholeModel(const Programme& programme, const PlanWholes& wholes)
      : p_(programme), wholes_(wholes), model_(build_plan_model(programme)), lp_(model_.lp) {
    for (int row = 0; row < size_of(model_.keys); ++row) {
      const RowKey& key = model_.keys[row];
      if (key.family == PlanFamily::output) output_rows_[{key.first, key.t}] = row;
    }
    whole_ = lp_.add_row_family({"whole", {lp_.add_axis({})}, ""});
    if (wholes.building > Power{}) add_buildings();
    add_vendors();
    if (wholes.contracts) add_contracts();
    add_runs();
  }

  const PlanModel& model() const { return model_; }
  const std::vector<std::string>& unlimited() const { return unlimited_; }
  const std::vector<RunChoice>& runs() const { return runs_; }
  const std::map<int, int>& vendors() const { return vendors_; }

  /// Number of whole buildings column, -1 where there is none.
  int number(int s, int t) const {
    const auto found = numbers_.find({s, t});
    return found == numbers_.end() ? -1 : found->second;
  }
  Power building_size(int s) const { return sizes_[s]; }
  int most_buildings(int s) const { return most_[s]; }
  int whole_quarters() const { return std::min(wholes_.quarters, p_.quarters()); }

 private:
  int add_row(double lower, double upper) { return lp_.add_row(lower, upper, {whole_, {lp_.row_count()}}); }

  /// What the grid ever gives beside what stands and is under way.
  Power to_build(int s) const {
    const PlanSite& site = p_.sites[s];
    Power most;
    for (int t = 0; t < p_.periods(); ++t) most = max(most, power_limit_in(p_, site, t));
    most -= site.energised;
    for (const auto& some : site.building) most -= some.power;
    return most;
  }

  /// size[s] number[s,t] = started[s,t].
  void add_buildings() {
    const int family = lp_.add_column_family({"number", {model_.axes.site, model_.axes.quarter}, "buildings"});
    sizes_.resize(p_.sites.size()), most_.resize(p_.sites.size());
    for (int s = 0; s < size_of(p_.sites); ++s) {
      const Power left = to_build(s), largest = min(wholes_.building, p_.sites[s].most_started);
      if (!(left > 1e-3 * megawatt) || !(largest > Power{})) continue;
      most_[s] = static_cast<int>(std::ceil(left / largest - 1e-9));
      sizes_[s] = left / static_cast<double>(most_[s]);
      const double begun_at_once = std::floor(p_.sites[s].most_started / sizes_[s] + 1e-9);
      for (int t = 0; t < whole_quarters(); ++t) {
        const int started = model_.columns.started.at(s, t);
        if (started < 0) continue;
        const int number = lp_.add_column(0, begun_at_once, 0, {family, {s, t + model_.axes.lead_in}});
        lp_.set_integer(number);
        const int row = add_row(0, 0);
        lp_.add_entry(row, started, 1);
        lp_.add_entry(row, number, -to_lp(sizes_[s]));
        numbers_[{s, t}] = number;
      }
    }
  }

  /// An option that binds is taken as it is, or left.
  void add_contracts() {
    for (int x = 0; x < size_of(p_.contracts); ++x) {
      if (model_.columns.take.at(x, 0) >= 0) lp_.set_integer(model_.columns.take.at(x, 0));
    }
  }

  /// order[g,t] <= offer[g,t] vendor[g], by the system's own offer: the least bound that the data give; none before it
  /// is qualified. sum_t order[g,t] >= minimum vendor[g].
  void add_vendors() {
    const int family = lp_.add_column_family({"vendor", {model_.axes.system}, ""});
    for (int g = 0; g < size_of(p_.systems); ++g) {
      const PlanSystem& system = p_.systems[g];
      const auto& own_terms = system.qualification;
      if (!own_terms && !(wholes_.qualification > Money{})) continue;
      if (!system.standing.empty() || !system.committed.empty()) continue;
      const PlanQualification terms = own_terms.value_or(PlanQualification{wholes_.qualification, 0, 0});
      const auto own = std::find_if(p_.parts.begin(), p_.parts.end(), [&](const PlanPart& part) {
        return part.product == "system:" + system.id && part_need(system, part) > 0;
      });
      if (own == p_.parts.end()) {
        unlimited_.push_back(system.id);
        continue;
      }
      const int vendor = lp_.add_column(0, 1, to_lp(terms.cost), {family, {g}});
      lp_.set_integer(vendor);
      vendors_[g] = vendor;
      const int least = terms.minimum > 0 ? add_row(0, kInfinity) : -1;
      if (least >= 0) lp_.add_entry(least, vendor, -terms.minimum / systems_per_lp(system));
      for (int t = 0; t < p_.periods(); ++t) {
        const int ordered = order_period(p_, system, t), order = ordered < 0 ? -1 : model_.columns.order.at(g, ordered);
        if (order < 0) continue;
        double offered = 0;
        for (const auto& offer : own->offers) {
          for (int n = 0; n < p_.length(t); ++n) offered += offer.amount.at(p_.quarter_of(t) + n - own->lag);
        }
        if (least >= 0) lp_.add_entry(least, order, 1);
        const int row = add_row(-kInfinity, 0);
        lp_.add_entry(row, order, 1);
        if (p_.start(ordered) >= terms.quarters) lp_.add_entry(row, vendor, -offered / part_need(system, *own));
      }
    }
  }

  void add_runs() {
    const int family = lp_.add_column_family({"job", {lp_.add_axis({}), lp_.add_axis({})}, ""});
    for (int k = 0; k < size_of(p_.services); ++k) {
      const auto& asked = wholes_.run_services;
      if (std::find(asked.begin(), asked.end(), p_.services[k].id) == asked.end()) continue;
      for (int t = 0; t < p_.quarters();) {
        RunChoice run{k, p_.quarter_of(t).year(), {}, {}, {}, {}};
        for (; t < p_.quarters() && p_.quarter_of(t).year() == run.year; ++t) {
          if (model_.columns.sell.at(k, 0, t) >= 0) run.periods.push_back(t);
        }
        if (!run.periods.empty()) add_run(family, std::move(run));
      }
    }
  }

  double wanted(int k, int t) const { return lp_.column_upper()[model_.columns.sell.at(k, 0, t)]; }

  /// sell[k,0,t] = R[t] sum_o job[o], sum_o job[o] <= 1.
  void add_run(int family, RunChoice run) {
    for (const int t : run.periods) run.most = max(run.most, wanted(run.service, t) * kLpTokenRate);
    std::map<std::string, std::vector<int>> countries;
    for (int s = 0; s < size_of(p_.sites); ++s) {
      if (!may_run_at(p_.services[run.service], p_.sites[s])) continue;
      countries[p_.sites[s].country].push_back(s);
      add_option(family, run, p_.sites[s].id, {s}, 1);
    }
    for (const auto& [country, sites] : countries) {
      if (wholes_.network_rate <= 0 || sites.size() < 2) continue;
      add_option(family, run, "the campuses of " + country, sites, wholes_.network_rate);
    }
    const int once = add_row(-kInfinity, 1);
    for (const int job : run.jobs) lp_.add_entry(once, job, 1);
    for (const int t : run.periods) {
      const int row = add_row(0, 0);
      lp_.add_entry(row, model_.columns.sell.at(run.service, 0, t), 1);
      for (const int job : run.jobs) lp_.add_entry(row, job, -wanted(run.service, t));
    }
    runs_.push_back(std::move(run));
  }

  /// sum over the option's sites of thr run[s,g,k,t] >= R[t] / rate job[o]; what the network loses is not sold.
  void add_option(int family, RunChoice& run, const std::string& name, const std::vector<int>& sites, double rate) {
    const int k = run.service;
    const int job = lp_.add_column(0, 1, 0, {family, {size_of(runs_), size_of(run.jobs)}});
    lp_.set_integer(job);
    run.names.push_back(name), run.jobs.push_back(job);
    for (const int t : run.periods) {
      const int row = add_row(0, kInfinity);
      for (const int s : sites) {
        for (int g = 0; g < size_of(p_.systems); ++g) {
          const int column = model_.columns.run.at(s, g, k, t);
          if (column >= 0) lp_.add_entry(row, column, throughput_lp(p_.systems[g], p_.services[k]));
        }
      }
      lp_.add_entry(row, job, -wanted(k, t) / rate);
      if (rate < 1) lp_.add_entry(output_rows_.at({k, t}), job, (1 / rate - 1) * wanted(k, t));
    }
  }

  const Programme& p_;
  const PlanWholes& wholes_;
  PlanModel model_;
  LpProblem& lp_;
  int whole_ = 0;  ///< row family
  std::vector<Power> sizes_;
  std::vector<int> most_;
  std::map<std::pair<int, int>, int> numbers_, output_rows_;
  std::map<int, int> vendors_;
  std::vector<RunChoice> runs_;
  std::vector<std::string> unlimited_;
};

std::vector<WholeBuildings> buildings_of(const WholeModel& whole, const std::vector<double>& relaxed,
                                         const std::vector<double>& values) {
  const Programme& p = *whole.model().programme;
  std::vector<WholeBuildings> out;
  for (int s = 0; s < size_of(p.sites); ++s) {
    WholeBuildings some;
    some.site = p.sites[s].id;
    for (int t = 0; t < whole.whole_quarters(); ++t) {
      const int column = whole.number(s, t);
      if (column < 0) continue;
      some.size = whole.building_size(s), some.most = whole.most_buildings(s);
      some.begun_in_parts += relaxed[column];
      const int number = static_cast<int>(std::lround(values[column]));
      if (number > 0) some.begun.emplace_back(p.first + t, number);
    }
    if (some.most > 0) out.push_back(std::move(some));
  }
  return out;
}

}  // namespace

LpProblem build_whole_lp(const Programme& programme, const PlanWholes& wholes) {
  return WholeModel(programme, wholes).model().lp;
}

WholeOutcome solve_whole_programme(const Programme& programme, const PlanWholes& wholes, const LpSolver& solver) {
  const WholeModel whole(programme, wholes);
  WholeOutcome out;
  out.unlimited = whole.unlimited();
  LpProblem in_parts = whole.model().lp;
  in_parts.forget_integers();
  const LpOutcome relaxed = solver.solve(in_parts, {});
  const auto* parts = std::get_if<LpSolution>(&relaxed);
  if (parts == nullptr) {
    out.reason = "there is no plan, in parts or whole";
    return out;
  }
  LpOptions options;
  options.node_limit = wholes.nodes, options.integer_gap = wholes.gap;
  LpOutcome outcome = solver.solve(whole.model().lp, options);
  auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) {
    const auto* stopped = std::get_if<LpStopped>(&outcome);
    out.reason = stopped != nullptr ? stopped->reason : "no plan has all of it whole";
    return out;
  }
  WholePlan& plan = out.plan.emplace();
  plan.relaxed = -parts->objective * kLpMoney, plan.value = -found->objective * kLpMoney;
  plan.gap = found->residuals.integer_gap;
  plan.integers = size_of(whole.model().lp.integers());
  if (wholes.building > Power{}) plan.buildings = buildings_of(whole, parts->values, found->values);
  for (const RunChoice& run : whole.runs()) {
    const PlanService& service = programme.services[run.service];
    WholeRun& made = plan.runs.emplace_back();
    made.service = service.id, made.customers = service.blocks[0].name, made.year = run.year, made.rate = run.most;
    for (std::size_t o = 0; o < run.jobs.size(); ++o) {
      if (found->values[run.jobs[o]] > 0.5) made.where = run.names[o];
    }
  }
  for (const auto& entry : whole.vendors()) {
    const int g = entry.first;
    WholeVendor vendor{programme.systems[g].id, found->values[entry.second] > 0.5, 0, 0};
    if (programme.systems[g].qualification) vendor.minimum = programme.systems[g].qualification->minimum;
    for (int t = 0; t < programme.periods(); ++t) {
      const int order = whole.model().columns.order.at(g, t);
      if (order >= 0) vendor.ordered += found->values[order] * systems_per_lp(programme.systems[g]);
    }
    plan.vendors.push_back(std::move(vendor));
  }
  for (int x = 0; wholes.contracts && x < size_of(programme.contracts); ++x) {
    const int take = whole.model().columns.take.at(x, 0);
    if (take < 0) continue;
    plan.contracts.push_back({programme.contracts[x].id, parts->values[take], found->values[take] > 0.5});
  }
  plan.plan = report_plan(whole.model(),
                          {std::move(found->values), std::move(found->duals), std::move(found->activities)});
  return out;
}

}  // namespace stargate
