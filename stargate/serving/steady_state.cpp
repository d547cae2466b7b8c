// Everything follows from the number of sequences decoding; loads and targets are met by bisecting over it.
#include "stargate/serving/steady_state.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// Who comes next: somebody new at any time, or one of a fixed number of clients who has just been served.
enum class Arrivals { random, closed };

/// A mean of a queue nearer to its limit than this says nothing about what a user sees.
constexpr double kFullestPrefill = 0.95;

double groups_of(const Replica& replica) {
  return static_cast<double>(replica.layout.attention_dp) * replica.layout.pp;
}

/// What prefilling does to the decodes of one group: steps it takes part in and how long they are.
struct PrefillCost {
  ServingStep mean_step;  ///< between two tokens of a sequence
  Duration own;           ///< from the start of a request's prefill to its first token
  Duration service;       ///< time of the prefill server for one request when it never rests
};

/// Prompts in the step, as chunks that see the middle of their prompt on average.
SequenceGroup prefill_group(const ServingWorkload& workload, double chunk) {
  const double fresh = workload.isl * (1 - workload.cached_share), cached = workload.isl - fresh;
  const double query = std::min(chunk, fresh);
  // A chunk of query tokens out of `fresh` sees, at its end, between query and fresh tokens of its own and all that is
  // cached: the middle on average. Only the last chunk of a prompt samples a token.
  return {chunk / query, query, cached + (fresh + query) / 2, false, query / fresh};
}

/// Each sequence verifies its drafts beside the token that is due.
double decode_query(const Replica& replica) { return 1.0 + replica.speculation.draft_tokens; }

SequenceGroup decode_group(const StepModel& step, const ServingWorkload& workload, double sequences) {
  return {std::max(1.0, sequences), decode_query(step.replica()), workload.isl + workload.osl / 2, true, 1};
}

/// `sequences` of one group decode; `leaving` of them end in each step and are replaced by new prompts.
PrefillCost chunked_cost(const StepModel& step, const ServingWorkload& workload, double sequences, double leaving) {
  const double fresh = workload.isl * (1 - workload.cached_share);
  const SequenceGroup decodes = decode_group(step, workload, sequences);
  const double room = std::max(1.0, step.replica().engine.max_num_batched_tokens - decodes.sequences * decodes.query);
  // At least a whole prompt where the budget takes it: prompts come as wholes, several when more than one leaves a
  // step.
  const double chunk = std::min(room, std::max(fresh, leaving * fresh));
  const SequenceGroup mixed_batch[] = {decodes, prefill_group(workload, chunk)};
  const ServingStep plain = step.step_time({&decodes, 1}), mixed = step.step_time(mixed_batch);
  const double share = std::min(1.0, leaving * fresh / chunk);
  PrefillCost cost;
  cost.mean_step = (1 - share) * plain;
  cost.mean_step += share * mixed;
  // As many mixed steps as the prompt has chunks, one at least.
  cost.own = mixed.total() * std::max(1.0, fresh / chunk);
  // A server that never rests fills every step: the step without prefill once for `room` tokens, the rest for each.
  cost.service = plain.total() * (fresh / room) + max(Duration{}, mixed.total() - plain.total()) * (fresh / chunk);
  return cost;
}

/// As above where a prefill has the step to itself and the decodes wait.
PrefillCost prefill_first_cost(const StepModel& step, const ServingWorkload& workload, double sequences,
                               double leaving) {
  const double fresh = workload.isl * (1 - workload.cached_share);
  const SequenceGroup decodes = decode_group(step, workload, sequences);
  const double room = step.replica().engine.max_num_batched_tokens;
  const double chunk = std::min(room, std::max(fresh, leaving * fresh));
  const SequenceGroup prompts = prefill_group(workload, chunk);
  const ServingStep plain = step.step_time({&decodes, 1}), prefill = step.step_time({&prompts, 1});
  PrefillCost cost;
  cost.mean_step = plain;
  cost.mean_step += (leaving * fresh / chunk) * prefill;
  cost.own = prefill.total() * std::max(1.0, fresh / chunk);
  cost.service = prefill.total() * (fresh / chunk);
  return cost;
}

