// One pass over the layouts; what loses is counted by cause, and the nearest miss is remembered for the answer "no".
#include "stargate/sizing/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/catalogue/model_experts.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

/// What holds a step back most.
ServingLimit step_limit(const ServingStep& step) {
  using P = ServingStepPart;
  const std::pair<Duration, ServingLimit> causes[] = {
      {step[P::weights] + step[P::kv_cache] + step[P::activations], ServingLimit::memory_bandwidth},
      {step[P::arithmetic] + step[P::attention], ServingLimit::compute},
      {step[P::all_reduce] + step[P::expert_exchange] + step[P::hand_over], ServingLimit::network},
      {step[P::engine] + step[P::launch], ServingLimit::engine}};
  return std::max_element(std::begin(causes), std::end(causes),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

ServingLimit binding_limit(const SteadyState& steady) {
  switch (steady.limit) {
    case BatchLimit::kv_memory:
      return ServingLimit::memory_capacity;
    case BatchLimit::tpot:
      return ServingLimit::tpot_target;
    case BatchLimit::ttft:
      return ServingLimit::ttft_target;
    case BatchLimit::none:
    case BatchLimit::prefill_budget:
    case BatchLimit::max_num_seqs:
      return step_limit(steady.mean_step);
  }
  return ServingLimit::memory_bandwidth;
}

ServingChoice make_choice(const Replica& replica, const SteadyState& steady) {
  const double accelerators = replica.layout.accelerators();
  ServingChoice choice;
  choice.layout = replica.layout;
  choice.steady = steady;
  choice.memory = replica_memory(replica);
  choice.output_per_accelerator = steady.output_tokens / accelerators;
  choice.input_per_accelerator = steady.input_tokens / accelerators;
  choice.output_per_user = 1 * token / steady.tpot;
  choice.requests_per_accelerator = steady.requests / accelerators;
  choice.binding = binding_limit(steady);
  return choice;
}

void note_memory(ServingShortfall& shortfall, const DoesNotFit& lack) {
  ++shortfall.losses.memory;
  shortfall.missing = shortfall.missing ? min(*shortfall.missing, lack.missing) : lack.missing;
}

void note_latency(ServingShortfall& shortfall, const MissesTarget& miss) {
  ++shortfall.losses.latency;
  shortfall.best_ttft = shortfall.best_ttft ? min(*shortfall.best_ttft, miss.best_ttft) : miss.best_ttft;
  shortfall.best_tpot = shortfall.best_tpot ? min(*shortfall.best_tpot, miss.best_tpot) : miss.best_tpot;
}

/// Calls `keep(replica, step model, best steady state)` for every layout that meets the targets.
template <class Keep>
ServingShortfall visit_layouts(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
                               const Keep& keep) {
  ServingShortfall shortfall;
  const auto& rules = question.engine.rules;
  const double prompt = question.workload.isl, step_tokens = question.engine.max_num_batched_tokens;
  if (!rules.chunked_prefill && rules.kind != EngineKind::static_batch && prompt > step_tokens) {
    shortfall.sentence = refusal_text({std::llround(prompt), std::llround(step_tokens), true});
    return shortfall;
  }
  for (const auto& layout : candidate_layouts(model, machine, question.search)) {
    if (!layout_faults(model, layout).empty()) {
      ++shortfall.losses.topology;
      continue;
    }
    const Replica replica{&model, &machine, layout, question.precision, question.engine,
                          question.engine.rules.speculation};
    const StepModel step(replica);
    const auto best = best_steady_state(step, question.workload, question.target);
    if (const auto* lack = std::get_if<DoesNotFit>(&best)) {
      note_memory(shortfall, *lack);
    } else if (const auto* miss = std::get_if<MissesTarget>(&best)) {
      note_latency(shortfall, *miss);
    } else {
      keep(replica, std::get<SteadyState>(best));
    }
  }
  explain_shortfall(shortfall, question.target);
  return shortfall;
}

/// Replicas are not spread over systems unless one is larger than a system.
std::int64_t systems_needed(const ServingMachine& machine, std::int64_t replicas, int accelerators) {
  if (accelerators > machine.accelerators) {
    return replicas * ((accelerators + machine.accelerators - 1) / machine.accelerators);
  }
  // Whole replicas a system; what is left over in it is bought all the same.
  const int in_one = machine.accelerators / accelerators;
  return (replicas + in_one - 1) / in_one;
}

constexpr double kMostRequests = 1e9;  // a second; more is a slip of the pen

Check check_traffic(const Traffic& traffic) {
  Diagnostics faults;
  if (!(traffic.requests.base() > 0 && traffic.requests.base() <= kMostRequests)) {
    faults.push_back({"", 0, 0, "requests", "must be above 0 and at most 1e9 a second", "", ""});
  }
  if (!(traffic.headroom > 0 && traffic.headroom <= 1)) {
    faults.push_back({"", 0, 0, "headroom", "must be above 0 and at most 1", "", ""});
  }
  if (!faults.empty()) return faults;
  return Done{};
}

void add_faults(Diagnostics& all, const Check& check) {
  if (!check.ok()) all.insert(all.end(), check.faults().begin(), check.faults().end());
}

}  // namespace

/// One clause a target: alone on any one layout a request may meet either, and yet no layout both.
void explain_shortfall(ServingShortfall& shortfall, const LatencyTarget& target) {
  if (!shortfall.best_tpot) {
    shortfall.sentence = shortfall.missing ? "does not fit: " + format_quantity(*shortfall.missing) +
                                                 " missing on each accelerator, in the layout nearest to fitting"
                                           : "no layout of the model is possible on this machine";
    return;
  }
  shortfall.misses_ttft = target.ttft && *shortfall.best_ttft > *target.ttft;
  shortfall.misses_tpot = target.tpot && *shortfall.best_tpot > *target.tpot;
  if (shortfall.misses_ttft) {
    shortfall.sentence =
        fmt::format("misses TTFT {}: {} at best", format_quantity(*target.ttft), format_quantity(*shortfall.best_ttft));
  }
  if (shortfall.misses_tpot) {
    shortfall.sentence += fmt::format("{}misses TPOT {}: {} at best", shortfall.sentence.empty() ? "" : ", ",
                                      format_quantity(*target.tpot), format_quantity(*shortfall.best_tpot));
  }
  if (shortfall.sentence.empty()) shortfall.sentence = "no layout meets both targets, each is met by some";
}

const char* binding_limit_name(ServingLimit limit) {
  switch (limit) {
    case ServingLimit::memory_capacity:
      return "memory capacity";
    case ServingLimit::memory_bandwidth:
      return "memory bandwidth";
    case ServingLimit::compute:
      return "compute";
    case ServingLimit::network:
      return "network";
    case ServingLimit::engine:
      return "engine overhead";
    case ServingLimit::tpot_target:
      return "TPOT target";
    case ServingLimit::ttft_target:
      return "TTFT target";
  }
  return "?";
}

std::vector<ServingLayout> candidate_layouts(const Model& model, const ServingMachine& machine,
                                             const LayoutSearch& search) {
  const bool experts = has_experts(model);
  const int most =
      search.max_accelerators > 0 ? search.max_accelerators : std::clamp(machine.fabric.domain, 64, kWidestReplica);
  const int widest = std::min(most, machine.fabric.domain);  // a tensor group across hosts never pays
  std::vector<ServingLayout> layouts;
  for (int tp = 1; tp <= widest; tp *= 2) {
    for (int pp = 1; pp <= search.max_pp && tp * pp <= most; pp *= 2) {
      for (int dp = 1; tp * dp * pp <= most; dp *= 2) {
        // Attention groups of their own pay only where experts are shared among them; without experts they are
        // replicas.
        if (dp > 1 && !(experts && search.attention_dp)) break;
        const ServingLayout split{tp, pp, dp, 1};
        if (dp == 1) layouts.push_back(split);
        // Whole experts on every rank. Between one group and all ranks nothing is tried: fewer layouts, and engines are
        // run so.
        if (experts && split.ranks() > 1) layouts.push_back({tp, pp, dp, split.ranks()});
      }
    }
  }
  const int domain = machine.fabric.domain;  // of a rack of 72 the experts may take all
  const bool whole_rack = experts && search.attention_dp && domain <= most && (domain & (domain - 1)) != 0;
  for (int tp = 1; whole_rack && domain % tp == 0; tp *= 2) layouts.push_back({tp, 1, domain / tp, domain});
  return layouts;
}

Result<std::variant<ServingChoice, ServingShortfall>> best_throughput_per_accelerator(const Model& model,
                                                                                      const ServingMachine& machine,
                                                                                      const ServingQuestion& question) {
  if (auto check = check_workload(question.workload); !check.ok()) return check.faults();
  std::optional<ServingChoice> best;
  int served = 0;
  ServingShortfall shortfall =
      visit_layouts(model, machine, question, [&](const Replica& replica, const SteadyState& s) {
        ++served;
        const Frequency each = s.requests / static_cast<double>(replica.layout.accelerators());
        if (!best || each > best->requests_per_accelerator) best = make_choice(replica, s);
      });
  if (!best) return std::variant<ServingChoice, ServingShortfall>(std::move(shortfall));
  best->losses = shortfall.losses;
  best->losses.costlier = served - 1;
  return std::variant<ServingChoice, ServingShortfall>(std::move(*best));
}

RankedLayouts rank_layouts(const Model& model, const ServingMachine& machine, const ServingQuestion& question) {
  RankedLayouts ranked;
  ranked.shortfall = visit_layouts(model, machine, question, [&](const Replica& replica, const SteadyState& s) {
    ranked.choices.push_back(make_choice(replica, s));
  });
  std::stable_sort(ranked.choices.begin(), ranked.choices.end(), [](const ServingChoice& a, const ServingChoice& b) {
    return a.requests_per_accelerator > b.requests_per_accelerator;
  });
  return ranked;
}

Result<std::variant<SizedService, ServingShortfall>> size_service(const Model& model, const ServingMachine& machine,
                                                                  const ServingQuestion& question,
                                                                  const Traffic& traffic) {
  using Answer = std::variant<SizedService, ServingShortfall>;
  Diagnostics faults;
  add_faults(faults, check_workload(question.workload));
  add_faults(faults, check_traffic(traffic));
  if (!faults.empty()) return faults;
  std::optional<SizedService> best;
  int served = 0;
  ServingShortfall shortfall =
      visit_layouts(model, machine, question, [&](const Replica& replica, const SteadyState& s) {
        ++served;
        const int each = replica.layout.accelerators();
        // `headroom` is the share of the best rate that is planned for.
        const auto replicas = static_cast<std::int64_t>(std::ceil(traffic.requests / (s.requests * traffic.headroom)));
        const std::int64_t all = replicas * each;
        const bool better = !best || all < best->accelerators ||
                            (all == best->accelerators && s.requests / each > best->choice.requests_per_accelerator);
        if (!better) return;
        best.emplace();
        best->choice = make_choice(replica, s);
        best->replicas = replicas, best->accelerators = all;
      });
  if (!best) return Answer(std::move(shortfall));
  best->choice.losses = shortfall.losses;
  best->choice.losses.costlier = served - 1;
  const ServingLayout& layout = best->choice.layout;
  best->systems = systems_needed(machine, best->replicas, layout.accelerators());
  best->price = machine.price * static_cast<double>(best->systems);
  const StepModel step({&model, &machine, layout, question.precision, question.engine,
                        question.engine.rules.speculation});
  const Frequency share = traffic.requests / static_cast<double>(best->replicas);
  best->at_load = steady_state_at_load(step, question.workload, share, best->choice.steady.decoding);
  best->output_per_accelerator = best->at_load.output_tokens / static_cast<double>(layout.accelerators());
  best->sentence = fmt::format("{} accelerators = {} {} x {}", best->accelerators, best->replicas,
                               best->replicas == 1 ? "replica" : "replicas", format_layout(layout));
  return Answer(std::move(*best));
}

}  // namespace stargate
