// A race: whoever comes later first shows that it takes more than the best so far, in one trial, and is measured only
// then.
#include "stargate/sizing/size_fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr int kMostTried = 4;           // equal replicas of a trial that do whole requests,
constexpr int kEnoughTried = 16;        // and accelerators from which fewer replicas do
constexpr double kUsualOptimism = 1.3;  // of an estimate, before any was put to the test
constexpr double kLeastOptimism = 1.05, kOptimismMargin = 1.1;
constexpr int kManyTried = 12;  // of which the luckiest says by how far all estimates are too high,
constexpr double kWideMargin = 1.5;  // ... with this for one that is luckier
constexpr int kBudgetStep = 4;  // between token budgets
constexpr int kMatchings = 2;   // of the two sides, after the first
constexpr int kLonger = 4;      // times a trial, for the whole deployment
constexpr std::int64_t kMostHeld = 100'000;
constexpr int kMostSettles = 24;

/// The part of a deployment that is tried: all of a disaggregated one, a few of many equal replicas.
Deployment tried_part(const Deployment& whole) {
  Deployment part = whole;
  if (part.disaggregated()) return part;
  // Equal replicas behind a router serve in proportion to their number: a few show what all would, for a fraction of
  // the events.
  const int enough = std::clamp(kEnoughTried / part.main.layout.accelerators(), 1, kMostTried);
  part.main.replicas = std::min(part.main.replicas, enough);
  return part;
}

/// As many of it as the demand needs, when a part of it takes `capacity`.
Deployment whole_of(const Deployment& part, double capacity, const Deployment& planned, const SizingDemand& demand) {
  if (demand.accelerators > 0) return planned;
  Deployment whole = part;
  // Capacity of equal replicas is proportional to their number: what a part takes is scaled up, and the whole is run
  // once more before it is believed.
  const double times = (1 + demand.headroom) * demand.rate / capacity;
  const auto scaled = [&](int replicas) { return std::max(1, static_cast<int>(std::ceil(times * replicas - 1e-9))); };
  if (!part.disaggregated()) {
    whole.main.replicas = scaled(part.main.replicas);
  } else if (times > 1) {
    whole.main.replicas = scaled(part.main.replicas), whole.prefill->replicas = scaled(part.prefill->replicas);
  }
  return whole;
}

struct Candidate {
  std::size_t option = 0;
  Deployment planned;
  double worth = 0;
};

struct Tried {
  SizedFleet fleet;
  Capacity capacity;
  ServingQuestion serving;  ///< with the budget that was tried
  double parts = 1;         ///< of the whole deployment over the one tried
};

/// Candidates by their estimated worth. A candidate is passed over when even the largest error of an estimate seen so
/// far (optimism) could not make it the best; so with honest estimates few are simulated.
class FleetRace {
 public:
  FleetRace(const Model& model, const FleetQuestion& question, std::span<const FleetOption> options)
      : model_(model), question_(question), demand_(question.demand), options_(options), steps_(options.size()) {}

