// Each part is made from its own fields; the first fault ends it.
#include "stargate/questions/serve_size_request.hpp"

#include <fmt/format.h>

#include "stargate/service/service_question.hpp"
#include "stargate/sizing/trial_traffic.hpp"

namespace stargate {
namespace {

/// The mean, or a share of the requests, usually 99 %: of the two fields of one latency at most one is given.
Check read_goal(const QuestionContext& context, const std::string& name,
                const std::pair<std::optional<Latency>, std::optional<Latency>>& mean_and_p99, LatencyGoal& goal,
                double share) {
  const auto& [mean, p99] = mean_and_p99;
  if (mean && p99) return context.fault(name, "stands beside " + name + "_p99", "leave one out");
  goal.limit = duration_of(p99 ? p99 : mean);
  goal.share = p99 ? share : 0;
  return Done{};
}

Check read_targets(const SizeQuestion& q, const QuestionContext& context, FleetQuestion& out) {
  if (auto read = read_goal(context, "ttft", {q.ttft, q.ttft_p99}, out.targets.ttft, q.share); !read) return read;
  if (auto read = read_goal(context, "tpot", {q.tpot, q.tpot_p99}, out.targets.tpot, q.share); !read) return read;
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
  set_traffic(out, {*prompt, *output, q.prefix, q.cv, static_cast<std::uint64_t>(q.seed)});
  return Done{};
}

Check make_trace_traffic(const SizeQuestion& q, const QuestionContext& context, SizeRequest& request) {
  auto trace = load_trace(context.files, *q.traffic);
  if (!trace) return trace.faults();
  request.trace = std::make_unique<RequestTrace>(std::move(*trace));
  if (!request.trace->has_arrivals || request.trace->rows.back().arrival.ns == 0) {
    return context.fault("traffic", "the trace has no arrivals", "give lengths and a rate instead");
  }
  const TraceSummary summary = summarise_trace(*request.trace);
  FleetQuestion& out = request.question;
  // TPOT needs a second token.
  out.serving.workload = {summary.isl, std::max(2.0, summary.osl), summary.cached_share};
  out.mean_output = summary.osl;
  if (out.demand.rate <= 0) out.demand.rate = summary.peak_rate;
  out.traffic.make = trace_at_rate(*request.trace);
  return Done{};
}

/// Whole accelerators; a fault when there is not one.
Check buy_accelerators(const SizeQuestion& q, const QuestionContext& context, SizedSystem& system) {
  if (!q.power && !q.budget) return Done{};
  if (q.budget && !(system.price.mid > MoneyRate{})) {
    return context.fault("budget", "buys nothing where no price is known: " + system.id, "give one with --price");
  }
  const double count = q.power ? *q.power / system.cost.power.busy : *q.budget / system.price.mid;
  if (count < 1 || count > 1e8) {
    return context.fault(q.power ? "power" : "budget",
                         fmt::format("is {} accelerator of {}, which {}", count < 1 ? "less than one" : "more than 100 M",
                                     system.id,
                                     q.power ? "draws " + format_quantity(system.cost.power.busy) + " at its most"
                                             : "costs " + format_quantity(system.price.mid)));
  }
  system.accelerators = static_cast<int>(count);
  return Done{};
}

Check add_system(const SizeQuestion& q, const QuestionContext& context, const std::string& id, SizeRequest& request) {
  const Catalogue& catalogue = *request.catalogue;
  auto system = find_system(context, catalogue, "system", id);
  if (!system) return system.faults();
  if (auto start = check_engine_start(context, q, request.engine); !start) return start;
  SizedSystem out{id, {}, {}, {}};
  for (const FleetMode mode : request.modes) {
    auto ways = make_serving_ways(catalogue, *request.model, **system, request.engine, request.precisions, mode,
                                  q.engine_version, engine_start_changes(q));
    if (!ways) return ways.faults();
    out.ways.push_back(std::move(*ways));
  }
  out.price = chosen_price(catalogue, **system, q.price);
  out.cost = {out.price.mid, replica_power(catalogue, **system, 1)};
  if (auto bought = buy_accelerators(q, context, out); !bought) return bought;
  request.systems.push_back(std::move(out));
  return Done{};
}

std::vector<FleetMode> modes_of(SizedMode mode) {
  switch (mode) {
    case SizedMode::aggregated:
      return {FleetMode::aggregated};
    case SizedMode::disaggregated:
      return {FleetMode::disaggregated};
    case SizedMode::best:
      return {FleetMode::best};
    case SizedMode::both:
      break;
  }
  return {FleetMode::aggregated, FleetMode::disaggregated};
}

Check make_model(const SizeQuestion& q, const QuestionContext& context, SizeRequest& request) {
  auto catalogue = load_changed_catalogue(context, q);
  if (!catalogue) return catalogue.faults();
  catalogue->confidence = q.confidence;
  request.catalogue = std::make_unique<Catalogue>(std::move(*catalogue));
  if (q.study) return Done{};
  if (q.model.empty()) return context.fault("model", "is missing", "name one, or a service's study");
  auto model_id = resolve_model(context, *request.catalogue, q.model, q.assume);
  if (!model_id) return model_id.faults();
  request.model = &request.catalogue->models.at(*model_id);
  for (const Precision precision : q.precision) {
    request.precisions.push_back(serving_precision(precision, request.model->kv_precision));
  }
  if (request.precisions.empty()) request.precisions = {stored_precision(*request.model)};
  for (auto& precision : request.precisions) precision.kv = q.kv_dtype.value_or(precision.kv);
  request.engine = sized_engine_name(q.engine);
  request.modes = modes_of(q.mode);
  return Done{};
}

/// Model, engine, formats, traffic, targets and headroom of a service's study.
Check take_study(const SizeQuestion& q, const QuestionContext& context, SizeRequest& request) {
  if (!q.model.empty()) return context.fault("model", "stands beside a study that names it", "leave one out");
  if (q.traffic) return context.fault("traffic", "stands beside a study that describes it", "leave one out");
  if (q.ttft || q.tpot || q.ttft_p99 || q.tpot_p99) {
    return context.fault("study", "has targets of its own, others are given", "leave them out");
  }
  auto study = load_service_study(context.files, *q.study, *request.catalogue);
  if (!study) return study.faults();
  const SizingDemand demand{q.rate, q.gpus, study->operation.headroom};
  request.question = service_fleet_question(*request.catalogue, *study, demand);
  request.model = &request.catalogue->models.at(study->model);
  request.precisions = {request.question.serving.precision};
  request.engine = study->engine;
  request.modes = {study->mode == ServiceMode::disaggregated ? FleetMode::disaggregated : FleetMode::aggregated};
  return Done{};
}

Check check_demand(const SizeQuestion& q, const QuestionContext& context, const FleetQuestion& out) {
  const int given = (q.rate > 0) + (q.gpus > 0) + q.power.has_value() + q.budget.has_value();
  if (given > 1) {
    return context.fault(q.budget ? "budget" : q.power ? "power" : "gpus", "stands beside another measure of the load",
                         "give one of rate, gpus, power and budget");
  }
  const bool all = q.gpus > 0 || q.power || q.budget;
  if (out.demand.rate <= 0 && !all) {
    return context.fault("rate", "is missing",
                         "give requests a second, accelerators (gpus), power, a budget, or a trace (traffic)");
  }
  if (q.most_per_mtok && !q.pareto) return context.fault("most_per_mtok", "has no effect without --pareto", "give both");
  if (q.api_per_mtok.has_value() != (q.peak_to_mean > 1)) {
    return context.fault(q.api_per_mtok ? "api_per_mtok" : "peak_to_mean", "has no effect alone",
                         "give peak_to_mean and api_per_mtok");
  }
  if (all && !out.targets.ttft.limit && !out.targets.tpot.limit) {
    return context.fault("gpus", "without a latency target there is no best deployment", "give ttft_p99 or tpot_p99");
  }
  return check_workload(out.serving.workload);
}

}  // namespace

std::string sized_engine_name(SizedEngine engine) {
  for (const auto& [name, value] : EnumNames<SizedEngine>::names) {
    if (value == engine) return name;
  }
  return {};
}

Result<SizeRequest> make_size_request(const SizeQuestion& q, const QuestionContext& context) {
  SizeRequest request;
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  request.errors = std::move(*errors);
  FleetQuestion& out = request.question;
  if (auto made = make_model(q, context, request); !made) return made.faults();
  if (q.study) {
    if (auto taken = take_study(q, context, request); !taken) return taken.faults();
  } else {
    out.demand = {q.rate, q.gpus, q.headroom};
    if (auto made = read_targets(q, context, out); !made) return made.faults();
    auto traffic = q.traffic ? make_trace_traffic(q, context, request) : make_random_traffic(q, context, out);
    if (!traffic) return traffic.faults();
  }
  out.traffic.most_requests = q.requests;
  if (auto check = check_demand(q, context, out); !check) return check.faults();
  for (const auto& id : q.system) {
    if (auto added = add_system(q, context, id, request); !added) return added.faults();
    out.demand.accelerators = std::max(out.demand.accelerators, request.systems.back().accelerators);
  }
  request.most_per_mtok = q.most_per_mtok;
  request.peak_to_mean = q.peak_to_mean, request.api_per_mtok = q.api_per_mtok;
  return request;
}

}  // namespace stargate
