// Each part is made from its own fields; the first fault ends it.
#include "stargate/questions/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/serving/steady_state.hpp"
#include "stargate/sizing/serving_ways.hpp"
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

/// Mean tokens of the traffic's requests.
ServingWorkload mean_lengths(const SimulateQuestion& question, const Simulation& s) {
  ServingWorkload out;
  if (s.trace) {
    double prompts = 0, outputs = 0;
    for (const auto& row : s.trace->rows) prompts += row.prompt_tokens, outputs += row.output_tokens;
    const auto count = static_cast<double>(s.trace->rows.size());
    out = {prompts / count, outputs / count};
  } else {
    out = {parse_length("isl", question.isl)->mean(), parse_length("osl", question.osl)->mean()};
  }
  return {std::max(1.0, out.isl), std::max(2.0, out.osl)};
}

/// Of the catalogue, as changed, whichever engine it is.
struct Ground {
  std::shared_ptr<Catalogue> catalogue;
  const System* system = nullptr;
  const Model* model = nullptr;
  ExpectedErrors errors;
};

Result<Ground> find_ground(const SimulateQuestion& question, const QuestionContext& context) {
  auto catalogue = load_changed_catalogue(context, question);
  if (!catalogue) return catalogue.faults();
  catalogue->confidence = question.confidence;
  Ground ground;
  ground.catalogue = std::make_shared<Catalogue>(std::move(*catalogue));
  auto system = find_system(context, *ground.catalogue, "system", question.system);
  if (!system) return system.faults();
  ground.system = *system;
  auto model_id = resolve_model(context, *ground.catalogue, question.model, question.assume);
  if (!model_id) return model_id.faults();
  ground.model = &ground.catalogue->models.at(*model_id);
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  ground.errors = std::move(*errors);
  return ground;
}

/// One engine's replicas, then the traffic.
class SimulationMaker {
 public:
  SimulationMaker(const SimulateQuestion& question, const QuestionContext& context)
      : question_(question), context_(context) {}

  Check make_replicas(const Ground& ground, const std::string& engine);
  Check make_source();
  /// Takes the traffic that another has made.
  void take_source(SimulationMaker& other) {
    out_.offered_rate = other.out_.offered_rate;
    out_.trace = std::move(other.out_.trace), out_.source = std::move(other.out_.source);
  }
  /// Output tokens a second of a replica that has as much to do as there is, at most its share of the clients.
  TokenRate speed(const ServingWorkload& workload) const;
  /// Why the engine refuses the longest request of the traffic that has been made, if it does.
  std::optional<Refusal> refusal(const RequestTrace* trace) const;
  std::optional<ReplicaDoesNotFit>& lacking() { return lacking_; }
  Simulation& simulation() { return out_; }
  SimulationOutcome take() { return std::move(made_); }

 private:
  Check make_service();
  /// Leaves a replica that does not fit in `lacking_`.
  Check make_replica(const ServingLayout& layout, const EngineSetup& setup, ReplicaEngine& replica);
  Check make_trace();
  Check make_random_source();

  const SimulateQuestion& question_;
  const QuestionContext& context_;
  std::unique_ptr<Simulation> made_ = std::make_unique<Simulation>();
  Simulation& out_ = *made_;
  std::optional<ReplicaDoesNotFit> lacking_;
};

Check SimulationMaker::make_replicas(const Ground& ground, const std::string& engine) {
  out_.catalogue = ground.catalogue, out_.system = ground.system, out_.model = ground.model;
  out_.errors = ground.errors;
  auto setup = set_up_engine(*out_.catalogue, engine, question_.engine_version, engine_changes(question_),
                             &out_.catalogue->accelerators.at(out_.system->accelerator));
  if (!setup) return setup.faults();
  out_.engine = std::move(*setup);
  auto machine = make_serving_machine(*out_.catalogue, *out_.system, kernel_choice(*out_.model, out_.engine.kernels));
  if (!machine) return machine.faults();
  out_.machine = std::make_unique<ServingMachine>(std::move(*machine));
  out_.price = chosen_price(*out_.catalogue, *out_.system, question_.price);
  out_.target = {duration_of(question_.ttft), duration_of(question_.tpot)};
  return make_service();
}

TokenRate SimulationMaker::speed(const ServingWorkload& workload) const {
  const StepModel step(out_.pool.replica);
  if (question_.concurrency > 0) {
    const double share = static_cast<double>(question_.concurrency) / question_.replicas;
    const auto state = steady_state_at_concurrency(step, workload, std::max(1.0, share));
    const auto* steady = std::get_if<SteadyState>(&state);
    return steady == nullptr ? TokenRate{} : steady->output_tokens;
  }
  const auto state = best_steady_state(step, workload, out_.target);
  if (const auto* steady = std::get_if<SteadyState>(&state)) return steady->output_tokens;
  const auto untargeted = best_steady_state(step, workload, {});
  const auto* steady = std::get_if<SteadyState>(&untargeted);
  return steady == nullptr ? TokenRate{} : steady->output_tokens;
}

