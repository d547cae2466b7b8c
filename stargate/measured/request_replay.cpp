// A run is turned into the service its columns state, simulated, and compared statistic by statistic.
#include "stargate/measured/request_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stargate/base/csv.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/measured/serving_run.hpp"
#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/service_report.hpp"
#include "stargate/traffic/length.hpp"

namespace stargate {
namespace {

/// Cells of one row by name; faults are kept.
class Row {
 public:
  Row(const CsvTable& table, const CsvRow& row, Diagnostics& faults) : table_(table), row_(row), faults_(faults) {}

  const std::string& text(const char* name) const { return row_.cells[*table_.column(name)]; }
  double number(const char* name, double least, double most, double otherwise) const {
    const std::string& cell = text(name);
    if (cell.empty() && std::isfinite(otherwise)) return otherwise;
    const auto value = parse_csv_number(cell);
    if (value && *value >= least && *value <= most) return *value;
    faults_.push_back({table_.file, row_.line, 0, name,
                       fmt::format("'{}' is no number from {:.10g} to {:.10g}", cell, least, most), "", ""});
    return least;
  }
  int count(const char* name, double least, double most, double otherwise) const {
    return static_cast<int>(number(name, least, most, otherwise));
  }

 private:
  const CsvTable& table_;
  const CsvRow& row_;
  Diagnostics& faults_;
};

constexpr const char* kColumns[] = {"run",
                                    "model",
                                    "accelerator",
                                    "engine",
                                    "engine_version",
                                    "tp",
                                    "dp",
                                    "ep",
                                    "weights_dtype",
                                    "max_num_seqs",
                                    "max_num_batched_tokens",
                                    "kv_cache_tokens",
                                    "prefix_caching",
                                    "isl",
                                    "osl",
                                    "arrival_s",
                                    "first_token_s",
                                    "last_token_s"};
const double kRequired = std::nan("");
/// A run is simulated, every replica and request of it; its clock may count from 1970.
constexpr double kMostRanks = 1024, kMostTokens = 1e9, kLatest = 4e9;

MeasuredRequests begin_run(const Row& row, int line) {
  MeasuredRequests run;
  run.name = row.text("run"), run.model = row.text("model"), run.accelerator = row.text("accelerator");
  run.engine = row.text("engine"), run.engine_version = row.text("engine_version");
  run.weights_dtype = row.text("weights_dtype"), run.line = line;
  run.tp = row.count("tp", 1, kMostRanks, 1), run.dp = row.count("dp", 1, kMostRanks, 1);
  run.max_num_seqs = row.count("max_num_seqs", 0, kMostTokens, 0);
  run.max_num_batched_tokens = row.count("max_num_batched_tokens", 0, kMostTokens, 0);
  run.kv_cache_tokens = row.number("kv_cache_tokens", 0, 1e12, 0);
  run.expert_parallel = row.text("ep") == "yes";
  run.prefix_caching = row.text("prefix_caching") == "yes";
  return run;
}

/// Keeps each record beside the usual report.
struct Simulated final : ServiceListener {
  explicit Simulated(ServiceReport& out) : report(out) {}
  ServiceReport& report;
  std::vector<RequestRecord> records;
  void finished(const IncomingRequest& request, const RequestRecord& record) override {
    report.finished(request, record);
    records.push_back(record);
  }
  void ran(int engine, const StepRun& run) override { report.ran(engine, run); }
};

/// Mean and percentiles by nearest rank, in milliseconds of values in seconds.
std::vector<std::pair<std::string, double>> statistics(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  std::vector<std::pair<std::string, double>> out{{"mean", 1e3 * sum / static_cast<double>(values.size())}};
  for (const int p : {50, 90, 95, 99}) {
    const auto rank = static_cast<std::size_t>(std::ceil(p / 100.0 * static_cast<double>(values.size())));
    out.emplace_back("p" + std::to_string(p), 1e3 * values[std::max<std::size_t>(1, rank) - 1]);
  }
  return out;
}

void compare(ReplayedRun& out, const char* metric, const std::vector<double>& measured,
             const std::vector<double>& predicted) {
  if (measured.empty() || predicted.empty()) return;
  const auto m = statistics(measured), p = statistics(predicted);
  for (std::size_t i = 0; i < m.size(); ++i) out.statistics.push_back({metric, m[i].first, m[i].second, p[i].second});
}

/// Both sides over their own requests: one that was refused here is missing on this side alone.
void compare_all(ReplayedRun& out, const MeasuredRequests& run, const std::vector<RequestRecord>& records) {
  std::vector<double> ttft, tpot, e2e, ttft_here, tpot_here, e2e_here;
  for (const auto& r : run.requests) {
    ttft.push_back(r.first_token_s - r.arrival_s);
    e2e.push_back(r.last_token_s - r.arrival_s);
    if (r.osl > 1) tpot.push_back((r.last_token_s - r.first_token_s) / (r.osl - 1));
  }
  for (const auto& r : records) {
    ttft_here.push_back(r.ttft().base());
    e2e_here.push_back(r.end_to_end().base());
    if (r.output_tokens > 1) tpot_here.push_back(r.tpot().base());
  }
  compare(out, "ttft", ttft, ttft_here);
  compare(out, "tpot", tpot, tpot_here);
  compare(out, "e2e", e2e, e2e_here);
}

RequestTrace trace_of(const MeasuredRequests& run) {
  RequestTrace trace;
  trace.labels = {run.name};
  const double start = run.requests.front().arrival_s;
  for (const auto& r : run.requests) {
    TraceRow row;
    row.arrival = SimTime::at((r.arrival_s - start) * second);
    row.prompt_tokens = r.isl, row.output_tokens = r.osl;
    trace.rows.push_back(row);
  }
  return trace;
}

/// The run's columns in the words of a serving row, so that both are understood by the same rules.
MeasuredServing row_of(const MeasuredRequests& run) {
  MeasuredServing row;
  row.model = run.model, row.accelerator = run.accelerator, row.engine = run.engine;
  row.engine_version = run.engine_version, row.weights_dtype = run.weights_dtype;
  row.tp = run.tp, row.dp = 1, row.gpus = run.tp * run.dp, row.ep = run.expert_parallel ? run.tp : 1;
  row.isl = run.requests.front().isl, row.osl = run.requests.front().osl;
  row.request_rate = "inf";
  return row;
}

}  // namespace

Result<std::vector<MeasuredRequests>> load_measured_requests(const FileReader& files, const std::string& path) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  Diagnostics faults;
  for (const char* name : kColumns) {
    if (!table->column(name)) faults.push_back({path, 1, 0, name, "the column is missing", "", ""});
  }
  if (!faults.empty()) return faults;
  std::vector<MeasuredRequests> runs;
  std::map<std::string, std::size_t> place;
  for (const CsvRow& cells : table->rows) {
    const Row row(*table, cells, faults);
    const auto [named, is_new] = place.emplace(row.text("run"), runs.size());
    if (is_new) runs.push_back(begin_run(row, cells.line));
    MeasuredRequests::Request r;
    r.arrival_s = row.number("arrival_s", -kLatest, kLatest, kRequired);
    r.first_token_s = row.number("first_token_s", r.arrival_s, kLatest, kRequired);
    r.last_token_s = row.number("last_token_s", r.first_token_s, kLatest, kRequired);
    r.isl = row.count("isl", 1, kLongestRequest, kRequired);
    r.osl = row.count("osl", 1, kLongestRequest, kRequired);
    runs[named->second].requests.push_back(r);
  }
  if (runs.empty() && faults.empty()) faults.push_back({path, 1, 0, "", "there are no rows", "", ""});
  if (!faults.empty()) return faults;
  for (auto& run : runs) {
    std::stable_sort(run.requests.begin(), run.requests.end(),
                     [](const auto& a, const auto& b) { return a.arrival_s < b.arrival_s; });
  }
  return runs;
}

