// Little's law gives the sequences that decode: requests a second times the time each spends decoding.
#include "stargate/sizing/deployment_law.hpp"

#include <algorithm>

namespace stargate {

LawShares deployment_law_shares(const Model& model, const FleetQuestion& question, const FleetOption& option,
                                const SizedFleet& fleet) {
  const Deployment& deployment = fleet.deployment;
  const ServingWorkload& w = question.serving.workload;
  EngineSetup engine = option.engine;
  engine.max_num_batched_tokens = fleet.max_num_batched_tokens;
  const auto replica_of = [&](const ReplicaGroup& group, const EngineSetup& setup) {
    return Replica{&model, option.machine, group.layout, option.precision, setup, setup.rules.speculation};
  };
  const double decoding = std::max(1.0, fleet.at_load.rate / deployment.main.replicas * (w.osl - 1) *
                                            fleet.at_load.tpot_mean.in(second));
  if (!deployment.disaggregated()) return steady_law_shares(replica_of(deployment.main, engine), w, decoding);
  const LawShares decode = step_law_shares(replica_of(deployment.main, engine), [&](const StepModel& step) {
    return step.decode_time(decoding, w.isl + w.osl / 2).total();
  });
  const double fresh = w.isl * (1 - w.cached_share);
  const double chunk = std::min(fresh, static_cast<double>(engine.max_num_batched_tokens));
  const SequenceGroup prompt{1, chunk, w.isl - fresh / 2 + chunk / 2, false, 1};
  const LawShares prefill = step_law_shares(replica_of(*deployment.prefill, prefill_side(engine)), [&](const StepModel& step) {
    return step.step_time({&prompt, 1}).total();
  });
  const double decoders = static_cast<double>(deployment.main.accelerators()) / deployment.accelerators();
  LawShares out = decoders * decode;
  out += (1 - decoders) * prefill;
  return out;
}

}  // namespace stargate
