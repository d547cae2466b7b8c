// Each part is made from its own fields; the first fault ends it.
#include "stargate/questions/simulation.hpp"

#include <fmt/format.h>

#include "stargate/traffic/trace.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kUsualRequests = 1000;
constexpr double kLongest = 30 * 365.0 * 86400;  // seconds of traffic

std::optional<bool> is_on(const std::optional<OnOff>& choice) {
  return choice ? std::optional(*choice == OnOff::on) : std::nullopt;
}

EngineChanges engine_changes(const EngineFields& fields) {
  EngineChanges out;
  out.max_num_seqs = fields.max_num_seqs;
  out.max_num_batched_tokens = fields.max_num_batched_tokens;
  out.gpu_memory_utilization = fields.gpu_memory_utilization;
  out.max_model_len = fields.max_model_len;
  out.block_size = fields.block_size;
  out.prefix_caching = is_on(fields.prefix_caching);
  out.chunked_prefill = is_on(fields.chunked_prefill);
  out.long_prefill_token_threshold = fields.long_prefill_token_threshold;
  out.admission = fields.capacity_policy;
  out.order = fields.scheduling_policy;
  out.preemption = fields.preemption_mode;
  out.mixed_chunks = fields.enable_mixed_chunk;
  out.speculation = {fields.num_speculative_tokens, fields.acceptance_rate};
  out.static_batch = fields.static_batch;
  out.fresh_server = fields.fresh_server;
  out.walk_every_step = fields.walk_every_step;
  return out;
}

std::string engine_name(SimulatedEngine engine) {
  for (const auto& [name, value] : EnumNames<SimulatedEngine>::names) {
    if (value == engine) return name;
  }
  return {};
}

class SimulationMaker {
 public:
  SimulationMaker(const SimulateQuestion& question, const QuestionContext& context)
      : question_(question), context_(context) {}

  Result<SimulationOutcome> make() {
    if (auto made = make_machine(); !made) return made.faults();
    if (auto made = make_service(); !made) return made.faults();
    if (lacking_) return SimulationOutcome(std::move(*lacking_));
    if (auto made = make_source(); !made) return made.faults();
    return SimulationOutcome(std::move(made_));
  }

 private:
  Check make_machine();
  Check make_service();
  /// Leaves a replica that does not fit in `lacking_`.
  Check make_replica(const ServingLayout& layout, const EngineSetup& setup, ReplicaEngine& replica);
  Check make_source();
  Check make_trace();
  Check make_random_source();

  const SimulateQuestion& question_;
  const QuestionContext& context_;
  std::unique_ptr<Simulation> made_ = std::make_unique<Simulation>();
  Simulation& out_ = *made_;
  std::optional<ReplicaDoesNotFit> lacking_;
};

Check SimulationMaker::make_machine() {
  auto catalogue = load_changed_catalogue(context_, question_);
  if (!catalogue) return catalogue.faults();
  catalogue->confidence = question_.confidence;
  out_.catalogue = std::make_unique<Catalogue>(std::move(*catalogue));
  auto system = find_system(context_, *out_.catalogue, "system", question_.system);
  if (!system) return system.faults();
  out_.system = *system;
  auto model_id = resolve_model(context_, *out_.catalogue, question_.model);
  if (!model_id) return model_id.faults();
  out_.model = &out_.catalogue->models.at(*model_id);
  auto setup = set_up_engine(*out_.catalogue, engine_name(question_.engine), question_.engine_version,
                             engine_changes(question_), &out_.catalogue->accelerators.at(out_.system->accelerator));
  if (!setup) return setup.faults();
  out_.engine = std::move(*setup);
  auto machine = make_serving_machine(*out_.catalogue, *out_.system, kernel_choice(*out_.model, out_.engine.kernels));
  if (!machine) return machine.faults();
  out_.machine = std::make_unique<ServingMachine>(std::move(*machine));
  auto errors = load_expected_errors(context_);
  if (!errors) return errors.faults();
  out_.errors = std::move(*errors);
  out_.price = chosen_price(*out_.catalogue, *out_.system, question_.price);
  out_.target = {duration_of(question_.ttft), duration_of(question_.tpot)};
  return Done{};
}

Check SimulationMaker::make_replica(const ServingLayout& layout, const EngineSetup& setup, ReplicaEngine& replica) {
  auto made = make_replica_engine(*out_.model, *out_.machine, layout, out_.precision, setup);
  if (!made) return made.faults();
  if (const auto* lack = std::get_if<DoesNotFit>(&*made)) {
    lacking_ = {out_.model->id, out_.system->id, format_layout(layout), *lack,
                serving_memory(setup, lack->memory),
                make_serving_basis(*out_.catalogue, out_.errors, out_.engine, *out_.machine, out_.precision)};
    return Done{};
  }
  replica = std::get<ReplicaEngine>(std::move(*made));
  return Done{};
}

