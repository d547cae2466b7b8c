// The scenarios' LPs live on between evaluations (LpWarmSolver); the master is small and built anew.
#include "stargate/planner/two_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stargate/base/parallel.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/warm_solver.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kMasterMoney = 1000;        // M$ in a unit of the master: costs of whole programmes
constexpr double kDollars = 1e6;             // in an LP unit of money
constexpr double kFirstStep = 0.2;           // of a decision's scale
constexpr double kLongStep = 1e6;

}  // namespace

/// cost_S >= constant + slopes . x in the master's money; of no scenario: 0 >= that.
struct Cut {
  int scenario = -1;
  double constant = 0;
  std::vector<double> slopes;  ///< by decision
};

struct ScenarioLp {
  double probability;
  Programme programme;
  PlanModel model;
  std::unique_ptr<LpWarmSolver> solver;
  std::vector<int> columns;  ///< by decision
};

namespace {

double mean_of(const std::vector<double>& values, const std::vector<double>& probabilities) {
  return std::inner_product(values.begin(), values.end(), probabilities.begin(), 0.0);
}

/// Of the lowest `tail` of the probability.
double lowest_mean(const std::vector<double>& values, const std::vector<double>& probabilities, double tail) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  double left = tail, sum = 0;
  for (const std::size_t i : order) {
    const double share = std::min(left, probabilities[i]);
    sum += share * values[i], left -= share;
  }
  return sum / (tail - left);
}

std::vector<double> values_of(const DecisionValue& value) {
  std::vector<double> out;
  for (const auto& some : value.values) out.push_back(some.value_or(0));
  return out;
}

}  // namespace

bool DecisionValue::feasible() const {
  return std::all_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
}

double DecisionValue::mean(const std::vector<double>& probabilities) const {
  return mean_of(values_of(*this), probabilities);
}

double DecisionValue::tail_mean(const std::vector<double>& probabilities, double tail) const {
  return lowest_mean(values_of(*this), probabilities, tail);
}

std::vector<SharedDecision> shared_decisions(const Programme& programme, int quarters) {
  std::vector<SharedDecision> out;
  for (int t = 0; t < std::min(quarters, programme.quarters()); ++t) {
    for (std::size_t g = 0; g < programme.systems.size(); ++g) out.push_back({true, static_cast<int>(g), t});
    for (std::size_t s = 0; s < programme.sites.size(); ++s) out.push_back({false, static_cast<int>(s), t});
  }
  return out;
}

int column_of(const PlanColumns& columns, const SharedDecision& decision) {
  return decision.order ? columns.order.at(decision.item, decision.t) : columns.started.at(decision.item, decision.t);
}

void add_power_share_rows(LpProblem& lp, const PlanModel& model, const PowerShareCap& cap) {
  const Programme& p = *model.programme;
  if (cap.share >= 1) return;
  const int number = lp.add_axis({});
  const int family = lp.add_row_family({"power_share", {number}, "MW"});
  for (int t = 0; t < p.periods(); ++t) {
    const int row = lp.add_row(-kInfinity, 0, {family, {t}});
    for (std::size_t s = 0; s < p.sites.size(); ++s) {
      for (std::size_t g = 0; g < p.systems.size(); ++g) {
        const int installed = model.columns.installed.at(static_cast<int>(s), static_cast<int>(g), t);
        if (installed < 0) continue;
        const auto& ids = cap.systems;
        const bool capped = std::find(ids.begin(), ids.end(), p.systems[g].id) != ids.end();
        lp.add_entry(row, installed, ((capped ? 1 : 0) - cap.share) * full_power_lp(p.sites[s], p.systems[g]));
      }
    }
  }
}

