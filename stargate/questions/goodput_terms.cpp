// What the fields leave out is filled from the catalogue's fleets.
#include "stargate/questions/goodput_terms.hpp"

#include <fmt/format.h>

#include <cmath>

namespace stargate {
namespace {

/// Spares are enough when the job waits for a node less than this share of the time.
constexpr double kWaiting = 1e-3;
/// Beyond these the numbers asked for are slips, and a simulation of them would not end.
constexpr Duration kLongestRun = 100 * year;
constexpr double kMostPlannedStops = 1e6, kMostAwayOfNodes = 100;

/// The stall of a checkpoint and the time until it survives. Blocking: all is written while the job waits. Async: the
/// states are copied to host memory, then written while the job runs.
void set_checkpoint(GoodputTerms& q, const TrainingJob& job, bool blocking) {
  const auto n = static_cast<double>(job.gpus);
  q.persist = q.load = q.checkpoint / (n * q.recovery.storage_bandwidth);
  if (blocking) {
    q.spec.stall = q.recovery.checkpoint_overhead + q.persist;
    return;
  }
  const ByteRate host = job.accelerator->host_bandwidth;
  const Duration copy = host.base() > 0 ? q.checkpoint / n / host : Duration{};
  q.spec.stall = q.recovery.checkpoint_overhead + copy;
  q.spec.write = q.persist;
}

void set_recovery(const GoodputFields& fields, RecoveryTimes& recovery) {
  recovery.detection = fields.detection_time.value_or(recovery.detection);
  recovery.restart = fields.restart_time.value_or(recovery.restart);
  recovery.repair = fields.repair_time.value_or(recovery.repair);
  recovery.checkpoint_overhead = fields.checkpoint_overhead.value_or(recovery.checkpoint_overhead);
  recovery.storage_bandwidth = fields.storage_bandwidth.value_or(recovery.storage_bandwidth);
}

/// What is chosen when all rates are known: the interval and the spares.
Check choose_policy(const GoodputFields& fields, const QuestionContext& context, GoodputTerms& q) {
  q.spec.spares = fields.spares ? *fields.spares : enough_spares(q.spec, kWaiting);
  q.spec.interval = best_interval(q.spec, q.step_time);
  if (!fields.checkpoint_interval.value) return Done{};
  q.spec.interval = *fields.checkpoint_interval.value;
  // One checkpoint at a time: the next must not begin before the last has been written.
  if (q.spec.interval + q.spec.stall >= q.spec.write) return Done{};
  return context.fault("checkpoint_interval",
                       "is shorter than writing a checkpoint takes (" + format_quantity(q.spec.write) + ")",
                       "choose a longer one, or more storage bandwidth");
}

/// That the run can be lived through, failure by failure.
Check check_terms(const GoodputTerms& q, double nodes, const QuestionContext& context) {
  if (q.undisturbed > kLongestRun) {
    return context.fault("tokens", "take " + format_quantity(q.undisturbed) + " here even without a failure",
                         "ask for fewer, or for more accelerators");
  }
  if (q.undisturbed * q.spec.planned > kMostPlannedStops) {
    return context.fault("fleet", fmt::format("is stopped by its people {:.3g} times a day", (day * q.spec.planned)),
                         "look at planned_interruptions and period of its record");
  }
  const double away = q.spec.failures * q.spec.repair * q.spec.node_share;
  if (away > kMostAwayOfNodes * nodes) {
    return context.fault("fleet",
                         fmt::format("of a job of {:.0f} nodes {:.3g} would be away for repair at once", nodes, away),
                         "look at its rate of failures and at repair_time");
  }
  return Done{};
}

FailureSpec failure_spec(const TrainingJob& job, const GoodputFields& fields, Duration run) {
  FailureSpec spec;
  spec.fleet = fields.fleet, spec.accelerator = job.system->accelerator;
  spec.accelerators = job.gpus, spec.accelerators_per_node = job.system->accelerators_per_node;
  spec.run = run;
  return spec;
}

void set_stragglers(const GoodputFields& fields, const TrainingJob& job, GoodputSpec& spec) {
  spec.straggler_slowdown = fields.straggler_slowdown;
  const std::int64_t per_node = job.system->accelerators_per_node;
  spec.straggler_chance = straggler_chance(fields.straggler_share, (job.gpus + per_node - 1) / per_node);
}

/// A fleet that was named and is not there is a fault of that field.
Diagnostics fleet_faults(const GoodputFields& fields, const QuestionContext& context, Diagnostics faults) {
  if (fields.fleet.empty()) return faults;
  for (auto& fault : faults) {
    if (fault.path == "reliability") fault = context.fault("fleet", fault.message, fault.hint);
  }
  return faults;
}

}  // namespace

Result<GoodputTerms> make_goodput_terms(const RunningJob& running, const GoodputFields& fields,
                                        const QuestionContext& context) {
  const auto& [catalogue, job, step_time] = running;
  GoodputTerms q;
  q.step_time = step_time;
  // Whole steps.
  q.undisturbed = step_time * std::ceil(fields.tokens * token / job.batch_tokens());
  FailureSpec failing = failure_spec(job, fields, q.undisturbed);
  failing.age = fields.fleet_age;
  auto failures = job_failures(catalogue, failing);
  if (!failures) return fleet_faults(fields, context, failures.faults());
  auto recovery = recovery_times(catalogue, failures->fleet);
  if (!recovery) return recovery.faults();
  q.failures = *failures, q.recovery = *recovery;
  set_recovery(fields, q.recovery);
  q.rate_spread = fields.rate_spread.value ? *fields.rate_spread.value : fleet_spread(catalogue);
  set_stragglers(fields, job, q.spec);
  q.price = accelerator_hour_price(catalogue, *job.system);
  if (fields.price) q.price = {*fields.price, *fields.price, *fields.price, "as given"};

  const auto& states = job.recipe.states;
  q.checkpoint = checkpoint_bytes(parameter_estimate(*job.model), states.weight + states.optimizer());
  set_checkpoint(q, job, fields.checkpoint == CheckpointKind::blocking);
  q.spec.failures = q.failures.total(), q.spec.node_share = q.failures.node_share();
  q.spec.recovery = q.recovery.detection + q.recovery.restart + q.load;
  q.spec.repair = q.recovery.repair;
  q.spec.planned = q.failures.planned;
  // A planned stop waits for a checkpoint that survives, then restarts and loads it.
  q.spec.planned_stop = q.spec.stall + q.spec.write + q.recovery.restart + q.load;
  const double nodes = std::ceil(static_cast<double>(job.gpus) / job.system->accelerators_per_node);
  if (auto possible = check_terms(q, nodes, context); !possible) return possible.faults();
  if (auto chosen = choose_policy(fields, context, q); !chosen) return chosen.faults();
  q.accelerators_per_node = job.system->accelerators_per_node;
  q.accelerators = job.gpus + std::int64_t{q.spec.spares} * q.accelerators_per_node;
  return q;
}

}  // namespace stargate
