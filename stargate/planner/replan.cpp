// A plan, its first quarter carried out, the state that leaves (replan_state.cpp), what has become known by then, and
// the next plan.
#include "stargate/planner/replan.hpp"

#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/replay.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

/// A model refers to its programme: it does not move.
struct RolledQuarter {
  Programme programme;
  PlanModel model;
  LpSolution found;

  double value() const { return -found.objective * 1e6; }
  double sum(const PlanTerms& terms) const {
    double out = terms.constant();
    for (const auto& entry : terms.entries()) {
      out += entry.value * found.values[static_cast<std::size_t>(entry.column)];
    }
    return out;
  }
  double tokens(int t) const {
    double out = 0;
    for (std::size_t k = 0; k < programme.services.size(); ++k) {
      for (std::size_t b = 0; b < programme.services[k].blocks.size(); ++b) {
        const int sell = model.columns.sell.at(static_cast<int>(k), static_cast<int>(b), t);
        if (sell >= 0) out += found.values[static_cast<std::size_t>(sell)];
      }
    }
    return out * (kLpTokenRate * quarter_year).base();
  }
};

/// A programme under way: the state in which a quarter begins, and what came before it.
struct UnderWay {
  Programme programme;
  double done = 0;  ///< present value of the quarters carried out, dollars
  std::vector<ReplanQuarter> quarters;
  double value = 0;  ///< as expected in the last quarter carried out
};

namespace {

std::unique_ptr<RolledQuarter> plan_quarter(Programme programme, const LpSolver& solver) {
  auto out = std::make_unique<RolledQuarter>();
  out->programme = std::move(programme);
  out->model = build_plan_model(out->programme);
  LpOutcome outcome = solver.solve(out->model.lp, {});
  auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) return nullptr;
  out->found = std::move(*found);
  return out;
}

/// Of the first `half` quarters of a plan, to place `i`.
void add_totals(HorizonReport& out, int i, const RolledQuarter& plan, int half) {
  const auto value = [&](int column) { return column < 0 ? 0 : plan.found.values[static_cast<std::size_t>(column)]; };
  for (int t = 0; t < half; ++t) {
    for (int s = 0; s < static_cast<int>(plan.programme.sites.size()); ++s) {
      out.started[i] += value(plan.model.columns.started.at(s, t));
      for (int g = 0; g < static_cast<int>(plan.programme.systems.size()); ++g) {
        out.delivered[i] += kLpAccelerators * value(plan.model.columns.deliver.at(s, g, t));
      }
    }
    for (const PlanTerms* some : plan.model.payments[static_cast<std::size_t>(t)].all()) {
      out.paid[i] += plan.sum(*some) * 1e6;
    }
    out.tokens[i] += plan.tokens(t);
  }
}

Quarter known_from(const PlanChange& change, Quarter first) {
  return acts_at_once(change.driver) ? first : std::max(change.from.value_or(first), first);
}

std::vector<PlanChange> known_in(const std::vector<PlanChange>& changes, Quarter first, Quarter quarter) {
  std::vector<PlanChange> out;
  for (const PlanChange& change : changes) {
    if (known_from(change, first) == quarter) out.push_back(change);
  }
  return out;
}

/// Plans the quarter and carries it out. False: there is no plan.
bool roll(UnderWay& now, int t, const LpSolver& solver, std::vector<std::string> learned,
          std::unique_ptr<RolledQuarter>* keep = nullptr) {
  auto solved = plan_quarter(std::move(now.programme), solver);
  if (!solved) return false;
  const Programme& p = solved->programme;
  ReplanQuarter quarter;
  quarter.quarter = p.first, quarter.learned = std::move(learned);
  const double weight = discount_factor(p, t);
  PlanTerms revenue;
  add_revenue(revenue, solved->model, 0, 1);
  quarter.revenue = solved->sum(revenue) * 1e6;
  for (const PlanTerms* some : solved->model.payments.front().all()) quarter.paid += solved->sum(*some) * 1e6;
  quarter.tokens = solved->tokens(0);
  quarter.expected = now.done + weight * solved->value();
  now.value = quarter.expected;
  now.done += weight * (quarter.revenue - quarter.paid);
  now.quarters.push_back(std::move(quarter));
  if (p.quarters() > 1) now.programme = next_programme(solved->model, solved->found.values);
  if (keep != nullptr) *keep = std::move(solved);
  return true;
}