Check SimulationMaker::make_service() {
  const SimulateQuestion& q = question_;
  out_.precision = chosen_precision(q, *out_.model);
  ServingLayout layout{q.tp, q.pp, q.attention_dp, q.ep};
  if (auto made = make_replica(layout, out_.engine, out_.pool); !made || lacking_) return made;
  SimulatedService& service = out_.service;
  service.pool = {out_.pool.spec, out_.pool.table.get(), q.replicas};
  service.request_overhead = out_.engine.request_overhead;
  service.stream_overhead = out_.engine.stream_overhead;
  out_.power = replica_power(*out_.catalogue, *out_.system, layout.accelerators());
  out_.accelerators = q.replicas * layout.accelerators();
  const auto router = parse_router_policy(q.router);
  if (!router)
    return context_.fault("router", "there is no router '" + q.router + "'", "known: " + router_policy_names());
  service.router = *router;
  const std::pair<const char*, std::pair<std::optional<int>, int*>> changes[] = {
      {"prefill_tp", {q.prefill_tp, &layout.tp}},
      {"prefill_pp", {q.prefill_pp, &layout.pp}},
      {"prefill_ep", {q.prefill_ep, &layout.ep}},
      {"prefill_attention_dp", {q.prefill_attention_dp, &layout.attention_dp}}};
  for (const auto& [field, change] : changes) {
    const auto& [size, place] = change;
    if (size && !q.prefill_replicas) {
      return context_.fault(field, "has no effect without --prefill-replicas", "give both");
    }
    *place = size.value_or(*place);
  }
  if (!q.prefill_replicas) return Done{};
  if (const auto broken = layout_faults(*out_.model, layout); !broken.empty()) {
    return context_.fault("prefill_tp", "of the prefill side, " + format_layout(layout) + ": " + broken.front(),
                          "choose other --prefill-tp or --prefill-ep");
  }
  if (auto made = make_replica(layout, prefill_side(out_.engine), out_.prefill); !made || lacking_) return made;
  service.prefill = ServicePool{out_.prefill.spec, out_.prefill.table.get(), *q.prefill_replicas};
  service.transfer = cache_transfer(out_.prefill.replica);
  out_.prefill_power = replica_power(*out_.catalogue, *out_.system, layout.accelerators());
  out_.accelerators += *q.prefill_replicas * layout.accelerators();
  return Done{};
}

Check SimulationMaker::make_trace() {
  auto trace = load_trace(context_.files, question_.traffic);
  if (!trace) return trace.faults();
  out_.trace = std::make_unique<RequestTrace>(std::move(*trace));
  TraceScale scale;
  scale.from_s = question_.from;
  if (question_.duration > 0) scale.until_s = question_.from + question_.duration;
  if (question_.rate > 0) scale.rate = question_.rate;
  if (auto check = scale_trace(*out_.trace, scale); !check.ok()) return check.faults();
  auto& rows = out_.trace->rows;
  if (question_.requests > 0 && question_.requests < std::ssize(rows)) {
    rows.resize(static_cast<std::size_t>(question_.requests));
  }
  const double span = rows.back().arrival.seconds() - rows.front().arrival.seconds();
  if (span > 0) out_.offered_rate = static_cast<double>(rows.size() - 1) / span;
  out_.source = make_trace_source(*out_.trace);
  return Done{};
}

Check SimulationMaker::make_random_source() {
  const SimulateQuestion& q = question_;
  auto prompt = parse_length("isl", q.isl), output = parse_length("osl", q.osl);
  if (!prompt) return context_.fault("isl", prompt.faults()[0].message, prompt.faults()[0].hint);
  if (!output) return context_.fault("osl", output.faults()[0].message, output.faults()[0].hint);
  TenantTraffic tenant;
  tenant.name = "all";
  // `rate` counts requests, arrivals begin conversations.
  if (q.rate > 0) tenant.arrivals.rate = q.rate / q.turns;
  tenant.arrivals.cv = q.cv;
  tenant.prompt = *prompt, tenant.output = *output;
  tenant.shared_prefix = q.shared_prefix;
  tenant.session.turns = q.turns, tenant.session.think_s = q.turns > 1 ? q.think_time : 0;
  tenant.concurrency = q.concurrency;
  TrafficLimit limit;
  if (q.requests > 0) limit.requests = q.requests;
  if (q.duration > 0) limit.duration_s = q.duration;
  if (q.requests == 0 && q.duration <= 0) limit.requests = kUsualRequests;
  auto source = make_tenant_source({tenant}, limit, static_cast<std::uint64_t>(q.seed));
  if (!source) return source.faults();
  out_.source = std::move(*source);
  return Done{};
}

Check SimulationMaker::make_source() {
  const SimulateQuestion& q = question_;
  if (q.traffic != "poisson") return make_trace();
  if (q.from > 0) return context_.fault("from", "has no effect on random traffic", "give a trace with --traffic");
  const double count = q.requests > 0 ? static_cast<double>(q.requests) : kUsualRequests;
  if (q.rate > 0 && std::min(count / q.rate, q.duration > 0 ? q.duration : kLongest) >= kLongest) {
    return context_.fault("rate", "the traffic would last for more than 30 years", "raise --rate or lower --requests");
  }
  if (q.rate <= 0 && q.concurrency == 0) {
    return context_.fault("rate", "is missing",
                          "give requests a second, --concurrency clients, or a file with --traffic");
  }
  out_.offered_rate = q.concurrency > 0 ? 0 : q.rate;
  return make_random_source();
}

}  // namespace

Result<SimulationOutcome> make_simulation(const SimulateQuestion& question, const QuestionContext& context) {
  return SimulationMaker(question, context).make();
}

}  // namespace stargate
