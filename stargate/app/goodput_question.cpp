// Reads the flags' quantities and fills what they leave out from the catalogue's fleets.
#include "stargate/app/goodput_question.hpp"

#include <cmath>

#include "stargate/app/flag_reader.hpp"

namespace stargate {
namespace {

/// Spares are enough when the job waits for a node less than this share of the time.
constexpr double kWaiting = 1e-3;

/// The stall of a checkpoint and the time until it survives. Blocking: all is written while the job waits. Async: the
/// states are copied to host memory, then written while the job runs.
void set_checkpoint(GoodputQuestion& q, const TrainingJob& job, bool blocking) {
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

void read_recovery(FlagReader& reader, const GoodputFlags& flags, RecoveryTimes& recovery) {
  reader.quantity("--detection-time", flags.detection_time, recovery.detection);
  reader.quantity("--restart-time", flags.restart_time, recovery.restart);
  reader.quantity("--repair-time", flags.repair_time, recovery.repair);
  reader.quantity("--checkpoint-overhead", flags.checkpoint_overhead, recovery.checkpoint_overhead);
  reader.quantity("--storage-bandwidth", flags.storage_bandwidth, recovery.storage_bandwidth);
  if (recovery.storage_bandwidth.base() <= 0) {
    reader.faults.push_back({"--storage-bandwidth", 0, 0, {}, "is zero", "no checkpoint could ever be written", {}});
  }
}

/// What is chosen when all rates are known: the interval and the spares.
void choose_policy(FlagReader& reader, const GoodputFlags& flags, GoodputQuestion& q) {
  q.spec.spares = flags.spares >= 0 ? flags.spares : enough_spares(q.spec, kWaiting);
  q.spec.interval = best_interval(q.spec, q.step_time);
  if (flags.checkpoint_interval == "auto") return;
  reader.quantity("--checkpoint-interval", flags.checkpoint_interval, q.spec.interval);
  if (q.spec.interval + q.spec.stall < q.spec.write || q.spec.interval.base() <= 0) {
    reader.faults.push_back({"--checkpoint-interval",
                             0,
                             0,
                             {},
                             "is shorter than writing a checkpoint takes (" + format_quantity(q.spec.write) + ")",
                             "choose a longer one, or more --storage-bandwidth",
                             {}});
  }
}

FailureSpec failure_spec(const TrainingJob& job, const GoodputFlags& flags, Duration run) {
  FailureSpec spec;
  spec.fleet = flags.fleet, spec.accelerator = job.system->accelerator;
  spec.accelerators = job.gpus, spec.accelerators_per_node = job.system->accelerators_per_node;
  spec.run = run;
  return spec;
}

void set_stragglers(FlagReader& reader, const GoodputFlags& flags, const TrainingJob& job, GoodputSpec& spec) {
  double share = 0;
  reader.share("--straggler-share", flags.straggler_share, share);
  reader.share("--straggler-slowdown", flags.straggler_slowdown, spec.straggler_slowdown);
  const std::int64_t per_node = job.system->accelerators_per_node;
  spec.straggler_chance = straggler_chance(std::min(share, 1.0), (job.gpus + per_node - 1) / per_node);
}

}  // namespace

Result<Duration> parse_step_time(const GoodputFlags& flags) {
  FlagReader reader;
  Duration out;
  reader.quantity("--step-time", flags.step_time, out);
  if (!reader.faults.empty()) return reader.faults;
  return out;
}

Result<GoodputQuestion> make_goodput_question(const Catalogue& catalogue, const TrainingJob& job, Duration step_time,
                                              const GoodputFlags& flags) {
  FlagReader reader;
  GoodputQuestion q;
  q.step_time = step_time;
  q.undisturbed = step_time * std::ceil(flags.tokens * token / job.batch_tokens());
  FailureSpec failing = failure_spec(job, flags, q.undisturbed);
  if (!flags.fleet_age.empty()) reader.quantity("--fleet-age", flags.fleet_age, failing.age.emplace());
  auto failures = job_failures(catalogue, failing);
  if (!failures) return failures.faults();
  auto recovery = recovery_times(catalogue, failures->fleet);
  if (!recovery) return recovery.faults();
  q.failures = *failures, q.recovery = *recovery;
  read_recovery(reader, flags, q.recovery);
  q.rate_spread = fleet_spread(catalogue);
  if (flags.rate_spread != "auto") reader.share("--rate-spread", flags.rate_spread, q.rate_spread);
  set_stragglers(reader, flags, job, q.spec);
  q.price = accelerator_hour_price(catalogue, *job.system);
  if (!flags.price.empty()) {
    reader.quantity("--price", flags.price, q.price.mid);
    q.price = {q.price.mid, q.price.mid, q.price.mid, "as given"};
  }
  if (!reader.faults.empty()) return reader.faults;

  const auto& states = job.recipe.states;
  q.checkpoint = checkpoint_bytes(parameter_estimate(*job.model), states.weight + states.optimizer());
  set_checkpoint(q, job, flags.checkpoint == "blocking");
  q.spec.failures = q.failures.total(), q.spec.node_share = q.failures.node_share();
  q.spec.recovery = q.recovery.detection + q.recovery.restart + q.load;
  q.spec.repair = q.recovery.repair;
  q.spec.planned = q.failures.planned;
  q.spec.planned_stop = q.spec.stall + q.spec.write + q.recovery.restart + q.load;
  choose_policy(reader, flags, q);
  if (!reader.faults.empty()) return reader.faults;
  q.accelerators_per_node = job.system->accelerators_per_node;
  q.accelerators = job.gpus + std::int64_t{q.spec.spares} * q.accelerators_per_node;
  return q;
}

}  // namespace stargate
