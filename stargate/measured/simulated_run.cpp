// The row's load becomes traffic, its engine and replicas a service; the figures are those of every request.
#include "stargate/measured/simulated_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/serving/service_report.hpp"

namespace stargate {
namespace {

constexpr std::array kPercentiles = {0.5, 0.9, 0.95, 0.99};
constexpr std::int64_t kPoissonRequests = 1000;
constexpr std::int64_t kRequestsAClient = 10;
constexpr std::uint64_t kSeed = 1;

using Lacking = std::variant<DoesNotFit, Diagnostics>;

/// Sorts `values` in place.
LatencyFigures figures_of(std::vector<double>& values) {
  LatencyFigures out;
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  out.mean = sum / static_cast<double>(values.size());
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    const double at = kPercentiles[i] * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    out.percentiles[i] = values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
  }
  return out;
}

/// Steps that decode count by their number, not their time: the mean batch is over decode steps.
class RunListener final : public ServiceListener {
 public:
  void finished(const IncomingRequest&, const RequestRecord& record) override {
    ttft_.push_back(record.ttft().base());
    if (record.output_tokens > 1) tpot_.push_back(record.tpot().base());
    tokens_in_ += record.prompt_tokens, tokens_out_ += record.output_tokens;
    end_ = std::max(end_, record.last_token), last_ = std::max(last_, record.arrival);
    stays_.emplace_back(record.arrival.seconds(), record.last_token.seconds());
  }
  void ran(int, const StepRun& run) override {
    if (run.decoding == 0) return;
    decode_steps_ += static_cast<double>(run.steps);
    decoded_ += static_cast<double>(run.steps) * run.decoding;
  }
  bool empty() const { return ttft_.empty(); }
  RunFigures figures() {
    RunFigures out;
    const double seconds = std::max(1e-9, end_.seconds()), count = static_cast<double>(ttft_.size());
    out.requests_per_s = count / seconds;
    out.output_tokens_per_s = tokens_out_ / seconds, out.input_tokens_per_s = tokens_in_ / seconds;
    out.batch = decode_steps_ > 0 ? decoded_ / decode_steps_ : 0;
    out.ttft = figures_of(ttft_), out.tpot = figures_of(tpot_);
    return out;
  }
  /// The rule of `serve simulate`, from the middle of the second quarter of the arrivals to that of the last.
  bool overloaded() const {
    const double came = last_.seconds(), arrived = 0.5 * static_cast<double>(stays_.size());
    if (came <= 0) return false;
    const double grown = in_flight(0.75 * came, came) - in_flight(0.25 * came, 0.5 * came);
    return queue_grew(grown, arrived);
  }

