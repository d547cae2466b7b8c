// The same step on machines whose laws are a little slower.
#include "stargate/training/step_law.hpp"

#include "stargate/training/step.hpp"

namespace stargate {

LawShares training_law_shares(const TrainingJob& job, const TrainingLayout& layout) {
  TrainingJob on = job;
  return law_shares(job.law, job.fabric, [&](const DeviceLaw& law, const Fabric& fabric) {
    on.law = law, on.fabric = fabric;
    return simulate_step(on, layout).step_time();
  });
}

}  // namespace stargate
