// Choosing a fleet's record and scaling it to a job.
#include "stargate/training/failures.hpp"

#include <cmath>

namespace stargate {
namespace {

Diagnostic fault(std::string message, std::string hint = {}) {
  return {{}, 0, 0, "reliability", std::move(message), std::move(hint), {}};
}

/// The newest record that passes; of one year the one observed most, then the first by id.
template <class Test>
const Reliability* newest(const Catalogue& catalogue, Test test) {
  const Reliability* best = nullptr;
  const auto exposure = [](const Reliability& r) { return r.exposure().value_or(Duration{}); };
  for (const auto& [id, record] : catalogue.reliabilities) {
    if (!test(record)) continue;
    const bool newer = best == nullptr || record.year > best->year ||
                       (record.year == best->year && exposure(record) > exposure(*best));
    if (newer) best = &record;
  }
  return best;
}

bool has_measured_rate(const Reliability& r) {
  return r.basis == FailureBasis::measured && r.accelerator_rate().has_value();
}

bool takes_node(FailureClass c) { return c == FailureClass::accelerator || c == FailureClass::host; }

/// Early failures of the job, averaged from `age` over the run. Each of the failing units fails once, at an age that is
/// exponential: the rate is the share of them that goes between age and age + run, over the run; with no run length,
/// the density at that age.
Frequency early_rate(const Reliability& early, const FailureSpec& spec) {
  const Duration time = *early.early_failure_time;
  const auto surviving = [&](Duration age) { return std::exp(-(age / time)); };
  const double failing = *early.early_failure_share * static_cast<double>(spec.accelerators);
  if (spec.run.base() <= 0) return failing * surviving(*spec.age) / time;
  return failing * (surviving(*spec.age) - surviving(*spec.age + spec.run)) / spec.run;
}

}  // namespace

Frequency JobFailures::total() const {
  Frequency sum;
  for (const auto& cause : causes) sum += cause.rate;
  return sum;
}

double JobFailures::node_share() const {
  Frequency away;
  for (const auto& cause : causes) away += takes_node(cause.failure_class) ? cause.rate : Frequency{};
  return total().base() > 0 ? away / total() : 0;
}

Result<std::string> choose_fleet(const Catalogue& catalogue, const std::string& accelerator) {
  const Reliability* own = nullptr;
  for (const auto& [id, record] : catalogue.reliabilities) {
    if (record.accelerator != accelerator || !has_measured_rate(record) || !record.exposure()) continue;
    if (own == nullptr || *record.exposure() > *own->exposure()) own = &record;
  }
  if (own != nullptr) return own->id;
  const auto* any = newest(catalogue, [](const auto& r) { return has_measured_rate(r) && !r.causes.empty(); });
  if (any == nullptr) return fault("the catalogue has no measured failure rate", "add a reliability record");
  return any->id;
}

Result<JobFailures> job_failures(const Catalogue& catalogue, const FailureSpec& spec) {
  auto chosen = spec.fleet.empty() ? choose_fleet(catalogue, spec.accelerator) : Result<std::string>(spec.fleet);
  if (!chosen) return chosen.faults();
  const auto found = catalogue.reliabilities.find(*chosen);
  if (found == catalogue.reliabilities.end()) {
    return fault("there is no reliability '" + *chosen + "'",
                 suggest_name(*chosen, record_ids(catalogue, "reliability")));
  }
  const Reliability& fleet = found->second;
  const auto rate = fleet.accelerator_rate();
  if (!rate) return fault("'" + fleet.id + "' tells no failure rate", "choose a fleet with its size, period and count");
  const auto* with_causes = !fleet.causes.empty() ? &fleet : newest(catalogue, [](const auto& r) {
    return has_measured_rate(r) && !r.causes.empty();
  });
  if (with_causes == nullptr) return fault("the catalogue has no fleet with causes of failures");
  double weights = 0;
  // Weights are counts or percentages, as the source prints them: only their shares are used.
  for (const auto& cause : with_causes->causes) weights += cause.weight;
  JobFailures out{fleet.id, with_causes->id, {}, {}};
  for (const auto& cause : with_causes->causes) {
    // A fleet's hosts are seen through its accelerators: fewer accelerators a host, more hosts.
    const double hosts = static_cast<double>(fleet.accelerators_per_node) / spec.accelerators_per_node;
    const double units =
        static_cast<double>(spec.accelerators) * (cause.failure_class == FailureClass::host ? hosts : 1);
    out.causes.push_back({cause.cause, cause.failure_class, *rate * (cause.weight / weights * units)});
  }
  if (fleet.planned_interruptions && fleet.period) out.planned = *fleet.planned_interruptions / *fleet.period;
  if (spec.age) {
    const auto* early = newest(catalogue, [](const auto& r) { return r.early_failure_share && r.early_failure_time; });
    if (early == nullptr) return fault("the catalogue has no early failures", "leave the fleet's age out");
    out.causes.push_back({"early failures", FailureClass::accelerator, early_rate(*early, spec)});
  }
  return out;
}

/// Sample standard deviation of ln(rate) over fleets with a measured rate.
double fleet_spread(const Catalogue& catalogue) {
  std::vector<double> logarithms;
  double sum = 0;
  for (const auto& [id, record] : catalogue.reliabilities) {
    if (!has_measured_rate(record)) continue;
    logarithms.push_back(std::log(record.accelerator_rate()->base()));
    sum += logarithms.back();
  }
  if (logarithms.size() < 2) return 0;
  const auto n = static_cast<double>(logarithms.size());
  double squares = 0;
  for (const double x : logarithms) squares += (x - sum / n) * (x - sum / n);
  return std::sqrt(squares / (n - 1));
}

/// Field by field: few fleets report all of them.
Result<RecoveryTimes> recovery_times(const Catalogue& catalogue, const std::string& fleet) {
  RecoveryTimes out;
  Diagnostics faults;
  const auto take = [&](auto Reliability::*member, auto& value, const char* name) {
    const auto own = catalogue.reliabilities.find(fleet);
    const Reliability* from = own != catalogue.reliabilities.end() && own->second.*member ? &own->second : nullptr;
    if (from == nullptr) from = newest(catalogue, [&](const Reliability& r) { return (r.*member).has_value(); });
    if (from == nullptr) return faults.push_back(fault(std::string("no record of the catalogue has ") + name));
    value = *(from->*member);
  };
  take(&Reliability::detection_time, out.detection, "detection_time");
  take(&Reliability::restart_time, out.restart, "restart_time");
  take(&Reliability::repair_time, out.repair, "repair_time");
  take(&Reliability::checkpoint_overhead, out.checkpoint_overhead, "checkpoint_overhead");
  take(&Reliability::storage_bandwidth, out.storage_bandwidth, "storage_bandwidth");
  if (!faults.empty()) return faults;
  return out;
}

}  // namespace stargate