 private:
  double in_flight(double from, double to) const {
    double sum = 0;
    for (const auto& [arrival, end] : stays_) sum += std::max(0.0, std::min(end, to) - std::max(arrival, from));
    return sum / (to - from);
  }
  std::vector<std::pair<double, double>> stays_;  ///< arrival and last token, seconds
  std::vector<double> ttft_, tpot_;
  double tokens_in_ = 0, tokens_out_ = 0, decode_steps_ = 0, decoded_ = 0;
  SimTime end_, last_;  ///< last token, last arrival
};

/// Of all replicas.
std::int64_t clients(const MeasuredService& service) {
  if (service.load == LoadKind::queued) return run_requests(service);
  if (service.load == LoadKind::poisson) return 0;
  return std::max<std::int64_t>(1, std::llround(service.concurrency * service.replicas));
}

std::int32_t shortest_of(const LengthSpread& lengths, double nominal) {
  return static_cast<std::int32_t>(std::max(1.0, std::round(nominal * lengths.shortest)));
}

LengthDistribution length_of(const LengthSpread& lengths, double nominal) {
  const auto most = static_cast<std::int32_t>(std::max(1.0, std::round(nominal)));
  const std::int32_t least = shortest_of(lengths, nominal);
  return least < most ? LengthDistribution::uniform(least, most) : LengthDistribution::fixed(most);
}

TenantTraffic traffic_of(const MeasuredService& service) {
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.rate = service.rate * service.replicas;
  tenant.prompt = length_of(service.lengths, service.lengths.isl);
  tenant.output = length_of(service.lengths, service.lengths.osl);
  tenant.concurrency = clients(service);
  return tenant;
}

bool needs_chunks(const MeasuredService& service) {
  return service.engine == "trtllm" && service.lengths.isl > service.replica.engine.max_num_batched_tokens;
}

/// What a benchmark's run sets beside the engine's defaults.
EngineChanges changes_of(const MeasuredService& service) {
  EngineChanges changes;
  changes.static_batch = service.load == LoadKind::one_batch;
  changes.fresh_server = service.load == LoadKind::clients;
  changes.prefix_caching = false;  // prompts of benchmarks are random: nothing is found twice
  if (needs_chunks(service)) changes.chunked_prefill = true;
  return changes;
}

std::string precision_flags(const MeasuredService& service) {
  const ServingPrecision &used = service.replica.precision, stored = stored_precision(*service.replica.model);
  std::string text;
  if (used.linear != stored.linear || used.expert != stored.expert) {
    text += fmt::format(" --precision {}", precision_name(used.linear));
  }
  if (used.kv != stored.kv) text += fmt::format(" --kv-dtype {}", precision_name(used.kv));
  return text;
}

std::string length_flag(const LengthSpread& lengths, double nominal) {
  const std::int32_t least = shortest_of(lengths, nominal);
  if (least >= std::llround(nominal)) return fmt::format("{:.0f}", nominal);
  return fmt::format("\"uniform({}, {:.0f})\"", least, nominal);
}

std::string load_flags(const MeasuredService& service) {
  const std::string requests = fmt::format(" --requests {}", run_requests(service));
  switch (service.load) {
    case LoadKind::poisson:
      return fmt::format(" --rate {:g}", service.rate * service.replicas) + requests;
    case LoadKind::one_batch:
      return fmt::format(" --static-batch --concurrency {}", clients(service)) + requests;
    case LoadKind::clients:
      return fmt::format(" --concurrency {} --fresh-server", clients(service)) + requests;
    case LoadKind::queued:
      break;
  }
  return fmt::format(" --concurrency {}", clients(service)) + requests;
}

}  // namespace

std::int64_t run_requests(const MeasuredService& service) {
  if (service.load == LoadKind::clients) return kRequestsAClient * clients(service);
  if (service.load == LoadKind::one_batch) return clients(service);
  if (service.load == LoadKind::poisson) return kPoissonRequests;
  const double tokens = service.lengths.isl + service.lengths.osl;
  // Lengths at which TensorRT-LLM's published tables change their number of requests.
  const int each = tokens > 20'000 ? 1000 : tokens > 2'500 ? 1500 : tokens > 500 ? 3000 : 30'000;
  return std::int64_t{each} * service.replicas;
}

Result<RunEnginesAnswer> make_run_engines(const MeasuredService& service) {
  EngineSetup setup = set_up_engine(*service.record, changes_of(service));
  static_cast<EngineCoefficients&>(setup) = service.replica.engine;
  RunEngines out;
  const auto make = [&](const Replica& r, const EngineSetup& with, ReplicaEngine& into) -> std::optional<Lacking> {
    auto made = make_replica_engine(*r.model, *r.machine, r.layout, r.precision, with);
    if (!made) return Lacking{made.faults()};
    if (auto* lack = std::get_if<DoesNotFit>(&*made)) return Lacking{std::move(*lack)};
    into = std::get<ReplicaEngine>(std::move(*made));
    return std::nullopt;
  };
  auto lacking = make(service.replica, setup, out.pool);
  if (!lacking && service.prefill) {
    lacking = make(service.prefill->replica, prefill_side(setup), out.prefill.emplace());
  }
  if (!lacking) return RunEnginesAnswer(std::move(out));
  if (auto* faults = std::get_if<Diagnostics>(&*lacking)) return std::move(*faults);
  return RunEnginesAnswer(std::get<DoesNotFit>(std::move(*lacking)));
}