ReplayedRun replay_run(const Catalogue& catalogue, const MeasuredRequests& run) {
  ReplayedRun out;
  out.name = run.name, out.requests = run.requests.size();
  ServiceMaker maker(catalogue);
  auto made = maker.make(row_of(run));
  if (const auto* skipped = std::get_if<SkippedServing>(&made)) return out.skipped = skipped->reason, out;
  auto& measured = std::get<MeasuredService>(made);
  EngineChanges changes;
  if (run.max_num_seqs > 0) changes.max_num_seqs = run.max_num_seqs;
  if (run.max_num_batched_tokens > 0) changes.max_num_batched_tokens = run.max_num_batched_tokens;
  if (run.kv_cache_tokens > 0) changes.kv_cache_tokens = run.kv_cache_tokens;
  changes.prefix_caching = run.prefix_caching;
  const Replica& asked = measured.replica;
  // With the coefficients and the rules of memory of the run's version, which the replica carries.
  ServingEngine of_version = *measured.record;
  static_cast<EngineCoefficients&>(of_version) = asked.engine;
  auto made_engine = make_replica_engine(*asked.model, *asked.machine, asked.layout, asked.precision,
                                         set_up_engine(of_version, changes));
  if (!made_engine) return out.skipped = made_engine.faults()[0].message, out;
  if (std::holds_alternative<DoesNotFit>(*made_engine)) return out.skipped = "does not fit", out;
  const auto& engine = std::get<ReplicaEngine>(*made_engine);
  const EngineSpec& spec = engine.spec;
  SimulatedService service;
  service.pool = {spec, engine.table.get(), measured.replicas};
  service.request_overhead = measured.record->request_overhead;
  service.token_overhead = measured.record->token_overhead;
  service.stream_overhead = measured.record->stream_overhead;
  const RequestTrace trace = trace_of(run);
  const auto source = make_trace_source(trace);
  ServiceReport report(service, {}, 1);
  Simulated simulated(report);
  simulate_service(service, *source, simulated);
  out.predicted = simulated.records.size();
  const auto& work = report.work(false);
  if (work.steps > 0) out.mean_batch = work.decoding_steps / static_cast<double>(work.steps);
  out.basis =
      fmt::format("{} on {}, {} {}, {} in steps of {} tokens", asked.model->id, measured.accelerator,
                  measured.record->name, format_layout(asked.layout), spec.max_num_seqs, spec.max_num_batched_tokens);
  compare_all(out, run, simulated.records);
  return out;
}