struct TwoStageProgramme::State {
  std::vector<std::unique_ptr<ScenarioLp>> scenarios;  ///< a model refers to its programme: none moves
  std::vector<std::string> names;
  std::vector<double> probabilities, known;            ///< known: values of wait and see, dollars
  std::vector<SharedDecision> decisions;
  std::vector<double> upper, scale;                    ///< by decision; scale: the size of a usual one
  std::vector<double> middle;                          ///< mean of what the scenarios, each known, would decide
  std::vector<Cut> cuts;
  std::vector<DecisionValue> tried;                    ///< that can be kept, in the order tried

  void add(WeightedScenario from, const PowerShareCap& cap);
  void bound_decisions();
  void add_shared_rows(LpProblem& lp, int family) const;
  LpOutcome solve_master(double weight, double tail, const DecisionValue* around, double step) const;
  void learn(const ScenarioLp& some, int s, const LpWarmOutcome& outcome, const std::vector<double>& at);
  double objective(const DecisionValue& value, double weight, double tail) const {
    return (1 - weight) * value.mean(probabilities) + weight * value.tail_mean(probabilities, tail);
  }
};

void TwoStageProgramme::State::add(WeightedScenario from, const PowerShareCap& cap) {
  auto some = std::make_unique<ScenarioLp>();
  some->probability = from.probability, some->programme = std::move(from.programme);
  some->model = build_plan_model(some->programme);
  LpProblem lp = some->model.lp;
  add_power_share_rows(lp, some->model, cap);
  some->solver = std::make_unique<LpWarmSolver>(std::move(lp));
  for (const auto& decision : decisions) some->columns.push_back(column_of(some->model.columns, decision));
  names.push_back(from.name), probabilities.push_back(from.probability);
  scenarios.push_back(std::move(some));
}

/// What one of them does not allow has no column there and is zero in all.
void TwoStageProgramme::State::bound_decisions() {
  upper.assign(decisions.size(), kInfinity), scale.assign(decisions.size(), 0);
  for (const auto& some : scenarios) {
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      const int column = some->columns[d];
      upper[d] = std::min(upper[d], column < 0 ? 0 : some->model.lp.column_upper()[column]);
    }
  }
}

/// Limits that hold the decisions alone, of every scenario: crews, ramps of vendors, offers.
void TwoStageProgramme::State::add_shared_rows(LpProblem& master, int family) const {
  for (const auto& some : scenarios) {
    const LpProblem& lp = some->solver->problem();
    const LpMatrix matrix = lp.matrix();
    std::vector<int> decision(static_cast<std::size_t>(lp.column_count()), -1);
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      if (some->columns[d] >= 0) decision[some->columns[d]] = static_cast<int>(d);
    }
    std::vector<int> own(static_cast<std::size_t>(lp.row_count()), 0), shared = own;
    for (int j = 0; j < lp.column_count(); ++j) {
      for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) ++(decision[j] < 0 ? own : shared)[matrix.rows[e]];
    }
    std::vector<int> row(own.size(), -1);
    for (int i = 0; i < lp.row_count(); ++i) {
      if (own[i] == 0 && shared[i] > 0) row[i] = master.add_row(lp.row_lower()[i], lp.row_upper()[i], {family, {i}});
    }
    for (int j = 0; j < lp.column_count(); ++j) {
      for (int e = matrix.starts[j]; decision[j] >= 0 && e < matrix.starts[j + 1]; ++e) {
        if (row[matrix.rows[e]] >= 0) master.add_entry(row[matrix.rows[e]], decision[j], matrix.values[e]);
      }
    }
  }
}