/// The equations of steady_state.hpp for a number of sequences decoding; everything else in this file searches over it.
SteadyState evaluate(const StepModel& step, const ServingWorkload& workload, double decoding, Arrivals arrivals) {
  const double groups = groups_of(step.replica());
  const double tokens = step.tokens_per_step();  // of each sequence
  // Of one group: each sequence ends after osl - 1 further tokens, so this many end in a step and leave room for
  // prompts.
  const double sequences = decoding / groups, leaving = sequences * tokens / (workload.osl - 1);
  const PrefillCost cost = step.replica().engine.prefill_first ? prefill_first_cost(step, workload, sequences, leaving)
                                                               : chunked_cost(step, workload, sequences, leaving);
  SteadyState state;
  state.decoding = decoding;
  state.mean_step = cost.mean_step;
  const Duration mean_step = cost.mean_step.total();
  state.tpot = mean_step / tokens;
  // Little's law for the decodes alone: each stays osl - 1 tokens, the first having come with its prefill.
  state.requests = decoding / ((workload.osl - 1) * state.tpot);
  state.output_tokens = state.requests * workload.osl * token;
  state.input_tokens = state.requests * workload.isl * token;
  // Requests a second of one group times the time one takes from the prefill server: its rho.
  state.prefill_utilisation = std::min(1.0, leaving / mean_step * cost.service);
  double seen = std::min(state.prefill_utilisation, 1 - 1e-9);
  // With a fixed number of clients an arriving one sees the queue without itself, hence the factor (N - 1) / N.
  if (arrivals == Arrivals::closed) {  // a client meets the other N - 1 only (arrival theorem)
    const double clients = std::max(1.0, (decoding + state.requests * cost.own) / groups);
    seen *= (clients - 1) / clients;
  }
  // M/D/1: service times of equal prompts are nearly constant
  const Duration wait = cost.service * (seen / (2 * (1 - seen)));
  const EngineCoefficients& engine = step.replica().engine;
  // Of the step that runs, if one does, or of those until the engine looks at its queue.
  const int looks = decoding >= engine.busy_batch ? engine.busy_receive_interval : engine.receive_interval;
  const Duration rest = mean_step * (std::min(1.0, sequences) * looks / 2);
  state.ttft = rest + wait + cost.own + engine.request_overhead + engine.token_overhead * workload.isl +
               engine.stream_overhead * decoding;
  state.concurrency = decoding + state.requests * state.ttft;
  return state;
}

/// The largest `decoding` up to `most` for which `below` holds; `below` is true first and then false.
template <class Below>
double bisect(double most, const Below& below) {
  double low = 0, high = most;
  // 45 halvings of at most some 10^5 sequences end below 10^-8 of one.
  for (int i = 0; i < 45; ++i) {
    const double middle = (low + high) / 2;
    (below(middle) ? low : high) = middle;
  }
  return low;
}

bool meets(const SteadyState& state, const LatencyTarget& target) {
  return state.prefill_utilisation <= kFullestPrefill && !(target.ttft && state.ttft > *target.ttft) &&
         !(target.tpot && state.tpot > *target.tpot);
}

/// Fixed steps of about 4.5 % from `most` downwards, so that the batches tried do not depend on the targets.
constexpr int kBatchSteps = 256;
/// Geometric steps from `most` down to a hundredth of a sequence.
double batch_step(double most, int index) {
  const double least = std::min(0.01, most / 2);
  return most * std::pow(least / most, static_cast<double>(index) / kBatchSteps);
}

/// Products take whole tiles of rows: the fullest batches below `decoding` whose rows end with a tile.
std::array<double, 2> full_tiles(double decoding, double groups) {
  const double rows = decoding / groups;
  // From the coarsest tile that the batch fills at least once.
  for (const double tile : {128.0, 64.0, 32.0, 16.0}) {
    if (rows < tile) continue;
    const double last = std::floor(rows / tile) * tile;
    return {last * groups, std::max(tile, last - tile) * groups};
  }
  return {decoding, decoding};
}

}  // namespace

const char* batch_limit_name(BatchLimit limit) {
  switch (limit) {
    case BatchLimit::none:
      return "load";
    case BatchLimit::kv_memory:
      return "KV memory";
    case BatchLimit::prefill_budget:
      return "prefill budget";
    case BatchLimit::max_num_seqs:
      return "max_num_seqs";
    case BatchLimit::tpot:
      return "TPOT target";
    case BatchLimit::ttft:
      return "TTFT target";
  }
  return "?";
}

Check check_workload(const ServingWorkload& workload) {
  Diagnostics faults;
  const auto fault = [&](const char* path, const char* message) {
    faults.push_back({"", 0, 0, path, message, "", ""});
  };
  if (!(workload.isl >= 1) || !std::isfinite(workload.isl)) fault("isl", "must be at least 1 token");
  if (!(workload.osl >= 2) || !std::isfinite(workload.osl)) {
    fault("osl", "must be at least 2 tokens: one alone has no time between tokens");
  }
  if (!(workload.cached_share >= 0 && workload.cached_share < 1)) {
    fault("cached_share", "must be at least 0 and below 1");
  }
  if (!faults.empty()) return faults;
  return Done{};
}

