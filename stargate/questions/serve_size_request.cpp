// Each part is made from its own fields; the first fault ends it.
#include "stargate/questions/serve_size_request.hpp"

#include <fmt/format.h>

#include "stargate/traffic/source.hpp"

namespace stargate {
namespace {

/// The mean, or 99 % of the requests: of the two fields of one latency at most one is given.
Check read_goal(const QuestionContext& context, const std::string& name,
                const std::pair<std::optional<Latency>, std::optional<Latency>>& mean_and_p99, LatencyGoal& goal) {
  const auto& [mean, p99] = mean_and_p99;
  if (mean && p99) return context.fault(name, "stands beside " + name + "_p99", "leave one out");
  goal.limit = duration_of(p99 ? p99 : mean);
  goal.share = p99 ? 0.99 : 0;
  return Done{};
}

Check read_targets(const SizeQuestion& q, const QuestionContext& context, FleetQuestion& out) {
  if (auto read = read_goal(context, "ttft", {q.ttft, q.ttft_p99}, out.targets.ttft); !read) return read;
  if (auto read = read_goal(context, "tpot", {q.tpot, q.tpot_p99}, out.targets.tpot); !read) return read;
  out.serving.target = {out.targets.ttft.limit, out.targets.tpot.limit};
  return Done{};
}

/// Lengths and arrivals made up: the same requests at every rate.
Check make_random_traffic(const SizeQuestion& q, const QuestionContext& context, FleetQuestion& out) {
  auto prompt = parse_length("isl", q.isl), output = parse_length("osl", q.osl);
  if (!prompt) return context.fault("isl", prompt.faults()[0].message, prompt.faults()[0].hint);
  if (!output) return context.fault("osl", output.faults()[0].message, output.faults()[0].hint);
  if (q.prefix >= prompt->mean()) {
    return context.fault("prefix", fmt::format("{} tokens are not shorter than the input of {}", q.prefix, q.isl));
  }
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.cv = q.cv;
  tenant.prompt = prompt->shortened(q.prefix), tenant.output = *output;
  tenant.shared_prefix = q.prefix;
  out.serving.workload = {prompt->mean(), output->mean(), q.prefix / prompt->mean()};
  out.mean_output = output->mean();
  out.traffic.make = [tenant, seed = static_cast<std::uint64_t>(q.seed)](double rate, std::int64_t requests) {
    TenantTraffic at_rate = tenant;
    at_rate.arrivals.rate = rate;
    auto source = make_tenant_source({at_rate}, {requests, -1}, seed);
    STARGATE_CHECK(source.ok(), "the traffic has been checked");
    return std::move(*source);
  };
  return Done{};
}

/// A trace's first rows, its clock stretched to the rate.
class StretchedTrace final : public RequestSource {
 public:
  StretchedTrace(const RequestTrace& trace, double rate, std::int64_t requests) : trace_(trace) {
    if (requests < std::ssize(trace_.rows)) trace_.rows.resize(static_cast<std::size_t>(requests));
    const auto check = scale_trace(trace_, {.from_s = 0, .until_s = {}, .rate = rate});
    STARGATE_CHECK(check.ok(), "the trace has been checked");
    source_ = make_trace_source(trace_);
  }
  bool next(IncomingRequest& out) override { return source_->next(out); }
  bool follow(const IncomingRequest&, SimTime, IncomingRequest&) override { return false; }
  void prefix_blocks(const IncomingRequest& request, std::int32_t tokens,
                     std::vector<std::uint64_t>& out) const override {
    source_->prefix_blocks(request, tokens, out);
  }
  const std::vector<std::string>& tenants() const override { return source_->tenants(); }