/// Columns: the decisions, the scenarios' costs, then of the tail theta and what is over it. `around`: decisions that
/// it stays near.
LpOutcome TwoStageProgramme::State::solve_master(double weight, double tail, const DecisionValue* around,
                                                 double step) const {
  LpProblem lp;
  const int number = lp.add_axis({});
  const int column = lp.add_column_family({"decision", {number}, ""});
  const int limit = lp.add_row_family({"limit", {number}, ""}), cut_row = lp.add_row_family({"cut", {number}, ""});
  const int count = static_cast<int>(decisions.size()), all = static_cast<int>(scenarios.size());
  for (int d = 0; d < count; ++d) {
    const double low = around == nullptr ? 0 : std::max(0.0, around->decisions[d] - step * scale[d]);
    const double high = around == nullptr ? upper[d] : std::min(upper[d], around->decisions[d] + step * scale[d]);
    lp.add_column(low, std::max(low, high), 0, {column, {d}});
  }
  for (int s = 0; s < all; ++s) {
    const double least = -known[s] / kDollars / kMasterMoney;
    lp.add_column(least, kInfinity, (1 - weight) * probabilities[s], {column, {count + s}});
  }
  add_shared_rows(lp, limit);
  if (weight > 0) {
    const int theta = lp.add_column(-kInfinity, kInfinity, weight, {column, {count + all}});
    for (int s = 0; s < all; ++s) {
      const int over = lp.add_column(0, kInfinity, weight * probabilities[s] / tail, {column, {count + all + 1 + s}});
      const int row = lp.add_row(0, kInfinity, {cut_row, {s}});
      lp.add_entry(row, over, 1), lp.add_entry(row, theta, 1), lp.add_entry(row, count + s, -1);
    }
  }
  for (const Cut& cut : cuts) {
    const int row = lp.add_row(cut.constant, kInfinity, {cut_row, {}});
    if (cut.scenario >= 0) lp.add_entry(row, count + cut.scenario, 1);
    for (int d = 0; d < count; ++d) {
      if (cut.slopes[d] != 0) lp.add_entry(row, d, -cut.slopes[d]);
    }
  }
  return make_clp_solver()->solve(lp, {});
}

namespace {

/// Of an infeasible scenario: with rows weighted by the proof, what the decisions must do so that its bounds meet. Of
/// the two sides, that which `at` violates.
std::optional<Cut> cut_of_proof(const LpProblem& lp, const std::vector<int>& columns,
                                const std::vector<double>& weights, const std::vector<double>& at) {
  const LpMatrix matrix = lp.matrix();
  std::vector<bool> shared(static_cast<std::size_t>(lp.column_count()), false);
  for (const int column : columns) {
    if (column >= 0) shared[column] = true;
  }
  double largest = 0;
  for (const double w : weights) largest = std::max(largest, std::abs(w));
  for (const double sign : {1.0, -1.0}) {
    // need <= sign y'(A x) for all that keeps the rows; have: the most that the other columns give.
    double need = 0, have = 0;
    Cut cut{.scenario = -1, .constant = 0, .slopes = std::vector<double>(columns.size(), 0)};
    bool finite = largest > 0;
    for (int i = 0; i < lp.row_count() && finite; ++i) {
      const double w = sign * weights[i] / largest;
      if (std::abs(w) < 1e-11) continue;
      const double bound = w > 0 ? lp.row_lower()[i] : lp.row_upper()[i];
      finite = std::isfinite(bound), need += finite ? w * bound : 0;
    }
    std::vector<double> gain(static_cast<std::size_t>(lp.column_count()), 0);
    for (int j = 0; j < lp.column_count() && finite; ++j) {
      for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) {
        gain[j] += sign * weights[matrix.rows[e]] / largest * matrix.values[e];
      }
      if (shared[j] || std::abs(gain[j]) < 1e-9) continue;
      const double bound = gain[j] > 0 ? lp.column_upper()[j] : lp.column_lower()[j];
      finite = std::isfinite(bound), have += finite ? gain[j] * bound : 0;
    }
    if (!finite) continue;
    // 0 >= need - have - sum gain x
    cut.constant = need - have;
    double violated = cut.constant;
    for (std::size_t d = 0; d < columns.size(); ++d) {
      if (columns[d] < 0) continue;
      cut.slopes[d] = -gain[columns[d]], violated += cut.slopes[d] * at[d];
    }
    if (violated > 1e-9) return cut;
  }
  return std::nullopt;
}

}  // namespace