std::string format_replay_text(const std::vector<ReplayedRun>& runs) {
  std::string text;
  for (const ReplayedRun& run : runs) {
    if (!run.skipped.empty()) {
      text += fmt::format("{}: {} requests, none predicted: {}\n", run.name, run.requests, run.skipped);
      continue;
    }
    text += fmt::format("{}: {} requests, {} predicted; {}; batch of decodes {:.1f} on average\n", run.name,
                        run.requests, run.predicted, run.basis, run.mean_batch);
    TextTable table({{"metric", Align::left}, {"", Align::left}, {"measured ms"}, {"predicted ms"}, {"error"}});
    for (const auto& s : run.statistics) {
      table.add_row({s.metric, s.statistic, fmt::format("{:.2f}", s.measured_ms), fmt::format("{:.2f}", s.predicted_ms),
                     fmt::format("{:+.1f} %", s.error_pct())});
    }
    text += table.format(2);
  }
  return text;
}

void write_replay(JsonWriter& json, const std::vector<ReplayedRun>& runs) {
  json.member("schema_version", 1).key("runs").begin_array();
  for (const ReplayedRun& run : runs) {
    json.begin_object().member("run", run.name).member("requests", static_cast<std::int64_t>(run.requests));
    json.member("predicted", static_cast<std::int64_t>(run.predicted));
    if (!run.skipped.empty()) json.member("skipped", run.skipped);
    json.member("mean_batch", run.mean_batch).key("statistics").begin_array();
    for (const auto& s : run.statistics) {
      json.begin_object().member("metric", s.metric).member("statistic", s.statistic);
      json.member("measured_ms", s.measured_ms).member("predicted_ms", s.predicted_ms);
      json.member("error_pct", s.error_pct()).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace stargate
