// A service on a machine through training's search over layouts.
#include "stargate/study/rates.hpp"
#include "stargate/training/search.hpp"
#include "stargate/training/step_law.hpp"

namespace stargate {

Result<TrainingJob> rated_job(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system) {
  auto job = make_training_job(catalogue, service.model, system.id);
  if (!job) return job.faults();
  job->gpus = service.gpus;
  job->global_batch_size = service.global_batch_size;
  job->seq_length = service.seq_length;
  if (service.precision) job->recipe.precision = {*service.precision, *service.precision};
  return job;
}

Result<MachineRate> rate_training(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system,
                                  const MachineRate& like) {
  auto job = rated_job(catalogue, service, system);
  if (!job) return job.faults();
  // The whole grid, as `stargate train search` walks it; a plan needs the fastest layout only.
  SearchLimits limits;
  limits.ranked = 1, limits.front = false, limits.threads = 1;
  const auto& s = like.sizes;
  limits.fixed = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]};
  auto search = search_layouts(*job, limits);
  if (!search) return search.faults();
  const std::array used{job->recipe.precision.linear, job->recipe.precision.expert};
  MachineRate rate{service.service, system.id, system.accelerator};
  rate.accelerators = service.gpus;
  rate.precision = precision_name(job->recipe.precision.linear);
  rate.origin = job->law.origin(used), rate.law = format_law_basis(job->law, used);
  if (search->best() == nullptr) {
    rate.layout = "no layout fits";
    return rate;
  }
  const auto& report = search->best()->report;
  rate.per_accelerator = report.tokens_per_second_per_gpu() * service.effective_time;
  const TrainingLayout& best = search->best()->layout;
  rate.layout = format_layout(best);
  rate.sizes = {best.tp, best.pp, best.vpp, best.dp, best.cp, best.ep, best.etp, best.micro_batch_size};
  const Power drawn = search->best()->energy / report.step_time();
  rate.power_share = drawn / (static_cast<double>(service.gpus) / system.accelerators * system.power);
  rate.shares = training_law_shares(*job, best);
  rate.ranged = rate.shares[LawOrigin::typical] > 0;
  // What takes most of the step beside the products themselves.
  StepPart largest = StepPart::recompute;
  for (int i = static_cast<int>(StepPart::recompute); i < kStepParts; ++i) {
    if (report.time[static_cast<StepPart>(i)] > report.time[largest]) largest = static_cast<StepPart>(i);
  }
  // Where nothing beside them takes a good part, the products are the limit.
  const bool products = report.time[largest] < 0.15 * report.step_time();
  rate.limit = products ? "compute" : step_part_name(largest);
  return rate;
}

}  // namespace stargate
