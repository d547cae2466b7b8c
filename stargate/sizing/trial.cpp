// The service as `serve simulate` makes it, run under the eyes of a watch.
#include "stargate/sizing/trial.hpp"

#include "stargate/sizing/trial_watch.hpp"

namespace stargate {

Trial::Side Trial::make_side(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
                             const ServingLayout& layout) const {
  Side side;
  side.replica = {&model, &machine, layout, question.precision, question.engine};
  side.model = std::make_unique<StepModel>(side.replica);
  side.table = std::make_unique<StepTable>(*side.model);
  EngineSpec rules = default_engine_spec(question.engine.prefill_first ? EngineKind::sglang : EngineKind::vllm);
  rules.kv.prefix_caching = question.workload.cached_share > 0;
  const auto engine = engine_of_replica(side.replica, rules);
  STARGATE_CHECK(std::holds_alternative<EngineSpec>(engine), "a deployment that is tried fits its memory");
  side.engine = std::get<EngineSpec>(engine);
  return side;
}

Trial::Trial(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
             const Deployment& deployment)
    : deployment_(deployment), front_end_(question.engine.request_overhead), stream_(question.engine.stream_overhead) {
  main_ = make_side(model, machine, question, deployment.main.layout);
  if (!deployment.prefill) return;
  prefill_ = make_side(model, machine, question, deployment.prefill->layout);
  prefill_->engine.prefill_only = true;
  const double tokens = question.workload.isl;
  transfer_fixed_ = cache_transfer_time(prefill_->replica, 1);
  transfer_token_ = (cache_transfer_time(prefill_->replica, tokens) - transfer_fixed_) / tokens;
}

TrialResult Trial::simulate(double rate, const TrialTraffic& traffic, TrialWatch& watch) const {
  SimulatedService spec;
  spec.pool = {main_.engine, main_.table.get(), deployment_.main.replicas};
  if (prefill_) spec.prefill = ServicePool{prefill_->engine, prefill_->table.get(), deployment_.prefill->replicas};
  spec.transfer_fixed = transfer_fixed_, spec.transfer_token = transfer_token_;
  spec.router = traffic.router;
  spec.request_overhead = front_end_, spec.stream_overhead = stream_;
  spec.prefix_block_tokens = traffic.prefix_block_tokens;
  TrialWatch::Source source(traffic.make(rate, watch.most_requests()), watch);
  simulate_service(spec, source, watch);
  return watch.result();
}

TrialResult Trial::run(double rate, const TrialTraffic& traffic, const SizingTargets& targets) const {
  TrialWatch watch({rate, traffic.most_requests, false}, targets, deployment_);
  return simulate(rate, traffic, watch);
}

TrialResult Trial::hold(double rate, std::int64_t requests, const TrialTraffic& traffic,
                        const SizingTargets& targets) const {
  TrialWatch watch({rate, requests, true}, targets, deployment_);
  return simulate(rate, traffic, watch);
}

}  // namespace stargate
