// Each part is made from its own flags; the first fault ends it.
#include "stargate/app/simulate_question.hpp"

#include <fmt/format.h>

#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kUsualRequests = 1000;
constexpr double kLongest = 30 * 365.0 * 86400;  // seconds of traffic

EngineChanges engine_changes(const EngineFlags& flags) {
  EngineChanges out;
  if (flags.max_num_seqs > 0) out.max_num_seqs = flags.max_num_seqs;
  if (flags.max_num_batched_tokens > 0) out.max_num_batched_tokens = flags.max_num_batched_tokens;
  if (flags.gpu_memory_utilization > 0) out.gpu_memory_utilization = flags.gpu_memory_utilization;
  if (flags.block_size > 0) out.block_size = flags.block_size;
  if (!flags.prefix_caching.empty()) out.prefix_caching = flags.prefix_caching == "on";
  if (!flags.chunked_prefill.empty()) out.chunked_prefill = flags.chunked_prefill == "on";
  if (!flags.admission.empty()) {
    out.admission = flags.admission == "max_utilization" ? AdmissionPolicy::fits_now : AdmissionPolicy::guaranteed;
  }
  out.long_prefill_token_threshold = flags.long_prefill_token_threshold;
  out.order = flags.policy == "priority" ? QueueOrder::priority : QueueOrder::fcfs;
  out.preemption = flags.preemption == "swap" ? PreemptionMode::swap : PreemptionMode::recompute;
  out.mixed_chunks = flags.mixed_chunks;
  out.speculation = {flags.draft_tokens, flags.acceptance_rate};
  out.walk_every_step = flags.walk_every_step;
  return out;
}

ServingPrecision chosen_precision(const Model& model, const ReplicaFlags& flags) {
  ServingPrecision precision = stored_precision(model);
  for (const auto& [name, value] : EnumNames<Precision>::names) {
    if (flags.precision == name) precision.linear = precision.expert = value;
    if (flags.kv_dtype == name) precision.kv = value;
  }
  return precision;
}

bool make_replica(Session& session, const SimulationQuestion& question, const ServingLayout& layout,
                  const EngineSetup& setup, ReplicaEngine& out) {
  auto made = make_replica_engine(*question.model, *question.machine, layout, question.precision, setup);
  if (!made) return session.fail(made.faults()), false;
  if (const auto* lack = std::get_if<DoesNotFit>(&*made)) {
    fmt::print(
        "{} in {} does not fit {}: {} are missing on each accelerator of {} ({} weights, {} activations, {} "
        "runtime)\n",
        question.model->id, format_layout(layout), question.system->id, format_quantity(lack->missing),
        format_quantity(lack->memory.usable), format_quantity(lack->memory.weights),
        format_quantity(lack->memory.activations), format_quantity(lack->memory.runtime));
    session.exit_code = kExitAnswerIsNo;
    return false;
  }
  out = std::get<ReplicaEngine>(std::move(*made));
  return true;
}

bool make_machine(Session& session, const SimulateFlags& flags, SimulationQuestion& question) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults()), false;
  question.catalogue = std::make_unique<Catalogue>(std::move(*catalogue));
  const std::string& id = flags.replica.system;
  const auto system = question.catalogue->systems.find(id);
  if (system == question.catalogue->systems.end()) {
    session.fail("there is no system '" + id + "'", suggest_name(id, record_ids(*question.catalogue, "system")));
    return false;
  }
  question.system = &system->second;
  auto model_id = resolve_model(session.files, *question.catalogue, flags.replica.model);
  if (!model_id) return session.fail(model_id.faults()), false;
  question.model = &question.catalogue->models.at(*model_id);
  auto setup =
      set_up_engine(*question.catalogue, flags.engine.engine, flags.engine.version, engine_changes(flags.engine));
  if (!setup) return session.fail(setup.faults()), false;
  question.engine = std::move(*setup);
  const KernelChoice kernels = kernel_choice(*question.model, question.engine.kernels);
  auto machine = make_serving_machine(*question.catalogue, system->second, kernels);
  if (!machine) return session.fail(machine.faults()), false;
  question.machine = std::make_unique<ServingMachine>(std::move(*machine));
  question.price = accelerator_hour_price(*question.catalogue, system->second);
  if (flags.price.empty()) return true;
  auto price = parse_quantity<Dim{.second = -1, .dollar = 1}>(flags.price);
  if (const auto* fault = std::get_if<QuantityFault>(&price)) {
    session.fail("--price " + flags.price + ": " + fault->message);
    return false;
  }
  const auto given = std::get<MoneyRate>(price);
  question.price = {given, given, given, "as given"};
  return true;
}

