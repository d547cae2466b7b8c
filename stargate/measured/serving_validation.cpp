// Services first, then each distinct one is simulated, then rows are counted in the order of the file.
#include "stargate/measured/serving_validation.hpp"

#include <fmt/format.h>

#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/measured/validation_json.hpp"

namespace stargate {
namespace {

using Outcome = std::variant<RunFigures, DoesNotFit>;

/// "A full": trust class, and whether the row states its whole configuration. Rows of engines without coefficients are
/// a group of their own.
std::string trust_of(const MeasuredServing& row) {
  const std::string trust = row.trust.empty() ? "unstated" : row.trust;
  return trust + (row.full_config ? " full" : " part") + (find_engine_by_name(row.engine) ? "" : ", usual engine");
}

ValidationKey key_of(const MeasuredServing& row, const Catalogue& catalogue) {
  const auto known = find_accelerator_by_name(catalogue.accelerators, row.accelerator, row.accel_mem_gb);
  return {row.source,   known ? known.value->id : row.accelerator, row.engine, row.weights_dtype, row.metric,
          trust_of(row)};
}

/// A row in one line, for the list of the worst.
std::string describe(const MeasuredServing& row, const MeasuredService& service) {
  const std::string load = row.concurrency_or_batch > 0 ? fmt::format("{:g}", row.concurrency_or_batch) : "queued";
  return fmt::format("{} {} {} {} on {} {}, {} x{}, {:g}/{:g} at {}, {} {}", row.id, row.engine, row.model,
                     row.weights_dtype, row.gpus, service.accelerator, format_layout(service.replica.layout),
                     service.replicas, row.isl, row.osl, load, row.metric, row.percentile);
}

/// By configuration. Runs on the same replica share its step times.
std::map<std::string, Outcome> simulate_all(const std::map<std::string, const MeasuredService*>& services) {
  std::map<std::string, std::vector<const MeasuredService*>> by_replica;
  for (const auto& [configuration, service] : services) by_replica[replica_key(*service)].push_back(service);
  std::vector<const std::vector<const MeasuredService*>*> jobs;
  for (const auto& [key, runs] : by_replica) jobs.push_back(&runs);
  std::vector<std::vector<Outcome>> outcomes(jobs.size());
  for_each_parallel(jobs.size(), [&](std::size_t i) {
    const auto engines = make_run_engines(*jobs[i]->front());
    const auto* known = engines ? std::get_if<RunEngines>(&*engines) : nullptr;
    for (const MeasuredService* run : *jobs[i]) outcomes[i].push_back(simulate_run(*run, known));
  });
  std::map<std::string, Outcome> out;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (std::size_t k = 0; k < jobs[i]->size(); ++k) {
      out.emplace((*jobs[i])[k]->configuration, std::move(outcomes[i][k]));
    }
  }
  return out;
}

std::optional<double> of_percentile(const LatencyFigures& figures, const std::string& percentile) {
  if (percentile.empty() || percentile == "mean") return figures.mean;
  constexpr const char* names[] = {"p50", "p90", "p95", "p99"};
  for (std::size_t i = 0; i < figures.percentiles.size(); ++i) {
    if (percentile == names[i]) return figures.percentiles[i];
  }
  return std::nullopt;
}

TextTable figure_table(const std::vector<ValidationGroup>& groups, const char* title) {
  TextTable table({{title, Align::left},
                   {"figure", Align::left},
                   {"trust", Align::left},
                   {"rows"},
                   {"predicted"},
                   {"median"},
                   {"mean"},
                   {"p90"},
                   {"bias"},
                   {"above"}});
  for (const auto& g : groups) {
    std::vector<std::string> cells = {g.key.source, g.key.metric, g.key.completeness};
    for (auto& cell : error_cells(g)) cells.push_back(std::move(cell));
    table.add_row(std::move(cells));
  }
  return table;
}

}  // namespace

std::string serving_figure(const std::string& metric) {
  if (metric.starts_with("tpot")) return "tpot";
  return metric.starts_with("ttft") ? "ttft" : "throughput";
}

std::optional<double> predicted_serving_metric(const MeasuredServing& row, const MeasuredService& service,
                                               const RunFigures& figures) {
  const double gpus = static_cast<double>(service.replica.layout.accelerators()) * service.replicas;
  if (row.metric == "tpot_ms") {
    const auto seconds = of_percentile(figures.tpot, row.percentile);
    return seconds ? std::optional(*seconds * 1e3) : std::nullopt;
  }
  if (row.metric == "ttft_ms") {
    const auto seconds = of_percentile(figures.ttft, row.percentile);
    return seconds ? std::optional(*seconds * 1e3) : std::nullopt;
  }
  if (row.metric == "output_tokens_per_s") return figures.output_tokens_per_s;
  if (row.metric == "output_tokens_per_s_per_gpu") return figures.output_tokens_per_s / gpus;
  if (row.metric == "total_tokens_per_s") return figures.output_tokens_per_s + figures.input_tokens_per_s;
  if (row.metric == "requests_per_s") return figures.requests_per_s;
  return std::nullopt;
}