void TwoStageProgramme::State::learn(const ScenarioLp& some, int s, const LpWarmOutcome& outcome,
                                     const std::vector<double>& at) {
  if (const auto* proof = std::get_if<LpInfeasibilityProof>(&outcome)) {
    if (proof->weights.empty()) return;
    auto cut = cut_of_proof(some.solver->problem(), some.columns, proof->weights, at);
    if (cut) cuts.push_back(std::move(*cut));
    return;
  }
  const auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) return;
  Cut cut{.scenario = s, .constant = found->objective / kMasterMoney, .slopes = {}};
  cut.slopes.assign(decisions.size(), 0);
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    if (some.columns[d] < 0) continue;
    cut.slopes[d] = found->reduced_costs[some.columns[d]] / kMasterMoney;
    if (std::abs(cut.slopes[d]) < 1e-12) cut.slopes[d] = 0;
    cut.constant -= cut.slopes[d] * at[d];
  }
  cuts.push_back(std::move(cut));
}

TwoStageProgramme::TwoStageProgramme(std::vector<WeightedScenario> scenarios, int quarters, const PowerShareCap& cap)
    : state_(std::make_unique<State>()) {
  state_->decisions = shared_decisions(scenarios[0].programme, quarters);
  for (auto& some : scenarios) state_->add(std::move(some), cap);
  state_->bound_decisions();
}
TwoStageProgramme::~TwoStageProgramme() = default;

const std::vector<SharedDecision>& TwoStageProgramme::decisions() const { return state_->decisions; }
const std::vector<double>& TwoStageProgramme::probabilities() const { return state_->probabilities; }
const std::vector<double>& TwoStageProgramme::wait_and_see_values() const { return state_->known; }

int TwoStageProgramme::columns() const {
  int sum = 0;
  for (const auto& some : state_->scenarios) sum += some->model.lp.column_count();
  return sum;
}

int TwoStageProgramme::rows() const {
  int sum = 0;
  for (const auto& some : state_->scenarios) sum += some->model.lp.row_count();
  return sum;
}

std::vector<std::string> TwoStageProgramme::wait_and_see() {
  State& s = *state_;
  std::vector<LpWarmOutcome> outcomes(s.scenarios.size(), LpStopped{});
  for_each_parallel(s.scenarios.size(), [&](std::size_t i) { outcomes[i] = s.scenarios[i]->solver->solve(); });
  std::vector<std::string> faults;
  s.middle.assign(s.decisions.size(), 0);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (const auto* found = std::get_if<LpSolution>(&outcomes[i])) {
      s.known.push_back(-found->objective * kDollars);
      for (std::size_t d = 0; d < s.decisions.size(); ++d) {
        const int column = s.scenarios[i]->columns[d];
        if (column < 0) continue;
        s.scale[d] = std::max(s.scale[d], found->values[column]);
        s.middle[d] += s.probabilities[i] * std::min(s.upper[d], found->values[column]);
      }
    } else {
      const auto* stopped = std::get_if<LpStopped>(&outcomes[i]);
      faults.push_back(s.names[i] + ": " + (stopped ? stopped->reason : "no plan keeps every limit"));
    }
  }
  // What no scenario would decide may still be worth a step as large as a usual one of its kind.
  for (const bool order : {true, false}) {
    double sum = 0, count = 0;
    for (std::size_t d = 0; d < s.decisions.size(); ++d) {
      if (s.decisions[d].order == order && s.scale[d] > 0) sum += s.scale[d], ++count;
    }
    for (std::size_t d = 0; d < s.decisions.size(); ++d) {
      if (s.decisions[d].order == order) s.scale[d] = std::max({s.scale[d], count > 0 ? 0.3 * sum / count : 1, 1e-3});
    }
  }
  return faults;
}

std::vector<double> TwoStageProgramme::decisions_of(const PlanModel& model, const std::vector<double>& columns) const {
  std::vector<double> out;
  for (std::size_t d = 0; d < state_->decisions.size(); ++d) {
    const int column = column_of(model.columns, state_->decisions[d]);
    out.push_back(column < 0 ? 0 : std::clamp(columns[static_cast<std::size_t>(column)], 0.0, state_->upper[d]));
  }
  return out;
}

