// Each part is made from its own flags; the first fault ends it.
#include "stargate/app/size_question.hpp"

#include <fmt/format.h>

#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/sizing/trial_traffic.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

/// Of the two flags of one latency: the mean, or 99 % of the requests.
bool read_goal(Session& session, const char* name, const std::pair<std::string, std::string>& mean_and_p99,
               LatencyGoal& goal) {
  const auto& [mean, p99] = mean_and_p99;
  if (!mean.empty() && !p99.empty()) {
    session.fail(fmt::format("--{0} and --{0}-p99 are both given", name), "leave one out");
    return false;
  }
  const std::string flag = fmt::format("--{}{}", name, p99.empty() ? "" : "-p99");
  goal.limit = read_latency(session, flag.c_str(), p99.empty() ? mean : p99);
  goal.share = p99.empty() ? 0 : 0.99;
  return session.exit_code == kExitAnswered;
}

bool read_targets(Session& session, const SizeTargetFlags& flags, FleetQuestion& question) {
  if (!read_goal(session, "ttft", {flags.ttft, flags.ttft_p99}, question.targets.ttft)) return false;
  if (!read_goal(session, "tpot", {flags.tpot, flags.tpot_p99}, question.targets.tpot)) return false;
  question.serving.target = {question.targets.ttft.limit, question.targets.tpot.limit};
  return true;
}

/// Lengths and arrivals made up: the same requests at every rate.
bool make_random_traffic(Session& session, const SizeTrafficFlags& flags, FleetQuestion& question) {
  auto prompt = parse_length("--isl", flags.isl), output = parse_length("--osl", flags.osl);
  if (!prompt) return session.fail(prompt.faults()), false;
  if (!output) return session.fail(output.faults()), false;
  if (flags.prefix >= prompt->mean()) {
    session.fail(fmt::format("--prefix {} is not shorter than --isl {}", flags.prefix, flags.isl));
    return false;
  }
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.cv = flags.cv;
  tenant.prompt = prompt->shortened(flags.prefix), tenant.output = *output;
  tenant.shared_prefix = flags.prefix;
  question.serving.workload = {prompt->mean(), output->mean(), flags.prefix / prompt->mean()};
  question.mean_output = output->mean();
  tenant.arrivals.rate = 1;
  question.traffic.make = tenants_at_rate({tenant}, flags.seed);
  return true;
}

bool make_trace_traffic(Session& session, const SizeTrafficFlags& flags, SizeRequest& request) {
  auto trace = load_trace(session.files, flags.trace);
  if (!trace) return session.fail(trace.faults()), false;
  request.trace = std::make_unique<RequestTrace>(std::move(*trace));
  if (!request.trace->has_arrivals || request.trace->rows.back().arrival.ns == 0) {
    session.fail(flags.trace + ": the trace has no arrivals", "size with --isl, --osl and --rate");
    return false;
  }
  const TraceSummary summary = summarise_trace(*request.trace);
  FleetQuestion& question = request.question;
  question.serving.workload = {summary.isl, std::max(2.0, summary.osl), summary.cached_share};
  question.mean_output = summary.osl;
  if (question.demand.rate <= 0) question.demand.rate = summary.peak_rate;
  question.traffic.make = trace_at_rate(*request.trace);
  return true;
}

bool make_system(Session& session, const SizeFlags& flags, const std::string& id, SizeRequest& request) {
  const Catalogue& catalogue = *request.catalogue;
  const auto system = catalogue.systems.find(id);
  if (system == catalogue.systems.end()) {
    session.fail("there is no system '" + id + "'", suggest_name(id, record_ids(catalogue, "system")));
    return false;
  }
  auto machine = make_serving_machine(catalogue, system->second, kernel_choice(*request.model, flags.engine));
  if (!machine) return session.fail(machine.faults()), false;
  SizedSystem out{id, std::make_unique<ServingMachine>(std::move(*machine)), {}, {}};
  out.price = accelerator_hour_price(catalogue, system->second);
  if (!flags.price.empty()) {
    auto price = parse_quantity<Dim{.second = -1, .dollar = 1}>(flags.price);
    if (const auto* fault = std::get_if<QuantityFault>(&price)) {
      session.fail("--price " + flags.price + ": " + fault->message);
      return false;
    }
    const auto given = std::get<MoneyRate>(price);
    out.price = {given, given, given, "as given"};
  }
  out.cost = {out.price.mid, replica_power(catalogue, system->second, 1)};
  request.systems.push_back(std::move(out));
  return true;
}

bool make_model(Session& session, const SizeFlags& flags, SizeRequest& request) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults()), false;
  request.catalogue = std::make_unique<Catalogue>(std::move(*catalogue));
  auto model_id = resolve_model(session.files, *request.catalogue, flags.model);
  if (!model_id) return session.fail(model_id.faults()), false;
  request.model = &request.catalogue->models.at(*model_id);
  ServingQuestion& serving = request.question.serving;
  serving.precision = stored_precision(*request.model);
  for (const auto& [name, value] : EnumNames<Precision>::names) {
    if (flags.precision == name) serving.precision.linear = serving.precision.expert = value;
    if (flags.kv_dtype == name) serving.precision.kv = value;
  }
  auto engine = set_up_engine(*request.catalogue, flags.engine);
  if (!engine) return session.fail(engine.faults()), false;
  serving.engine = std::move(*engine);
  return true;
}

}  // namespace

std::optional<SizeRequest> make_size_request(Session& session, const SizeFlags& flags) {
  SizeRequest request;
  FleetQuestion& question = request.question;
  question.demand = {flags.traffic.rate, flags.accelerators, flags.headroom};
  question.traffic.most_requests = flags.traffic.requests;
  if (!make_model(session, flags, request) || !read_targets(session, flags.targets, question)) return std::nullopt;
  const bool traffic = flags.traffic.trace.empty() ? make_random_traffic(session, flags.traffic, question)
                                                   : make_trace_traffic(session, flags.traffic, request);
  if (!traffic) return std::nullopt;
  if (question.demand.rate <= 0 && flags.accelerators == 0) {
    session.fail("--rate is missing", "give requests a second, --gpus, or a trace with --traffic");
    return std::nullopt;
  }
  if (flags.accelerators > 0 && !question.targets.ttft.limit && !question.targets.tpot.limit) {
    session.fail("--gpus without a latency target has no best deployment", "give --ttft-p99 or --tpot-p99");
    return std::nullopt;
  }
  if (auto check = check_workload(question.serving.workload); !check.ok()) {
    session.fail(check.faults());
    return std::nullopt;
  }
  for (const auto& id : flags.systems) {
    if (!make_system(session, flags, id, request)) return std::nullopt;
  }
  return request;
}

}  // namespace stargate