std::string no_plan_in(Quarter quarter) { return "no plan keeps every limit in " + format_quarter(quarter); }

}  // namespace

struct RollingPlan::State {
  RiskBasis basis;
  const LpSolver* solver = nullptr;
  std::vector<UnderWay> without_news;  ///< by quarter: as it begins
  std::unique_ptr<RolledQuarter> first;
  std::string fault;
};

RollingPlan::RollingPlan(const RiskBasis& basis, const LpSolver& solver) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.basis = basis, s.solver = &solver;
  UnderWay now;
  now.programme = basis.programme;
  for (int t = 0; t < basis.programme.quarters(); ++t) {
    s.without_news.push_back(now);
    if (roll(now, t, solver, {}, t == 0 ? &s.first : nullptr)) continue;
    s.fault = no_plan_in(basis.programme.first + t);
    return;
  }
  s.without_news.push_back(std::move(now));
}
RollingPlan::~RollingPlan() = default;

const std::string& RollingPlan::fault() const { return state_->fault; }

std::optional<HorizonReport> RollingPlan::longer(int quarters) const {
  const State& s = *state_;
  if (!s.fault.empty()) return std::nullopt;
  HorizonReport out;
  out.half = s.basis.programme.quarters() / 2;
  Programme all = s.basis.programme;
  all.last = all.last + quarters;
  const UnderWay& midway = s.without_news[static_cast<std::size_t>(out.half)];
  Programme rest = midway.programme;
  rest.last = all.last;
  const auto best = plan_quarter(std::move(all), *s.solver), kept = plan_quarter(std::move(rest), *s.solver);
  if (!best || !kept) return std::nullopt;
  out.best = best->value();
  out.kept = midway.done + discount_factor(best->programme, out.half) * kept->value();
  add_totals(out, 0, *s.first, out.half), add_totals(out, 1, *best, out.half);
  return out;
}

ReplanOutcome RollingPlan::under(const std::vector<PlanChange>& changes) const {
  const State& s = *state_;
  const Programme& p = s.basis.programme;
  if (!s.fault.empty()) return {{}, s.fault};
  ReplanReport out;
  const auto foresight = plan_quarter(changed_programme(s.basis, changes), *s.solver);
  if (!foresight) return {{}, "no plan keeps every limit where all is known"};
  out.foresight = foresight->value();
  for (int t = 0; t < p.quarters(); ++t) out.foresight_tokens += foresight->tokens(t);

  int t = p.quarters();  // of the first news
  for (const PlanChange& change : changes) t = std::min(t, known_from(change, p.first) - p.first);
  UnderWay now = s.without_news[static_cast<std::size_t>(t)];
  std::unique_ptr<RolledQuarter> own;
  for (; t < p.quarters(); ++t) {
    const auto known = known_in(changes, p.first, p.first + t);
    std::vector<std::string> learned;
    for (const PlanChange& change : known) learned.emplace_back(driver_name(change.driver));
    if (!known.empty()) {
      RiskBasis basis = s.basis;
      basis.programme = std::move(now.programme);
      now.programme = changed_programme(basis, known);
    }
    if (!roll(now, t, *s.solver, std::move(learned), t == 0 ? &own : nullptr)) {
      return {{}, no_plan_in(p.first + t)};
    }
  }
  const RolledQuarter& first = own ? *own : *s.first;
  const Replay kept = KeptPlan(first.programme, first.found.values).under(foresight->programme);
  out.kept = kept.value, out.missing = kept.missing;
  out.promised = first.value(), out.rolled = now.value;
  for (const auto& quarter : now.quarters) out.rolled_tokens += quarter.tokens;
  out.quarters = std::move(now.quarters);
  return {std::move(out), {}};
}

}  // namespace stargate