DecisionValue TwoStageProgramme::evaluate(const std::vector<double>& decisions) {
  State& s = *state_;
  std::vector<LpWarmOutcome> outcomes(s.scenarios.size(), LpStopped{});
  for_each_parallel(s.scenarios.size(), [&](std::size_t i) {
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      const int column = s.scenarios[i]->columns[d];
      if (column >= 0) s.scenarios[i]->solver->set_column_bounds(column, decisions[d], decisions[d]);
    }
    outcomes[i] = s.scenarios[i]->solver->solve();
  });
  DecisionValue out{decisions, {}};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto* found = std::get_if<LpSolution>(&outcomes[i]);
    out.values.push_back(found == nullptr ? std::nullopt : std::optional(-found->objective * kDollars));
    s.learn(*s.scenarios[i], static_cast<int>(i), outcomes[i], decisions);
  }
  if (out.feasible()) s.tried.push_back(out);
  return out;
}

std::optional<TwoStagePlan> TwoStageProgramme::optimise(double weight, double tail, double tolerance,
                                                        int most_rounds) {
  State& s = *state_;
  // The mean of what each would decide is near, and often can be kept; else nothing begun that is not begun.
  if (s.tried.empty()) evaluate(s.middle);
  if (s.tried.empty()) evaluate(std::vector<double>(s.decisions.size(), 0));
  const DecisionValue* best = nullptr;
  std::size_t best_place = 0;
  for (std::size_t i = 0; i < s.tried.size(); ++i) {
    if (best == nullptr || s.objective(s.tried[i], weight, tail) > s.objective(*best, weight, tail)) {
      best = &s.tried[i], best_place = i;
    }
  }
  TwoStagePlan out;
  double step = kFirstStep, bound = kInfinity;
  for (out.iterations = 0; out.iterations < most_rounds; ++out.iterations) {
    const LpOutcome free = s.solve_master(weight, tail, nullptr, 0);
    const auto* relaxed = std::get_if<LpSolution>(&free);
    if (relaxed == nullptr) break;
    bound = std::min(bound, -relaxed->objective * kMasterMoney * kDollars);
    best = s.tried.empty() ? nullptr : &s.tried[best_place];  // the list may have moved
    const double value = best == nullptr ? 0 : s.objective(*best, weight, tail);
    if (best != nullptr && bound - value <= tolerance * std::max(std::abs(value), 1e6)) break;
    LpOutcome near = LpStopped{};
    if (best != nullptr && step < kLongStep) near = s.solve_master(weight, tail, best, step);
    const auto* chosen = std::get_if<LpSolution>(&near);
    if (chosen == nullptr) chosen = relaxed;
    const std::vector<double> at(chosen->values.begin(),
                                 chosen->values.begin() + static_cast<std::ptrdiff_t>(s.decisions.size()));
    const double promised = -chosen->objective * kMasterMoney * kDollars - value;
    const std::size_t known = s.cuts.size();
    const DecisionValue tried = evaluate(at);
    const double gained = tried.feasible() ? s.objective(tried, weight, tail) - value : -kInfinity;
    if (best == nullptr || gained > 0) {
      if (tried.feasible()) best_place = s.tried.size() - 1;
      if (gained > 0.5 * promised) step *= 2;
    } else if (gained < -promised) {
      step *= 0.5;
    }
    if (s.cuts.size() == known && !tried.feasible()) {
      if (best == nullptr) break;  // no proof to learn from, and nowhere to go back to
      step *= 0.5;
    }
  }
  if (s.tried.empty()) return std::nullopt;
  out.value = s.tried[best_place];
  out.objective = s.objective(out.value, weight, tail);
  out.bound = std::max(bound, out.objective);
  return out;
}

}  // namespace stargate
