// One run of the simulated service a rate, with exact percentiles of its few thousand requests.
#include "stargate/sizing/trial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stargate {
namespace {

constexpr double kWarmUp = 0.1;  // share of the requests that is left out

double mean_of(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

class TrialListener final : public ServiceListener {
 public:
  TrialListener(std::int64_t requests, const Deployment& deployment)
      : warm_(static_cast<std::int64_t>(kWarmUp * static_cast<double>(requests))), deployment_(deployment) {}

  void finished(const IncomingRequest& request, const RequestRecord& record) override {
    last_arrival = std::max(last_arrival, request.arrival);
    prompt_tokens += record.prompt_tokens, cached_tokens += record.cached_tokens;
    if (request.number < warm_) return;
    ttft.push_back((record.first_token - request.arrival).base());
    if (record.output_tokens > 1) tpot.push_back(record.tpot().base());
  }
  void refused(const IncomingRequest&) override { ++refused_count; }
  void ran(int engine, const StepRun& run) override {
    const bool prefill = engine >= deployment_.main.replicas;
    const int each = prefill ? deployment_.prefill->layout.accelerators() : deployment_.main.layout.accelerators();
    (run.prefill_tokens > 0 ? prefill_s : decode_s) += each * (run.end - run.start).base();
    if (run.end > last) last = run.end;
    output_tokens += run.output_tokens;
  }

  std::vector<double> ttft, tpot;
  double prefill_s = 0, decode_s = 0;  ///< accelerator seconds in steps
  std::int64_t prompt_tokens = 0, cached_tokens = 0, output_tokens = 0, refused_count = 0;
  SimTime last_arrival, last;

 private:
  std::int64_t warm_;
  const Deployment& deployment_;
};

}  // namespace

Duration LatencyGoal::of(std::vector<double>& seconds) const {
  if (share <= 0 || seconds.empty()) return mean_of(seconds) * second;
  const double count = static_cast<double>(seconds.size());
  const auto rank = static_cast<std::ptrdiff_t>(std::clamp(std::ceil(share * count), 1.0, count)) - 1;
  std::nth_element(seconds.begin(), seconds.begin() + rank, seconds.end());
  return seconds[static_cast<std::size_t>(rank)] * second;
}

Trial::Trial(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
             const Deployment& deployment)
    : deployment_(deployment), front_end_(question.engine.request_overhead), stream_(question.engine.stream_overhead) {
  const auto make = [&](const ServingLayout& layout, EngineSetup setup) {
    // Where no prompts begin alike, remembering them changes nothing but the time a trial takes.
    if (question.workload.cached_share <= 0) setup.rules.kv.prefix_caching = false;
    auto made = make_replica_engine(model, machine, layout, question.precision, setup);
    STARGATE_CHECK(made.ok() && std::holds_alternative<ReplicaEngine>(*made),
                   "a deployment that is tried can be run and fits its memory");
    return std::get<ReplicaEngine>(std::move(*made));
  };
  main_ = make(deployment.main.layout, question.engine);
  if (deployment.prefill) prefill_ = make(deployment.prefill->layout, prefill_side(question.engine));
}

TrialResult Trial::run(double rate, const TrialTraffic& traffic, const SizingTargets& targets) const {
  SimulatedService spec;
  spec.pool = {main_.spec, main_.table.get(), deployment_.main.replicas};
  if (prefill_) {
    spec.prefill = ServicePool{prefill_->spec, prefill_->table.get(), deployment_.prefill->replicas};
    spec.transfer = cache_transfer(prefill_->replica);
  }
  spec.router = traffic.router;
  spec.request_overhead = front_end_, spec.stream_overhead = stream_;
  spec.prefix_block_tokens = traffic.prefix_block_tokens;
  TrialListener seen(traffic.requests, deployment_);
  const auto source = traffic.make(rate, traffic.requests);
  simulate_service(spec, *source, seen);
  TrialResult out;
  out.rate = rate;
  out.refused = seen.refused_count;
  out.ttft_mean = mean_of(seen.ttft) * second, out.tpot_mean = mean_of(seen.tpot) * second;
  out.ttft = targets.ttft.of(seen.ttft), out.tpot = targets.tpot.of(seen.tpot);
  out.misses_ttft = targets.ttft.limit && out.ttft > *targets.ttft.limit;
  out.misses_tpot = targets.tpot.limit && out.tpot > *targets.tpot.limit;
  const double span = std::max(1e-9, seen.last.seconds());
  const double coming = std::max(1e-9, seen.last_arrival.seconds());
  out.output_tokens_per_s = static_cast<double>(seen.output_tokens) / std::max(coming, 1e-9);
  const double accelerator_seconds = span * deployment_.accelerators();
  out.prefill_busy = seen.prefill_s / accelerator_seconds, out.decode_busy = seen.decode_s / accelerator_seconds;
  out.cached_share =
      seen.prompt_tokens > 0 ? static_cast<double>(seen.cached_tokens) / static_cast<double>(seen.prompt_tokens) : 0;
  return out;
}

}  // namespace stargate
