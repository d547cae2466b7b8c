// The simulation runs once; report, request rows and timeline listen to it.
#include "stargate/questions/serve_simulate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/questions/serve_simulate_report.hpp"
#include "stargate/questions/service_trace.hpp"
#include "stargate/serving/step_law.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kProgressRequests = 1'000'000;

/// Passes everything on to whoever was asked for.
class Watch final : public ServiceListener {
 public:
  Watch(ServiceReport& report, ServiceTrace* trace, const QuestionContext& context)
      : report_(report),
        trace_(trace),
        progress_(context.progress),
        wants_rows_(!context.path_of("requests_csv").empty()) {
    if (wants_rows_) rows_ = request_csv_header();
  }
  void finished(const IncomingRequest& request, const RequestRecord& record) override {
    report_.finished(request, record);
    last_arrival_ = std::max(last_arrival_, record.arrival);
    if (trace_ != nullptr) trace_->finished(request, record);
    if (wants_rows_) append_request_csv(rows_, request, record);
    if (report_.finished_count() % kProgressRequests == 0) {
      progress_(fmt::format("{} requests, {:.0f} s simulated", report_.finished_count(), report_.end().seconds()));
    }
  }
  void refused(const IncomingRequest& request) override {
    report_.refused(request);
    longest_refused_ = std::max(longest_refused_, std::int64_t{request.prompt_tokens} + request.output_tokens);
  }
  void ran(int engine, const StepRun& run) override {
    report_.ran(engine, run);
    if (trace_ != nullptr) trace_->ran(engine, run);
  }
  std::string take_rows() { return std::move(rows_); }
  SimTime last_arrival() const { return last_arrival_; }
  std::int64_t longest_refused() const { return longest_refused_; }

 private:
  ServiceReport& report_;
  ServiceTrace* trace_;
  const std::function<void(const std::string&)>& progress_;
  bool wants_rows_;
  std::string rows_;
  SimTime last_arrival_;
  std::int64_t longest_refused_ = 0;
};

std::string lacking_text(const ReplicaDoesNotFit& r) {
  const ReplicaMemory& memory = r.lack.memory;
  return fmt::format(
             "{} in {} does not fit {}: {} are missing on each accelerator of {} ({} weights, {} activations, {} "
             "runtime)\n",
             r.model, r.layout, r.system, format_quantity(r.lack.missing), format_quantity(memory.usable),
             format_quantity(memory.weights), format_quantity(memory.activations), format_quantity(memory.runtime)) +
         format_serving_memory(r.memory) + format_serving_basis(r.basis);
}

void write_lacking(JsonWriter& json, const ReplicaDoesNotFit& r) {
  json.member("schema_version", 1).member("fits", false).member("model", r.model);
  json.member("system", r.system).member("layout", r.layout);
  json.member("missing_bytes", r.lack.missing.base()).member("usable_bytes", r.lack.memory.usable.base());
  write_serving_memory(json, r.memory);
  write_serving_basis(json, r.basis);
}

/// Of steps with the mean batch and requests of the mean lengths that were served; of a disaggregated service those of
/// the replicas that decode.
LawShares mean_step_shares(const Simulation& simulation, const ServiceReport& report) {
  const auto& work = report.work(false);
  if (report.finished_count() == 0 || work.steps == 0) return {};
  const auto mean = [&](std::int64_t tokens) {
    return static_cast<double>(tokens) / static_cast<double>(report.finished_count());
  };
  ServingWorkload workload{std::max(1.0, mean(report.prompt_tokens())), std::max(2.0, mean(report.output_tokens()))};
  workload.cached_share = std::min(0.99, mean(report.cached_tokens()) / workload.isl);
  const double batch = std::max(1.0, work.decoding_steps / static_cast<double>(work.steps));
  const Replica& replica = simulation.pool.replica;
  if (!simulation.service.prefill) return steady_law_shares(replica, workload, batch);
  return step_law_shares(replica, [&](const StepModel& step) {
    return step.decode_time(batch, workload.isl + workload.osl / 2).total();
  });
}

std::string simulation_text(const SimulationReport& report) { return format_simulation_text(report); }

}  // namespace

Result<Answer> answer_serve_simulate(const SimulateQuestion& question, const QuestionContext& context) {
  const std::string trace_file = context.path_of("trace"), rows_file = context.path_of("requests_csv");
  if (!trace_file.empty() && !trace_file.ends_with(".pftrace")) {
    return Diagnostic{trace_file, 0, 0, {}, "unknown kind of trace", "end it in .pftrace", {}};
  }
  auto made = make_simulation(question, context);
  if (!made) return made.faults();
  if (auto* lacking = std::get_if<ReplicaDoesNotFit>(&*made)) {
    return make_answer(AnswerKind::is_no, std::move(*lacking), lacking_text, write_lacking);
  }
  auto owned = std::get<std::unique_ptr<Simulation>>(std::move(*made));
  const Simulation& simulation = *owned;
  ServiceReport report(simulation.service, simulation.target, simulation.source->tenants().size());
  std::optional<ServiceTrace> trace;
  if (!trace_file.empty()) trace.emplace(simulation.service);
  Watch watch(report, trace ? &*trace : nullptr, context);
  simulate_service(simulation.service, *simulation.source, watch);
  const auto kind = report.finished_count() > 0 ? AnswerKind::answered : AnswerKind::is_no;
  const LoadFinding load = find_load(simulation, report, watch.last_arrival());
  ServingBasis basis = make_serving_basis(*simulation.catalogue, simulation.errors, simulation.engine,
                                          *simulation.machine, simulation.precision,
                                          mean_step_shares(simulation, report));
  Answer answer = make_answer(kind, SimulationReport{std::move(owned), std::move(report), load, std::move(basis),
                                                     watch.longest_refused()},
                              simulation_text, write_simulation);
  if (trace) answer.files.push_back({trace_file, trace->take()});
  if (!rows_file.empty()) answer.files.push_back({rows_file, watch.take_rows()});
  return answer;
}

}  // namespace stargate
