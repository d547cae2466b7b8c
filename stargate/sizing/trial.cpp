// The service as `serve simulate` makes it, run under the eyes of a watch.
#include "stargate/sizing/trial.hpp"

#include "stargate/sizing/trial_watch.hpp"

namespace stargate {

/// A few dozen layouts are tried, so they are looked through.
std::shared_ptr<const StepTable> TriedSteps::at(const ServingLayout& layout, bool prefill_side,
                                                const ReplicaEngine& own) {
  for (const Known& known : known_) {
    if (known.prefill_side == prefill_side && known.layout == layout) return known.table;
  }
  known_.push_back({layout, prefill_side, own.table});
  return own.table;
}

Trial::Trial(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
             const Deployment& deployment, TriedSteps& steps)
    : deployment_(deployment),
      front_end_(question.engine.request_overhead),
      token_(question.engine.token_overhead),
      stream_(question.engine.stream_overhead) {
  const auto make = [&](const ServingLayout& layout, EngineSetup setup) {
    // Where no prompts begin alike, remembering them changes nothing but the time a trial takes.
    if (question.workload.cached_share <= 0) setup.rules.kv.prefix_caching = false;
    auto made = make_replica_engine(model, machine, layout, question.precision, setup);
    STARGATE_CHECK(made.ok() && std::holds_alternative<ReplicaEngine>(*made),
                   "a deployment that is tried can be run and fits its memory");
    return std::get<ReplicaEngine>(std::move(*made));
  };
  main_ = make(deployment.main.layout, question.engine);
  main_steps_ = steps.at(deployment.main.layout, false, main_);
  if (!deployment.prefill) return;
  prefill_ = make(deployment.prefill->layout, prefill_side(question.engine));
  prefill_steps_ = steps.at(deployment.prefill->layout, true, *prefill_);
}

TrialResult Trial::simulate(double rate, const TrialTraffic& traffic, TrialWatch& watch) const {
  SimulatedService spec;
  spec.pool = {main_.spec, main_steps_.get(), deployment_.main.replicas};
  if (prefill_) {
    spec.prefill = ServicePool{prefill_->spec, prefill_steps_.get(), deployment_.prefill->replicas};
    spec.transfer = cache_transfer(prefill_->replica);
  }
  spec.router = traffic.router;
  spec.request_overhead = front_end_, spec.token_overhead = token_, spec.stream_overhead = stream_;
  spec.prefix_block_tokens = traffic.prefix_block_tokens;
  TrialWatch::Source source(traffic.make(rate, watch.most_requests()), watch);
  simulate_service(spec, source, watch);
  TrialResult result = watch.result();
  if (const IncomingRequest* request = watch.first_refused()) {
    // A side that only prefills has the same rules and may have less room.
    auto refusal = refusal_of(main_.spec, request->prompt_tokens, request->output_tokens);
    if (!refusal && prefill_) refusal = refusal_of(prefill_->spec, request->prompt_tokens, request->output_tokens);
    if (refusal) result.refusal = *refusal;
  }
  return result;
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