 private:
  RequestTrace trace_;
  std::unique_ptr<RequestSource> source_;
};

Check make_trace_traffic(const SizeQuestion& q, const QuestionContext& context, SizeRequest& request) {
  auto trace = load_trace(context.files, *q.traffic);
  if (!trace) return trace.faults();
  request.trace = std::make_unique<RequestTrace>(std::move(*trace));
  if (!request.trace->has_arrivals || request.trace->rows.back().arrival.ns == 0) {
    return context.fault("traffic", "the trace has no arrivals", "give lengths and a rate instead");
  }
  const TraceSummary summary = summarise_trace(*request.trace);
  FleetQuestion& out = request.question;
  out.serving.workload = {summary.isl, std::max(2.0, summary.osl), summary.cached_share};
  out.mean_output = summary.osl;
  if (out.demand.rate <= 0) out.demand.rate = summary.peak_rate;
  out.traffic.make = [&rows = *request.trace](double rate, std::int64_t requests) {
    return std::make_unique<StretchedTrace>(rows, rate, requests);
  };
  return Done{};
}

Check add_system(const SizeQuestion& q, const QuestionContext& context, const std::string& id, SizeRequest& request) {
  const Catalogue& catalogue = *request.catalogue;
  auto system = find_system(context, catalogue, "system", id);
  if (!system) return system.faults();
  const ServingQuestion& serving = request.question.serving;
  auto machine = make_serving_machine(catalogue, **system, kernel_choice(*request.model, serving.engine.kernels));
  if (!machine) return machine.faults();
  SizedSystem out{id, std::make_unique<ServingMachine>(std::move(*machine)), {}, {}, {}};
  out.price = chosen_price(catalogue, **system, q.price);
  out.cost = {out.price.mid, replica_power(catalogue, **system, 1)};
  out.basis = make_serving_basis(catalogue, serving.engine, *out.machine, serving.precision);
  request.systems.push_back(std::move(out));
  return Done{};
}

std::string engine_name(SizedEngine engine) {
  for (const auto& [name, value] : EnumNames<SizedEngine>::names) {
    if (value == engine) return name;
  }
  return {};
}

Check make_model(const SizeQuestion& q, const QuestionContext& context, SizeRequest& request) {
  auto catalogue = load_changed_catalogue(context, q);
  if (!catalogue) return catalogue.faults();
  request.catalogue = std::make_unique<Catalogue>(std::move(*catalogue));
  auto model_id = resolve_model(context, *request.catalogue, q.model);
  if (!model_id) return model_id.faults();
  request.model = &request.catalogue->models.at(*model_id);
  ServingQuestion& serving = request.question.serving;
  serving.precision = chosen_precision(q, *request.model);
  auto engine = set_up_engine(*request.catalogue, engine_name(q.engine));
  if (!engine) return engine.faults();
  serving.engine = std::move(*engine);
  return Done{};
}

Check check_demand(const SizeQuestion& q, const QuestionContext& context, const FleetQuestion& out) {
  if (q.gpus > 0 && q.rate > 0) return context.fault("gpus", "stands beside a rate", "leave one out");
  if (out.demand.rate <= 0 && q.gpus == 0) {
    return context.fault("rate", "is missing", "give requests a second, accelerators (gpus), or a trace (traffic)");
  }
  if (q.gpus > 0 && !out.targets.ttft.limit && !out.targets.tpot.limit) {
    return context.fault("gpus", "without a latency target they have no best deployment", "give ttft_p99 or tpot_p99");
  }
  return check_workload(out.serving.workload);
}

}  // namespace

Result<SizeRequest> make_size_request(const SizeQuestion& q, const QuestionContext& context) {
  SizeRequest request;
  FleetQuestion& out = request.question;
  out.demand = {q.rate, q.gpus, q.headroom};
  out.traffic.requests = q.requests;
  if (auto made = make_model(q, context, request); !made) return made.faults();
  if (auto made = read_targets(q, context, out); !made) return made.faults();
  auto traffic = q.traffic ? make_trace_traffic(q, context, request) : make_random_traffic(q, context, out);
  if (!traffic) return traffic.faults();
  if (auto check = check_demand(q, context, out); !check) return check.faults();
  for (const auto& id : q.system) {
    if (auto added = add_system(q, context, id, request); !added) return added.faults();
  }
  return request;
}

}  // namespace stargate