bool make_service(Session& session, const SimulateFlags& flags, SimulationQuestion& question) {
  const auto& r = flags.replica;
  question.precision = chosen_precision(*question.model, r);
  ServingLayout layout{r.tp, r.pp, r.attention_dp, r.ep};
  if (!make_replica(session, question, layout, question.engine, question.pool)) return false;
  SimulatedService& service = question.service;
  service.pool = {question.pool.spec, question.pool.table.get(), r.replicas};
  service.request_overhead = question.engine.request_overhead;
  service.stream_overhead = question.engine.stream_overhead;
  question.power = replica_power(*question.catalogue, *question.system, layout.accelerators());
  question.accelerators = r.replicas * layout.accelerators();
  service.router = *parse_router_policy(flags.router);
  if (flags.prefill.replicas == 0) return true;
  if (flags.prefill.tp > 0) layout.tp = flags.prefill.tp;
  if (!make_replica(session, question, layout, prefill_side(question.engine), question.prefill)) return false;
  service.prefill = ServicePool{question.prefill.spec, question.prefill.table.get(), flags.prefill.replicas};
  service.transfer = cache_transfer(question.prefill.replica);
  question.prefill_power = replica_power(*question.catalogue, *question.system, layout.accelerators());
  question.accelerators += flags.prefill.replicas * layout.accelerators();
  return true;
}

bool make_trace(Session& session, const TrafficFlags& flags, SimulationQuestion& question) {
  auto trace = load_trace(session.files, flags.trace);
  if (!trace) return session.fail(trace.faults()), false;
  question.trace = std::make_unique<RequestTrace>(std::move(*trace));
  TraceScale scale;
  scale.from_s = flags.from_s;
  if (flags.duration_s > 0) scale.until_s = flags.from_s + flags.duration_s;
  if (flags.rate > 0) scale.rate = flags.rate;
  if (auto check = scale_trace(*question.trace, scale); !check.ok()) return session.fail(check.faults()), false;
  auto& rows = question.trace->rows;
  if (flags.requests > 0 && flags.requests < std::ssize(rows)) rows.resize(static_cast<std::size_t>(flags.requests));
  question.source = make_trace_source(*question.trace);
  return true;
}

bool make_source(Session& session, const TrafficFlags& flags, SimulationQuestion& question) {
  if (flags.trace != "poisson") return make_trace(session, flags, question);
  const double count = flags.requests > 0 ? static_cast<double>(flags.requests) : kUsualRequests;
  if (flags.rate > 0 && std::min(count / flags.rate, flags.duration_s > 0 ? flags.duration_s : kLongest) >= kLongest) {
    session.fail("the traffic would last for more than 30 years", "raise --rate or lower --requests");
    return false;
  }
  if (flags.rate <= 0 && flags.concurrency == 0) {
    session.fail("--rate is missing", "give requests a second, --concurrency clients, or a file with --traffic");
    return false;
  }
  auto prompt = parse_length("--isl", flags.isl), output = parse_length("--osl", flags.osl);
  if (!prompt) return session.fail(prompt.faults()), false;
  if (!output) return session.fail(output.faults()), false;
  TenantTraffic tenant;
  tenant.name = "all";
  if (flags.rate > 0) tenant.arrivals.rate = flags.rate / flags.turns;
  tenant.arrivals.cv = flags.cv;
  tenant.prompt = *prompt, tenant.output = *output;
  tenant.shared_prefix = flags.shared_prefix;
  tenant.session.turns = flags.turns, tenant.session.think_s = flags.turns > 1 ? flags.think_s : 0;
  tenant.concurrency = flags.concurrency;
  TrafficLimit limit;
  if (flags.requests > 0) limit.requests = flags.requests;
  if (flags.duration_s > 0) limit.duration_s = flags.duration_s;
  if (flags.requests == 0 && flags.duration_s <= 0) limit.requests = kUsualRequests;
  auto source = make_tenant_source({tenant}, limit, flags.seed);
  if (!source) return session.fail(source.faults()), false;
  question.source = std::move(*source);
  return true;
}

}  // namespace

std::optional<SimulationQuestion> make_simulation(Session& session, const SimulateFlags& flags) {
  for (const auto& [flag, value] : {std::pair{"--model", flags.replica.model}, {"--system", flags.replica.system}}) {
    if (value.empty()) session.fail(std::string(flag) + " is missing", "or give the file of a service's study");
  }
  SimulationQuestion question;
  question.target = {read_latency(session, "--ttft", flags.ttft), read_latency(session, "--tpot", flags.tpot)};
  if (session.exit_code != kExitAnswered || !make_machine(session, flags, question) ||
      !make_service(session, flags, question) || !make_source(session, flags.traffic, question)) {
    return std::nullopt;
  }
  return question;
}

}  // namespace stargate
