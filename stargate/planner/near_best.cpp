// The programme with one row more: cost <= that of the best, and what may be lost. It holds for all that follow, so
// each solve begins where the last ended and only the objective is another.
#include "stargate/planner/near_best.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kLpBillion = 1000;  ///< M$: a dense row in these keeps the programme's scale

class Figures {
 public:
  explicit Figures(const PlanModel& model) : p_(*model.programme), model_(model), c_(model.columns) {}

  std::vector<PlanFigure> all() {
    power();
    systems();
    money();
    services();
    return std::move(out_);
  }

 private:
  PlanFigure& add(std::string kind, std::string name, std::string unit) {
    return out_.emplace_back(PlanFigure{std::move(kind), std::move(name), std::move(unit), {}});
  }

  void power() {
    const int last = p_.quarters() - 1, sites = static_cast<int>(p_.sites.size());
    PlanTerms sum;
    for (int s = 0; s < sites; ++s) sum.add(c_.energised.at(s, last), 1);
    add("all", "power at the end", "MW").terms = sum;
    for (int s = 0; s < sites; ++s) add("site", p_.sites[s].id, "MW").terms.add(c_.energised.at(s, last), 1);
  }

  void systems() {
    PlanTerms sum;
    for (std::size_t g = 0; g < p_.systems.size(); ++g) {
      PlanTerms one;
      for (int t = 0; t < p_.quarters(); ++t) {
        const int ordered = order_period(p_, p_.systems[g], t);
        if (ordered < 0) continue;
        one.add(c_.order.at(static_cast<int>(g), ordered), 1), sum.add(c_.order.at(static_cast<int>(g), ordered), 1);
      }
      add("system", p_.systems[g].id, "thousand accelerators").terms = one;
    }
    add("all", "accelerators bought", "thousand accelerators").terms = sum;
  }

  void money() {
    PlanTerms& spent = add("all", "spent, without interest", "B$").terms;
    for (int t = 0; t < p_.quarters(); ++t) {
      for (const PlanTerms* some : model_.payments[t].all()) {
        for (const auto& entry : some->entries()) spent.add(entry.column, entry.value / kLpBillion);
        spent.add_constant(some->constant() / kLpBillion);
      }
    }
  }

  void services() {
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      PlanTerms& served = add("service", p_.services[k].id, "1e15 tokens").terms;
      for (std::size_t b = 0; b < p_.services[k].blocks.size(); ++b) {
        for (int t = 0; t < p_.quarters(); ++t) {
          served.add(c_.sell.at(static_cast<int>(k), static_cast<int>(b), t),
                     (kLpTokenRate * quarter_year).base() / 1e15);
        }
      }
    }
  }

  const Programme& p_;
  const PlanModel& model_;
  const PlanColumns& c_;
  std::vector<PlanFigure> out_;
};

/// Objectives over the plans that lose no more than a share of the best value.
class NearPlans {
 public:
  NearPlans(const PlanModel& model, const LpSolver& solver) : lp_(model.lp), costs_(model.lp.costs()), solver_(solver) {
    const int family = lp_.add_row_family({"value", {}, "B$"});
    row_ = lp_.add_row(-kInfinity, kInfinity, {family, {}});
    for (int j = 0; j < lp_.column_count(); ++j) {
      if (costs_[j] != 0) lp_.add_entry(row_, j, costs_[j] / kLpBillion);
    }
    solve({});
    if (solution_) best_ = solution_->objective;
  }

  bool solved() const { return solution_.has_value(); }
  const std::vector<double>& values() const { return solution_->values; }
  /// Of the programme's own objective, M$ with its offset; the best is the least.
  double best() const { return best_; }
  double cost() const { return solution_->activities[row_] * kLpBillion + lp_.objective_offset(); }

  void allow(double loss) {
    lp_.set_row_bounds(row_, -kInfinity, (best_ + loss * std::abs(best_) - lp_.objective_offset()) / kLpBillion);
  }
  /// Least of the terms; false where the solver found none. What is found stays the start of the next.
  bool minimise(const PlanTerms& terms, double sign) {
    for (int j = 0; j < lp_.column_count(); ++j) lp_.set_cost(j, 0);
    std::vector<double> cost(static_cast<std::size_t>(lp_.column_count()), 0.0);
    for (const auto& entry : terms.entries()) cost[entry.column] += sign * entry.value;
    for (int j = 0; j < lp_.column_count(); ++j) {
      if (cost[j] != 0) lp_.set_cost(j, cost[j]);
    }
    LpOptions options;
    options.method = LpMethod::primal, options.start = solution_->basis;
    return solve(options);
  }