/// Rows that ran the same share one simulation.
ServingValidation validate_serving(const Catalogue& catalogue, const std::vector<MeasuredServing>& rows,
                                   std::size_t worst) {
  ServiceMaker maker(catalogue);
  std::vector<std::variant<MeasuredService, SkippedServing>> made;
  std::map<std::string, const MeasuredService*> distinct;
  made.reserve(rows.size());
  for (const auto& row : rows) made.push_back(maker.make(row));
  for (const auto& service : made) {
    if (const auto* s = std::get_if<MeasuredService>(&service)) distinct.emplace(s->configuration, s);
  }
  const auto outcomes = simulate_all(distinct);
  ValidationTally tally(worst);
  ServingValidation out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const MeasuredServing& row = rows[i];
    const ValidationKey key = key_of(row, catalogue);
    const auto* service = std::get_if<MeasuredService>(&made[i]);
    if (service == nullptr) {
      tally.skip(key, std::get<SkippedServing>(made[i]).reason);
      continue;
    }
    const auto* figures = std::get_if<RunFigures>(&outcomes.at(service->configuration));
    if (figures != nullptr && figures->overloaded && serving_figure(row.metric) != "throughput") {
      tally.skip(key, "unstable: more is offered than is served, so latency follows from the length of the run");
      continue;
    }
    const auto predicted = figures == nullptr ? std::nullopt : predicted_serving_metric(row, *service, *figures);
    if (!predicted) {
      tally.skip(key, figures == nullptr ? "said not to fit" : "metric or percentile not known");
      continue;
    }
    const std::array used{service->replica.precision.linear, service->replica.precision.expert};
    out.rows.push_back({&row, service->accelerator, format_layout(service->replica.layout), service->record->id,
                        service->replicas, *predicted, simulate_command(catalogue, *service)});
    tally.add(key, law_origin_name(service->machine->law.origin(used)), row.value, *predicted);
    if (tally.is_among_worst(row.value, *predicted)) {
      tally.note_worst({row.source, describe(row, *service), row.value, *predicted});
    }
  }
  out.rules = count_rules(rows);
  out.report = tally.report();
  out.by_source = tally.regroup([](const ValidationKey& key) {
    return ValidationKey{key.source, "all", "all", "all", serving_figure(key.metric), key.completeness};
  });
  out.by_figure = tally.regroup([](const ValidationKey& key) {
    return ValidationKey{"all", "all", "all", "all", serving_figure(key.metric), key.completeness};
  });
  return out;
}

std::string format_serving_validation_text(const ServingValidation& validation) {
  std::string out = format_validation_text(validation.report, "") + "\n";
  out += figure_table(validation.by_source, "source").format() + "\n";
  out += figure_table(validation.by_figure, "all").format();
  if (!validation.rules.empty()) out += "\n" + format_rule_counts(validation.rules);
  return out;
}

void write_serving_validation(JsonWriter& json, const ServingValidation& validation) {
  write_validation(json, validation.report);
  write_validation_groups(json, "by_source", validation.by_source);
  write_validation_groups(json, "by_figure", validation.by_figure);
  write_rule_counts(json, validation.rules);
  json.key("worst").begin_array();
  for (const auto& w : validation.report.worst) {
    json.begin_object().member("source", w.source).member("row", w.row);
    json.member("measured", w.measured).member("predicted", w.predicted).end_object();
  }
  json.end_array();
}

std::string format_serving_validation_csv(const ServingValidation& validation) {
  TextTable table({{"id"},     {"source"},         {"model"},    {"accelerator"}, {"gpus"},
                   {"engine"}, {"engine_version"}, {"record"},   {"trust"},       {"weights_dtype"},
                   {"layout"}, {"replicas"},       {"isl"},      {"osl"},         {"concurrency_or_batch"},
                   {"metric"}, {"percentile"},     {"measured"}, {"predicted"},   {"error_pct"},
                   {"command"}});
  for (const auto& [row, accelerator, layout, record, replicas, predicted, command] : validation.rows) {
    table.add_row({row->id,
                   row->source,
                   row->model,
                   accelerator,
                   fmt::format("{}", row->gpus),
                   row->engine,
                   row->engine_version,
                   record,
                   trust_of(*row),
                   row->weights_dtype,
                   layout,
                   std::to_string(replicas),
                   fmt::format("{:g}", row->isl),
                   fmt::format("{:g}", row->osl),
                   fmt::format("{:g}", row->concurrency_or_batch),
                   row->metric,
                   row->percentile,
                   fmt::format("{:.6g}", row->value),
                   fmt::format("{:.6g}", predicted),
                   fmt::format("{:.2f}", 100 * (predicted / row->value - 1)),
                   command});
  }
  return table.format_csv();
}

}  // namespace stargate