std::optional<Refusal> SimulationMaker::refusal(const RequestTrace* trace) const {
  std::optional<Refusal> out;
  const auto ask = [&](std::int64_t prompt, std::int64_t output) {
    if (!out) out = refusal_of(out_.pool.spec, prompt, output);
    if (!out && question_.prefill_replicas) out = refusal_of(out_.prefill.spec, prompt, output);
  };
  if (trace != nullptr) {
    for (const auto& row : trace->rows) ask(row.prompt_tokens, row.output_tokens);
    return out;
  }
  const auto prompt = parse_length("isl", question_.isl), output = parse_length("osl", question_.osl);
  if (prompt && output) ask(prompt->longest(), output->longest());
  return out;
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
  service.token_overhead = out_.engine.token_overhead;
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

/// The engine's name, or of "best" all that run there and have what is asked of them.
Result<std::vector<std::string>> asked_engines(const SimulateQuestion& q, const QuestionContext& context,
                                               const Ground& ground) {
  const std::string name = engine_name(q.engine);
  const bool pinned = q.engine != SimulatedEngine::best;
  const std::string& vendor = ground.catalogue->accelerators.at(ground.system->accelerator).vendor;
  if (pinned && q.capacity_policy && q.engine != SimulatedEngine::trtllm) {
    return context.fault("capacity_policy", "has no effect with " + name, "give it with --engine trtllm");
  }
  if (pinned && q.enable_mixed_chunk && q.engine != SimulatedEngine::sglang) {
    return context.fault("enable_mixed_chunk", "has no effect with " + name, "give it with --engine sglang");
  }
  if (q.engine == SimulatedEngine::trtllm && !engine_runs_on(name, vendor)) {
    return context.fault("engine", name + " does not run on " + vendor + "'s accelerators",
                         "leave it out, or name another");
  }
  if (pinned) return std::vector{name};
  if (!q.engine_version.empty()) {
    return context.fault("engine_version", "is of no engine: all that run there are tried", "give --engine too");
  }
  if (q.capacity_policy) return std::vector<std::string>{"trtllm"};
  if (q.enable_mixed_chunk) return std::vector<std::string>{"sglang"};
  auto names = engines_for(*ground.catalogue, vendor);
  if (names.empty()) {
    return context.fault("engine", "no engine of the catalogue runs on " + ground.system->id,
                         "name one with --engine to go by its rules and overheads");
  }
  return names;
}

}  // namespace

Result<SimulationOutcome> make_simulation(const SimulateQuestion& question, const QuestionContext& context) {
  auto ground = find_ground(question, context);
  if (!ground) return ground.faults();
  auto engines = asked_engines(question, context, *ground);
  if (!engines) return engines.faults();
  std::vector<SimulationMaker> fit;
  std::optional<ReplicaDoesNotFit> lacking;
  for (const std::string& engine : *engines) {
    SimulationMaker maker(question, context);
    if (auto made = maker.make_replicas(*ground, engine); !made) return made.faults();
    if (!maker.lacking()) {
      fit.push_back(std::move(maker));
    } else if (!lacking || maker.lacking()->lack.missing < lacking->lack.missing) {
      lacking = std::move(maker.lacking());
    }
  }
  if (fit.empty()) return SimulationOutcome(std::move(*lacking));
  if (auto made = fit.front().make_source(); !made) return made.faults();
  if (fit.size() == 1) return fit.front().take();
  const ServingWorkload workload = mean_lengths(question, fit.front().simulation());
  std::vector<std::pair<TokenRate, std::size_t>> order;
  std::vector<std::string> refusing;
  const RequestTrace* trace = fit.front().simulation().trace.get();
  for (std::size_t i = 0; i < fit.size(); ++i) {
    if (const auto refused = fit[i].refusal(trace)) {
      refusing.push_back(fit[i].simulation().engine.kernels + ": " + refusal_text(*refused));
    } else {
      order.emplace_back(fit[i].speed(workload), i);
    }
  }
  if (order.empty()) {  // whichever is taken refuses them
    order.emplace_back(TokenRate{}, 0);
    refusing.clear();
  }
  std::ranges::stable_sort(order, std::greater<>(), &std::pair<TokenRate, std::size_t>::first);
  SimulationMaker& best = fit[order.front().second];
  if (&best != &fit.front()) best.take_source(fit.front());
  for (std::size_t i = 1; i < order.size(); ++i) {
    best.simulation().slower_engines.push_back(fit[order[i].second].simulation().engine.kernels);
  }
  best.simulation().refusing_engines = std::move(refusing);
  return best.take();
}

}  // namespace stargate