 private:
  bool solve(const LpOptions& options) {
    LpOutcome outcome = solver_.solve(lp_, options);
    auto* found = std::get_if<LpSolution>(&outcome);
    if (found != nullptr) solution_ = std::move(*found);
    return found != nullptr;
  }

  LpProblem lp_;
  const std::vector<double> costs_;
  const LpSolver& solver_;
  int row_ = 0;
  double best_ = 0;
  std::optional<LpSolution> solution_;
};

/// Of the accelerators bought in either plan those that only one of them buys, as a share of the larger number.
double difference(const std::vector<FigureRange>& ranges, const std::vector<double>& a, const std::vector<double>& b) {
  double only = 0, in_a = 0, in_b = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].figure.kind != "system") continue;
    only += std::max(0.0, b[i] - a[i]), in_a += a[i], in_b += b[i];
  }
  return std::max(in_a, in_b) > 0 ? std::max(only, only + in_a - in_b) / std::max(in_a, in_b) : 0;
}

std::vector<double> figures_at(const std::vector<FigureRange>& ranges, const std::vector<double>& columns) {
  std::vector<double> out;
  for (const auto& range : ranges) out.push_back(range.figure.at(columns));
  return out;
}

/// What the plans found so far have much of is made dear, what they have little of is favoured: each system and each
/// site by its mean use, on the scale of its range, less the mean of all. So the mix moves rather than the size.
PlanTerms away_from(const std::vector<FigureRange>& ranges, const std::vector<std::vector<double>>& found) {
  PlanTerms out;
  for (const char* kind : {"system", "site"}) {
    std::vector<std::size_t> places;
    std::vector<double> scales, uses;
    double mean = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].figure.kind != kind) continue;
      double most = ranges[i].most, sum = 0;
      for (const auto& figures : found) most = std::max(most, figures[i]), sum += figures[i];
      if (most <= 0) continue;
      places.push_back(i), scales.push_back(most), uses.push_back(sum / most / static_cast<double>(found.size()));
      mean += uses.back();
    }
    for (std::size_t n = 0; n < places.size(); ++n) {
      const double weight = (uses[n] - mean / static_cast<double>(places.size())) / scales[n];
      for (const auto& entry : ranges[places[n]].figure.terms.entries()) out.add(entry.column, weight * entry.value);
    }
  }
  return out;
}

/// Whether a plan has been found before, each figure within a hundredth.
bool among_found(const std::vector<double>& figures, const std::vector<std::vector<double>>& found) {
  return std::any_of(found.begin(), found.end(), [&](const std::vector<double>& other) {
    for (std::size_t i = 0; i < figures.size(); ++i) {
      if (std::abs(figures[i] - other[i]) > 0.01 * std::max(1.0, std::abs(other[i]))) return false;
    }
    return true;
  });
}

}  // namespace

double PlanFigure::at(const std::vector<double>& columns) const {
  double sum = terms.constant();
  for (const auto& entry : terms.entries()) sum += entry.value * columns[entry.column];
  return without_dust(sum);
}

std::vector<PlanFigure> plan_figures(const PlanModel& model) { return Figures(model).all(); }

NearBestOutcome find_near_best(const Programme& programme, const NearBestOptions& options, const LpSolver& solver) {
  const PlanModel model = build_plan_model(programme);
  NearPlans near(model, solver);
  if (!near.solved()) return "there is no plan";
  NearBest out;
  out.value = -near.best() * kLpMoney;
  for (auto& figure : plan_figures(model)) {
    const double best = figure.at(near.values());
    out.ranges.push_back({std::move(figure), best, best, best});
  }
  std::vector<std::vector<double>> found{figures_at(out.ranges, near.values())};
  near.allow(options.range);
  for (FigureRange& range : out.ranges) {
    if (range.figure.terms.empty()) continue;
    if (!near.minimise(range.figure.terms, 1)) return "the least of " + range.figure.name + " was not found";
    range.least = std::min(range.best, range.figure.at(near.values()));
    if (!near.minimise(range.figure.terms, -1)) return "the most of " + range.figure.name + " was not found";
    range.most = std::max(range.best, range.figure.at(near.values()));
  }
  near.allow(options.loss);
  for (int i = 0; i < options.plans; ++i) {
    if (!near.minimise(away_from(out.ranges, found), 1)) break;
    const auto figures = figures_at(out.ranges, near.values());
    if (among_found(figures, found)) break;  // there is no plan farther away
    found.push_back(figures);
    out.others.push_back({-near.cost() * kLpMoney, found.back(), difference(out.ranges, found.front(), found.back())});
  }
  return out;
}

}  // namespace stargate
