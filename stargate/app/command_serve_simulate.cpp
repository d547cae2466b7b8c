// The simulation runs once; report, request rows and timeline listen to it.
#include "stargate/app/command_serve_simulate.hpp"

#include <fmt/format.h>

#include <chrono>

#include "stargate/app/service_output.hpp"
#include "stargate/app/service_trace.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kProgressRequests = 1'000'000;

/// Passes everything on to whoever was asked for.
class Watch final : public ServiceListener {
 public:
  Watch(ServiceReport& report, bool rows, ServiceTrace* trace) : report_(report), trace_(trace), wants_rows_(rows) {
    if (rows) rows_ = request_csv_header();
  }
  void finished(const IncomingRequest& request, const RequestRecord& record) override {
    report_.finished(request, record);
    if (trace_ != nullptr) trace_->finished(request, record);
    if (wants_rows_) append_request_csv(rows_, request, record);
    if (report_.finished_count() % kProgressRequests == 0) {
      Session::progress(
          fmt::format("{} requests, {:.0f} s simulated", report_.finished_count(), report_.end().seconds()));
    }
  }
  void refused(const IncomingRequest& request) override { report_.refused(request); }
  void ran(int engine, const StepRun& run) override {
    report_.ran(engine, run);
    if (trace_ != nullptr) trace_->ran(engine, run);
  }
  const std::string& rows() const { return rows_; }

 private:
  ServiceReport& report_;
  ServiceTrace* trace_;
  bool wants_rows_;
  std::string rows_;
};

}  // namespace

void serve_simulate(Session& session, const SimulateFlags& flags) {
  auto question = make_simulation(session, flags);
  if (!question) return;
  ServiceReport report(question->service, question->target, question->source->tenants().size());
  std::optional<ServiceTrace> trace;
  if (!flags.trace_file.empty()) trace.emplace(question->service);
  Watch watch(report, !flags.requests_csv.empty(), trace ? &*trace : nullptr);
  const auto start = std::chrono::steady_clock::now();
  simulate_service(question->service, *question->source, watch);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  Session::progress(fmt::format("{} requests simulated in {:.3f} s", report.finished_count(), took.count()));
  if (!flags.requests_csv.empty()) {
    session.write(flags.requests_csv, watch.rows());
  }
  if (trace) {
    session.write(flags.trace_file, trace->take());
  }
  flags.json ? session.print_data(format_service_json(*question, report))
             : session.print_text(format_service_text(*question, report));
}

}  // namespace stargate