  FleetAnswer run() {
    for (std::size_t i = 0; i < options_.size(); ++i) enter(i);
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.worth < b.worth; });
    race();
    while (best_ && !settle(*best_)) {  // what holds a short run may be too small for the longest request of a long one
      drop(*best_);
      best_.reset();
      race();
    }
    if (!best_) return explain();
    SizedFleet& fleet = best_->fleet;
    fleet.losses = losses_;
    fleet.losses.latency += failed_;
    fleet.losses.costlier = static_cast<int>(candidates_.size()) - 1;
    fleet.candidates = static_cast<int>(candidates_.size());
    fleet.simulated = simulated_, fleet.trials = trials_;
    return std::move(fleet);
  }

 private:
  void race() {
    for (const Candidate& candidate : candidates_) {
      // Even if it beat its estimate by as much as the luckiest so far, it would need no fewer accelerators.
      if (best_ && deployment_worth(candidate.planned, demand_, optimism()) >= worth(best_->fleet)) continue;
      ++simulated_;
      try_candidate(candidate);
    }
  }

  /// Leaves out all deployments of the layouts of one that could not be made to hold.
  void drop(const Tried& tried) {
    const Deployment& lost = tried.fleet.deployment;
    const auto before = candidates_.size();
    std::erase_if(candidates_, [&](const Candidate& c) {
      return c.option == tried.fleet.option && c.planned.main.layout == lost.main.layout &&
             (!lost.prefill || c.planned.prefill->layout == lost.prefill->layout);
    });
    failed_ += static_cast<int>(before - candidates_.size());
  }

  ServingQuestion serving_of(std::size_t option) const {
    ServingQuestion serving = question_.serving;
    serving.precision = options_[option].precision, serving.engine = options_[option].engine;
    return serving;
  }

  void enter(std::size_t option) {
    const auto choose = options_[option].disaggregated ? disaggregated_deployments : whole_deployments;
    DeploymentChoice choice = choose(model_, *options_[option].machine, serving_of(option), demand_);
    const auto& layouts = options_[option].layouts;
    const auto is_other = [&](const Deployment& d) {
      return !(d.main.layout == layouts.front()) || (d.prefill && !(d.prefill->layout == layouts.back()));
    };
    auto& all = choice.deployments;
    if (!layouts.empty() && !std::all_of(all.begin(), all.end(), is_other)) std::erase_if(all, is_other);
    for (const auto& d : all) candidates_.push_back({option, d, deployment_worth(d, demand_)});
    const LayoutLosses& lost = choice.shortfall.losses;
    losses_.memory += lost.memory, losses_.latency += lost.latency, losses_.topology += lost.topology;
    if (choice.deployments.empty() && (!shortfall_ || !shortfall_->best_tpot)) shortfall_ = choice.shortfall;
  }

  /// By how much an estimate may fall short of what is true; below 1 where all fall far behind theirs.
  double optimism() const {
    // Where all estimates were far too high, half as much again as the luckiest is still below 1: fewer candidates are
    // worth a trial.
    if (observed_ > 0 && simulated_ >= kManyTried && kWideMargin * observed_ < 1) return kWideMargin * observed_;
    return observed_ > 0 ? std::max(kLeastOptimism, kOptimismMargin * observed_) : kUsualOptimism;
  }

  double worth(const SizedFleet& fleet) const {
    return demand_.accelerators > 0 ? -fleet.capacity : fleet.deployment.accelerators();
  }

  /// What a part must take to beat `best`; nothing when it cannot.
  std::optional<double> challenge(const Deployment& part, const Deployment& planned, const Tried* best) const {
    if (best == nullptr || best->capacity.rate == 0) return 0;
    if (demand_.accelerators > 0) return best->fleet.capacity * part.main.replicas / planned.main.replicas;
    // To win it must serve the demand with at least one accelerator fewer: the rate its part would have to take for
    // that.
    const int fewer = best->fleet.deployment.accelerators() - 1, each = part.accelerators();
    const double wanted = (1 + demand_.headroom) * demand_.rate;
    if (part.disaggregated()) return each > fewer ? std::nullopt : std::optional(wanted * each / fewer);
    const int replicas = fewer / part.main.layout.accelerators();
    return replicas < 1 ? std::nullopt : std::optional(wanted * part.main.replicas / replicas);
  }

  const Tried* better_of(const Tried* a, const Tried& b) const {
    if (b.capacity.rate == 0) return a;
    return a == nullptr || a->capacity.rate == 0 || worth(b.fleet) < worth(a->fleet) ? &b : a;
  }

  /// Measures the capacity of the part that is tried, as far as it needs to be known to decide.
  Tried try_once(std::size_t option, const ServingQuestion& serving, const Deployment& planned, const Tried* best) {
    Tried out;
    out.serving = serving;
    const Deployment part = tried_part(planned);
    const auto beaten = challenge(part, planned, best);
    if (!beaten) return out;
    const ServingMachine& machine = *options_[option].machine;
    const Trial trial(model_, machine, serving, part, steps_[option]);
    out.capacity = find_capacity(trial, part.estimated_rate(), *beaten, question_.traffic, question_.targets);
    trials_ += out.capacity.trials;
    if (out.capacity.rate == 0) {
      const bool says_more = !nearest_ || (nearest_->refused > 0 && out.capacity.nearest.refused == 0);
      if (says_more && best == nullptr) nearest_ = out.capacity.nearest;  // what fits and is slow, before what does not
      return out;
    }
    observed_ = std::max(observed_, out.capacity.rate / part.estimated_rate());
    SizedFleet& fleet = out.fleet;
    fleet.option = option;
    fleet.deployment = whole_of(part, out.capacity.rate, planned, demand_);
    fleet.max_num_batched_tokens = serving.engine.max_num_batched_tokens;
    out.parts = static_cast<double>(fleet.deployment.main.replicas) / part.main.replicas;
    fleet.capacity = out.capacity.rate * out.parts;
    fleet.at_capacity = out.capacity.best;
    fleet.estimated_output_per_accelerator = part.estimated_rate() * question_.mean_output / part.accelerators();
    fleet.memory = replica_memory({&model_, &machine, part.main.layout, serving.precision, serving.engine});
    return out;
  }

  /// Where chunks of prompts make decodes miss TPOT, smaller ones are tried: a share of the engine's budget.
  void try_whole(const Candidate& candidate) {
    ServingQuestion serving = serving_of(candidate.option);
    int& budget = serving.engine.max_num_batched_tokens;
    bool served = false;
    for (;;) {
      const Tried tried = try_once(candidate.option, serving, candidate.planned, best());
      served = served || tried.capacity.rate > 0;
      const bool slow = tried.capacity.nearest.misses_tpot;
      keep(tried);
      budget /= kBudgetStep;
      // A budget below the number of sequences could not decode them all in one step.
      if (!slow || budget < serving.engine.max_num_seqs) break;
    }
    if (!served && best() == nullptr) ++failed_;
  }

  /// The side that ended the capacity is rated by it, and both are matched anew.
  void try_apart(const Candidate& candidate) {
    const ServingQuestion serving = serving_of(candidate.option);
    Deployment planned = candidate.planned;
    Tried last = try_once(candidate.option, serving, planned, best());
    if (last.capacity.rate == 0 && best() == nullptr) ++failed_;
    keep(last);
    for (int i = 0; i < kMatchings && last.capacity.rate > 0; ++i) {
      const bool prompts = last.capacity.nearest.misses_ttft || last.capacity.nearest.prompts_pile_up;
      ReplicaGroup& ended = prompts ? *planned.prefill : planned.main;
      // The trial has shown what this side really takes; the other side keeps its estimate.
      ended.rate_each = last.capacity.rate / ended.replicas;
      const auto matched = match_sides(*planned.prefill, planned.main, demand_);
      if (!matched || (matched->main.replicas == planned.main.replicas &&
                       matched->prefill->replicas == planned.prefill->replicas)) {
        break;
      }
      planned = *matched;
      last = try_once(candidate.option, serving, planned, best());
      keep(last);
    }
  }

  void try_candidate(const Candidate& candidate) {
    options_[candidate.option].disaggregated ? try_apart(candidate) : try_whole(candidate);
  }

  const Tried* best() const { return best_ ? &*best_ : nullptr; }
  /// Only what is better than the best so far.
  void keep(const Tried& tried) {
    if (better_of(best(), tried) == &tried) best_ = tried;
  }

  /// Runs the whole deployment; true when it is inside its targets. What is refused is so at every rate.
  bool holds(const Trial& whole, double rate, const Tried& tried, TrialResult& held) {
    const auto tried_with = static_cast<double>(tried.fleet.at_capacity.length.requests);
    const auto requests = static_cast<std::int64_t>(kLonger * std::max(1.0, tried.parts) * tried_with);
    held = whole.hold(rate, std::min(requests, kMostHeld), question_.traffic, question_.targets);
    ++trials_;
    if (held.meets()) return true;
    if (held.refused == 0 || !nearest_) nearest_ = held;
    return false;
  }

  /// The whole deployment is run until it holds: as it is at the highest rate, or at the rate that is wanted with the
  /// fewest replicas.
  bool settle(Tried& tried) { return demand_.accelerators > 0 ? settle_rate(tried) : settle_replicas(tried); }

  Trial whole_trial(const Tried& tried) {
    const std::size_t option = tried.fleet.option;
    return {model_, *options_[option].machine, tried.serving, tried.fleet.deployment, steps_[option]};
  }

  /// Down the lattice of rates by one step, two, four; then the last stride is halved.
  bool settle_rate(Tried& tried) {
    const Trial whole = whole_trial(tried);
    const double most = tried.fleet.capacity;
    const auto at = [&](int steps) { return steps == 0 ? most : rate_below(most, steps); };
    TrialResult held, best;
    int failed = -1, good = 0;
    for (int stride = 1; !holds(whole, at(good), tried, held); stride *= 2) {
      if (held.refused > 0 || good >= kMostSettles) return false;
      failed = good;
      good += stride;
    }
    best = held;
    while (good - failed > 1) {
      const int middle = (good + failed) / 2;
      (holds(whole, at(middle), tried, held) ? good : failed) = middle;
      if (good == middle) best = held;
    }
    tried.fleet.capacity = at(good);
    finish(tried.fleet, whole, best, at(good));
    return true;
  }

  bool settle_replicas(Tried& tried) {
    const double load = (1 + demand_.headroom) * demand_.rate;
    for (int i = 0; i < kMostSettles; ++i) {
      const Trial whole = whole_trial(tried);
      TrialResult held;
      if (holds(whole, load, tried, held)) {
        finish(tried.fleet, whole, held, load);
        return true;
      }
      if (held.refused > 0) return false;
      add_replicas(tried.fleet.deployment, held);
    }
    return false;
  }

  /// `held`: what it did at the `load`, headroom included.
  void finish(SizedFleet& fleet, const Trial& whole, const TrialResult& held, double load) const {
    const double wanted = load / (1 + demand_.headroom);
    fleet.held = held.length;
    fleet.at_load = wanted == load ? held : whole.run(wanted, question_.traffic, question_.targets);
    rate(fleet, wanted, load);
  }

  static void add_replicas(Deployment& deployment, const TrialResult& held) {
    const bool prompts = deployment.disaggregated() && (held.misses_ttft || held.prompts_pile_up);
    int& replicas = prompts ? deployment.prefill->replicas : deployment.main.replicas;
    replicas += std::max(1, replicas / 32);
  }

  void rate(SizedFleet& fleet, double load, double held) const {
    fleet.accelerators = demand_.accelerators > 0 ? demand_.accelerators : fleet.deployment.accelerators();
    fleet.capacity = std::max(fleet.capacity, held);
    fleet.output_per_accelerator = load * question_.mean_output / fleet.accelerators;
    fleet.best_output_per_accelerator = fleet.capacity * question_.mean_output / fleet.accelerators;
    fleet.headroom = fleet.capacity / load - 1;
  }

  static std::string goal_text(const char* name, const LatencyGoal& goal, Duration reached) {
    const std::string what = goal.share > 0 ? fmt::format("p{:g} ", goal.share * 100) : "mean ";
    return fmt::format("misses {}{} {}: {} simulated", what, name, format_quantity(*goal.limit),
                       format_quantity(reached));
  }

  FleetShortfall explain() const {
    FleetShortfall out;
    if (shortfall_) {
      out = {shortfall_->sentence, {}, shortfall_->missing, shortfall_->best_ttft, shortfall_->best_tpot};
    }
    out.losses = losses_;
    out.losses.latency += failed_;
    if (!nearest_) {
      if (out.sentence.empty()) out.sentence = "no layout fits the accelerators given";
      return out;
    }
    out.overloaded = nearest_->overloaded;
    out.sentence.clear();
    const auto add = [&](const std::string& text) { out.sentence += (out.sentence.empty() ? "" : ", ") + text; };
    if (nearest_->refused > 0) add(refusal_text(nearest_->refusal));
    if (nearest_->overloaded) add(fmt::format("overloaded at {:.3g} requests/s", nearest_->rate));
    if (nearest_->misses_ttft) add(goal_text("TTFT", question_.targets.ttft, nearest_->ttft));
    if (nearest_->misses_tpot) add(goal_text("TPOT", question_.targets.tpot, nearest_->tpot));
    return out;
  }

  const Model& model_;
  const FleetQuestion& question_;
  const SizingDemand& demand_;
  std::span<const FleetOption> options_;
  std::vector<TriedSteps> steps_;  ///< by option
  std::vector<Candidate> candidates_;
  LayoutLosses losses_;
  std::optional<ServingShortfall> shortfall_;
  std::optional<Tried> best_;
  std::optional<TrialResult> nearest_;  ///< of what failed first
  double observed_ = 0;                 ///< the most that anything took over its estimate
  int failed_ = 0, simulated_ = 0, trials_ = 0;
};

}  // namespace

FleetAnswer size_fleet(const Model& model, const FleetQuestion& question, std::span<const FleetOption> options) {
  return FleetRace(model, question, options).run();
}

FleetAnswer size_fleet(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                       bool disaggregated) {
  const FleetOption only{&machine, question.serving.precision, question.serving.engine, disaggregated};
  return size_fleet(model, question, {&only, 1});
}

}  // namespace stargate