std::variant<RunFigures, DoesNotFit> simulate_run(const MeasuredService& service, const RunEngines* known) {
  const ReplicaMemory memory = replica_memory(service.replica);
  const auto lacking = [&] {
    const Bytes one = rank_sequence_bytes(service.replica, service.lengths.isl + service.lengths.osl);
    return DoesNotFit{max(Bytes{}, one - memory.kv_room), memory};
  };
  const auto made = make_run_engines(service);
  if (!made) return lacking();
  if (const auto* lack = std::get_if<DoesNotFit>(&*made)) return *lack;
  const auto& engines = std::get<RunEngines>(*made);
  const RunEngines& tables = known != nullptr ? *known : engines;
  SimulatedService simulated;
  simulated.pool = {engines.pool.spec, tables.pool.table.get(), service.replicas};
  if (engines.prefill) {
    simulated.prefill = ServicePool{engines.prefill->spec, tables.prefill->table.get(), service.prefill->replicas};
    simulated.transfer = cache_transfer(engines.prefill->replica);
  }
  simulated.router = RouterPolicy::least_loaded;
  simulated.request_overhead = service.replica.engine.request_overhead + service.transfer;
  simulated.token_overhead = service.replica.engine.token_overhead;
  simulated.stream_overhead = service.replica.engine.stream_overhead;
  auto source = make_tenant_source({traffic_of(service)}, {run_requests(service), -1}, kSeed);
  if (!source) return lacking();
  RunListener seen;
  simulate_service(simulated, **source, seen);
  if (seen.empty()) return lacking();
  RunFigures figures = seen.figures();
  figures.overloaded = service.load == LoadKind::poisson && seen.overloaded();
  return figures;
}

std::string replica_key(const MeasuredService& service) {
  const auto& p = service.replica.precision;
  const std::string prefill = service.prefill ? format_layout(service.prefill->replica.layout) : "whole";
  const auto& memory = service.replica.engine.memory;
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", service.record->id, memory != nullptr ? memory->id : "",
                     service.replica.model->id, service.accelerator,
                     format_layout(service.replica.layout), prefill, static_cast<int>(p.linear), static_cast<int>(p.expert),
                     static_cast<int>(p.kv), service.replica.engine.max_num_batched_tokens);
}

std::string simulate_command(const Catalogue& catalogue, const MeasuredService& service) {
  const std::string& system = service.machine->system;
  const ServingLayout& layout = service.replica.layout;
  std::string text = fmt::format("stargate serve simulate --model {} --system {} --engine {}",
                                 service.replica.model->id, system, service.engine);
  // A version inside the ranges of both records: of its step times and of its memory.
  std::string version = service.record->since;
  const auto& memory = service.replica.engine.memory;
  if (memory != nullptr && compare_versions(memory->since, version) > 0) version = memory->since;
  if (!version.empty()) text += " --engine-version " + version;
  text += fmt::format(" --tp {}", layout.tp);
  if (layout.pp > 1) text += fmt::format(" --pp {}", layout.pp);
  if (layout.ep > 1) text += fmt::format(" --ep {}", layout.ep);
  if (layout.attention_dp > 1) text += fmt::format(" --attention-dp {}", layout.attention_dp);
  if (service.replicas > 1) text += fmt::format(" --replicas {} --router least-loaded", service.replicas);
  if (service.prefill) {
    const ServingLayout& first = service.prefill->replica.layout;
    text += fmt::format(" --prefill-replicas {} --prefill-tp {} --prefill-ep {} --prefill-attention-dp {}",
                        service.prefill->replicas, first.tp, first.ep, first.attention_dp);
  }
  text += precision_flags(service);
  if (service.replica.engine.max_num_batched_tokens != service.record->max_num_batched_tokens) {
    text += fmt::format(" --max-num-batched-tokens {}", service.replica.engine.max_num_batched_tokens);
  }
  if (needs_chunks(service)) text += " --chunked-prefill on";
  text += fmt::format(" --isl {} --osl {}", length_flag(service.lengths, service.lengths.isl),
                      length_flag(service.lengths, service.lengths.osl));
  text += load_flags(service);
  if (!catalogue.systems.contains(system)) text += "  # the catalogue has no system with this accelerator: a host of 8";
  if (service.transfer > Duration{}) {
    text += fmt::format("  # and {:.3g} ms in TTFT to hand the cache over", service.transfer.in(millisecond));
  }
  return text;
}

}  // namespace stargate