/// The least of what memory, max_num_seqs and the token budget allow. The budget must take a token for each decode and
/// the prompts that replace those that end.
std::variant<DecodeLimit, DoesNotFit> decode_limit(const Replica& replica, const ServingWorkload& workload) {
  const auto room = sequences_that_fit(replica, workload.isl, workload.osl);
  if (const auto* lack = std::get_if<DoesNotFit>(&room)) return *lack;
  DecodeLimit limit{std::get<Fits>(room).sequences, BatchLimit::kv_memory};
  const auto lower = [&](double sequences, BatchLimit why) {
    if (sequences < limit.sequences) limit = {sequences, why};
  };
  lower(static_cast<double>(replica.engine.max_num_seqs) * replica.layout.attention_dp, BatchLimit::max_num_seqs);
  if (!replica.engine.prefill_first) {  // decodes and the prompts that replace them share the step's tokens
    const double tokens = replica.speculation.tokens_per_step();
    const double prompt = workload.isl * (1 - workload.cached_share) * tokens / (workload.osl - 1);
    lower(groups_of(replica) * replica.engine.max_num_batched_tokens / (decode_query(replica) + prompt),
          BatchLimit::prefill_budget);
  }
  return limit;
}

SteadyState steady_state(const StepModel& step, const ServingWorkload& workload, double decoding) {
  return evaluate(step, workload, decoding, Arrivals::random);
}

std::variant<SteadyState, DoesNotFit> steady_state_at_concurrency(const StepModel& step,
                                                                  const ServingWorkload& workload, double concurrency) {
  const auto room = decode_limit(step.replica(), workload);
  if (const auto* lack = std::get_if<DoesNotFit>(&room)) return *lack;
  const auto& limit = std::get<DecodeLimit>(room);
  SteadyState full = evaluate(step, workload, limit.sequences, Arrivals::closed);
  if (full.concurrency <= concurrency) {  // the others wait for a place (Little)
    full.limit = limit.limit;
    // All that do not decode wait or prefill: by Little's law their time is their number over the rate.
    full.ttft = (concurrency - full.decoding) / full.requests;
    full.concurrency = concurrency;
    return full;
  }
  const double decoding = bisect(std::min(limit.sequences, concurrency), [&](double d) {
    return evaluate(step, workload, d, Arrivals::closed).concurrency <= concurrency;
  });
  // Where a step's time jumps (a tile more) no batch has exactly these clients: what is over waits.
  SteadyState state = evaluate(step, workload, decoding, Arrivals::closed);
  state.ttft += max(Duration{}, (concurrency - state.concurrency) / state.requests);
  state.concurrency = concurrency;
  return state;
}

std::variant<SteadyState, DoesNotFit, Overloaded> steady_state_at_rate(const StepModel& step,
                                                                       const ServingWorkload& workload,
                                                                       Frequency requests) {
  const auto room = decode_limit(step.replica(), workload);
  if (const auto* lack = std::get_if<DoesNotFit>(&room)) return *lack;
  const auto& limit = std::get<DecodeLimit>(room);
  const SteadyState full = steady_state(step, workload, limit.sequences);
  if (full.requests < requests) return Overloaded{full.requests};
  return steady_state_at_load(step, workload, requests, limit.sequences);
}

SteadyState steady_state_at_load(const StepModel& step, const ServingWorkload& workload, Frequency requests,
                                 double decoding) {
  return steady_state(step, workload,
                      bisect(decoding, [&](double d) { return steady_state(step, workload, d).requests <= requests; }));
}

std::variant<SteadyState, DoesNotFit, MissesTarget> best_steady_state(const StepModel& step,
                                                                      const ServingWorkload& workload,
                                                                      const LatencyTarget& target) {
  const auto room = decode_limit(step.replica(), workload);
  if (const auto* lack = std::get_if<DoesNotFit>(&room)) return *lack;
  const auto& limit = std::get<DecodeLimit>(room);
  const auto at = [&](int index) { return steady_state(step, workload, batch_step(limit.sequences, index)); };
  // Index 0 is the largest batch. `holds` meets the targets, `fails` does not (-1: none tried): halving finds the
  // border, since latencies rise with the batch.
  int fails = -1, holds = kBatchSteps;
  SteadyState best = at(holds);
  if (!meets(best, target)) {
    return MissesTarget{best.ttft, best.tpot, target.ttft && best.ttft > *target.ttft,
                        target.tpot && best.tpot > *target.tpot};
  }
  SteadyState next;
  while (holds - fails > 1) {
    const int middle = (holds + fails) / 2;
    const SteadyState state = at(middle);
    (meets(state, target) ? holds : fails) = middle;
    (holds == middle ? best : next) = state;
  }
  best.limit = fails < 0                                 ? limit.limit
               : target.tpot && next.tpot > *target.tpot ? BatchLimit::tpot
               : target.ttft && next.ttft > *target.ttft ? BatchLimit::ttft
                                                         : BatchLimit::prefill_budget;
  // A batch whose rows end with a tile may serve more than a slightly larger one: tried last, and the limit stays the
  // one found.
  const BatchLimit why = best.limit;
  for (const double decoding : full_tiles(best.decoding, groups_of(step.replica()))) {
    const SteadyState state = steady_state(step, workload, decoding);
    if (state.requests > best.requests && meets(state, target)) best = state;
  }
  best.limit = why;
  return best;
}

}  // namespace stargate
