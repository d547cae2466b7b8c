// Little's law gives the sequences that decode: requests a second times the time each spends decoding.
#include "stargate/sizing/deployment_law.hpp"

#include <algorithm>

#include "stargate/serving/step_power.hpp"

namespace stargate {

namespace {

/// A replica of each side, and the sequences that decode on one.
struct RatedReplicas {
  Replica main, prefill;
  double decoding = 1;
};
RatedReplicas rated_replicas(const Model& model, const FleetQuestion& question, const FleetOption& option,
                             const SizedFleet& fleet) {
  const Deployment& deployment = fleet.deployment;
  EngineSetup engine = option.engine;
  engine.max_num_batched_tokens = fleet.max_num_batched_tokens;
  const auto replica_of = [&](const ReplicaGroup& group, const EngineSetup& setup) {
    return Replica{&model, option.machine, group.layout, option.precision, setup, setup.rules.speculation};
  };
  RatedReplicas out{replica_of(deployment.main, engine), replica_of(deployment.main, engine)};
  if (deployment.prefill) out.prefill = replica_of(*deployment.prefill, prefill_side(engine));
  out.decoding = std::max(1.0, fleet.at_load.rate / deployment.main.replicas * (question.serving.workload.osl - 1) *
                                   fleet.at_load.tpot_mean.in(second));
  return out;
}

}  // namespace

ReplicaPower deployment_power(const ReplicaPower& accelerator, const Model& model, const FleetQuestion& question,
                              const FleetOption& option, const SizedFleet& fleet) {
  const RatedReplicas rated = rated_replicas(model, question, option, fleet);
  const ServingWorkload& w = question.serving.workload;
  ReplicaPower power = with_step_shares(accelerator, rated.main, w, rated.decoding);
  if (fleet.deployment.prefill) power.prefill_share = with_step_shares(accelerator, rated.prefill, w, 1).prefill_share;
  return power;
}

LawShares deployment_law_shares(const Model& model, const FleetQuestion& question, const FleetOption& option,
                                const SizedFleet& fleet) {
  const Deployment& deployment = fleet.deployment;
  const ServingWorkload& w = question.serving.workload;
  const RatedReplicas rated = rated_replicas(model, question, option, fleet);
  if (!deployment.disaggregated()) return steady_law_shares(rated.main, w, rated.decoding);
  const LawShares decode = step_law_shares(rated.main, [&](const StepModel& step) {
    return step.decode_time(rated.decoding, w.isl + w.osl / 2).total();
  });
  const double fresh = w.isl * (1 - w.cached_share);
  const double chunk = std::min(fresh, static_cast<double>(fleet.max_num_batched_tokens));
  const SequenceGroup prompt{1, chunk, w.isl - fresh / 2 + chunk / 2, false, 1};
  const LawShares prefill = step_law_shares(rated.prefill, [&](const StepModel& step) {
    return step.step_time({&prompt, 1}).total();
  });
  const double decoders = static_cast<double>(deployment.main.accelerators()) / deployment.accelerators();
  LawShares out = decoders * decode;
  out += (1 - decoders) * prefill;
  return out;
}

}  // namespace stargate
