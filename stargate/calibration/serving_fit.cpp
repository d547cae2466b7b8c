// The services of an engine are made once; a trial walks them again with other coefficients.
#include "stargate/calibration/serving_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/calibration/bounds.hpp"
#include "stargate/calibration/pattern_search.hpp"
#include "stargate/measured/serving_validation.hpp"

namespace stargate {
namespace {

constexpr const char* kFigures[] = {"tpot", "ttft", "throughput"};
constexpr double kLastStep = 0.025;               // beyond it the loss says nothing
constexpr double kFigureWeights[] = {1, 0.5, 1};  // benchmarks' starts are in their TTFT more than their engine

struct FitRow {
  const MeasuredServing* row = nullptr;
  std::size_t figure = 0;
  double weight = 1;
};
struct FitService {
  MeasuredService service;
  std::vector<FitRow> rows;
};
using Weighted = std::pair<double, double>;  // value, weight

double weighted_median(std::vector<Weighted> values) {
  std::sort(values.begin(), values.end());
  double all = 0, below = 0;
  for (const auto& [value, weight] : values) all += weight;
  for (const auto& [value, weight] : values) {
    below += weight;
    if (2 * below >= all) return value;
  }
  return 0;
}

/// Rows of one engine, without those of a source.
class ServingLoss {
 public:
  explicit ServingLoss(std::vector<FitService> services) : services_(std::move(services)) {}

  /// Over the figures, weighted: median + mean of the rows' errors, each row's cut at 1. The median makes most rows
  /// good, the mean keeps an eye on the others.
  double operator()(const EngineCoefficients& coefficients) {
    std::array<std::vector<Weighted>, 3> errors;
    for (const auto& [row, error] : row_errors(coefficients)) errors[row->figure].emplace_back(error, row->weight);
    double sum = 0, figures = 0;
    for (std::size_t figure = 0; figure < errors.size(); ++figure) {
      const auto& of_figure = errors[figure];
      if (of_figure.empty()) continue;
      double mean = 0, weights = 0;
      for (const auto& [error, weight] : of_figure) mean += weight * std::min(1.0, error), weights += weight;
      const double weight = kFigureWeights[figure];
      sum += weight * (weighted_median(of_figure) + mean / weights), figures += weight;
    }
    return figures > 0 ? sum / figures : 0;
  }

  /// |log(predicted / measured)| of each row, in the order of the services.
  std::vector<std::pair<const FitRow*, double>> row_errors(const EngineCoefficients& coefficients) const {
    std::vector<std::variant<RunFigures, DoesNotFit>> outcomes(services_.size());
    for_each_parallel(services_.size(), [&](std::size_t i) {
      MeasuredService service = services_[i].service;
      for (const auto& handle : engine_coefficient_handles()) {
        handle.set(service.replica.engine, handle.get(coefficients));
      }
      outcomes[i] = simulate_run(service);
    });
    std::vector<std::pair<const FitRow*, double>> errors;
    for (std::size_t i = 0; i < services_.size(); ++i) {
      const auto* figures = std::get_if<RunFigures>(&outcomes[i]);
      if (figures == nullptr) continue;
      for (const FitRow& row : services_[i].rows) {
        if (figures->overloaded && kFigures[row.figure] != std::string("throughput")) continue;
        const auto predicted = predicted_serving_metric(*row.row, services_[i].service, *figures);
        if (!predicted || !(*predicted > 0) || !(row.row->value > 0)) continue;
        errors.emplace_back(&row, std::abs(std::log(*predicted / row.row->value)));
      }
    }
    return errors;
  }

  int configurations() const { return static_cast<int>(services_.size()); }
  int rows() const {
    std::size_t count = 0;
    for (const auto& service : services_) count += service.rows.size();
    return static_cast<int>(count);
  }

 private:
  std::vector<FitService> services_;
};

std::size_t figure_index(const std::string& metric) {
  const std::string figure = serving_figure(metric);
  return static_cast<std::size_t>(std::find(std::begin(kFigures), std::end(kFigures), figure) - std::begin(kFigures));
}

/// By engine record, distinct configurations in the order of their names.
using Services = std::map<std::string, std::map<std::string, FitService>>;

/// Rows of the given trust that do or do not state their whole configuration. Rows that ran the same share a service.
Services make_services(ServiceMaker& maker, const std::vector<MeasuredServing>& rows, const std::string& trust,
                       bool full = true) {
  Services out;
  for (const auto& row : rows) {
    if (row.full_config != full || row.trust != trust) continue;
    auto made = maker.make(row);
    auto* service = std::get_if<MeasuredService>(&made);
    if (service == nullptr) continue;
    const std::string id = service->record->id, configuration = row.source + " " + service->configuration;
    auto& entry = out[id].try_emplace(configuration, FitService{std::move(*service), {}}).first->second;
    entry.rows.push_back({&row, figure_index(row.metric), 1});
  }
  return out;
}

/// Runs that tell much the same: a model of one source on one chip.
std::string kind_of(const FitService& fit) {
  const MeasuredService& s = fit.service;
  return fmt::format("{} {} {} {} {}", fit.rows.front().row->source, s.replica.model->id, s.accelerator,
                     static_cast<int>(s.replica.precision.linear), s.prefill.has_value());
}

/// Of each kind as many as the root of what it has, evenly taken, without one source or only that one; weights as the
/// loss wants them.
std::vector<FitService> choose(const std::map<std::string, FitService>& all, const std::string& source, bool only,
                               int most) {
  std::map<std::string, std::vector<const FitService*>> kinds;
  double roots = 0;
  for (const auto& [name, service] : all) {
    const std::string& own = service.rows.front().row->source;
    if (!source.empty() && (own == source) != only) continue;
    kinds[kind_of(service)].push_back(&service);
  }
  for (const auto& [kind, kept] : kinds) roots += std::sqrt(static_cast<double>(kept.size()));
  std::vector<FitService> out;
  for (const auto& [kind, kept] : kinds) {
    const double root = std::sqrt(static_cast<double>(kept.size()));
    const auto take = std::min(kept.size(), static_cast<std::size_t>(std::ceil(most * root / roots)));
    for (std::size_t i = 0; i < take; ++i) {
      FitService& fit = out.emplace_back(*kept[i * kept.size() / take]);
      std::array<double, 3> count{};
      for (const auto& row : fit.rows) count[row.figure] += 1;
      for (auto& row : fit.rows) row.weight = root / (count[row.figure] * static_cast<double>(take));
    }
  }
  return out;
}

using Handles = std::vector<const CoefficientHandle<EngineCoefficients>*>;

Handles handles_of(const ServingEngine& engine, const std::vector<std::string>& names) {
  Handles out;
  for (const auto& handle : engine_coefficient_handles()) {
    const SourceNote* note = engine.source_of(handle.name);
    const bool fitted = note != nullptr && note->fitted;
    const bool named = std::find(names.begin(), names.end(), handle.name) != names.end();
    if (names.empty() ? fitted : named) out.push_back(&handle);
  }
  return out;
}

HeldOutSource judge(const ServingLoss& loss, const EngineCoefficients& coefficients, const std::string& engine,
                    const std::string& source) {
  HeldOutSource out{engine, source, -1, -1, -1};
  std::array<std::vector<Weighted>, 3> errors;
  for (const auto& [row, error] : loss.row_errors(coefficients)) errors[row->figure].emplace_back(error, row->weight);
  const std::array into = {&out.tpot_pct, &out.ttft_pct, &out.throughput_pct};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!errors[i].empty()) *into[i] = 100 * std::expm1(weighted_median(errors[i]));
  }
  return out;
}

std::string percent(double value) { return value < 0 ? "-" : fmt::format("{:.1f} %", value); }

}  // namespace

Result<ServingFit> fit_serving(const Catalogue& catalogue, const std::vector<MeasuredServing>& rows,
                               const ServingFitQuestion& question) {
  Diagnostics faults;
  std::vector<std::string> known;
  for (const auto& handle : engine_coefficient_handles()) known.push_back(handle.name);
  for (const auto& name : question.names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    faults.push_back({{}, 0, 0, "coefficient", fmt::format("'{}' is not known", name), suggest_name(name, known), {}});
  }
  if (!faults.empty()) return faults;
  ServiceMaker maker(catalogue);
  // An engine is fitted to the best rows it has: trust A and complete, else B, else A with gaps filled by rule.
  Services services = make_services(maker, rows, "A");
  for (auto& [id, of_engine] : make_services(maker, rows, "B")) {
    auto& kept = services[id];
    if (kept.empty()) kept = std::move(of_engine);  // else they judge it, the disaggregated ones among them
  }
  for (auto& [id, of_engine] : make_services(maker, rows, "A", false)) services.try_emplace(id, std::move(of_engine));
  if (services.empty()) return Diagnostic{{}, 0, 0, {}, "no row states its whole configuration", {}, {}};
  ServingFit fit;
  for (const auto& [id, of_engine] : services) {
    const ServingEngine& engine = catalogue.engines.at(id);
    const Handles handles = handles_of(engine, question.names);
    if (handles.empty()) continue;
    ServingLoss loss(choose(of_engine, {}, false, question.most_configurations));
    EngineCoefficients best = engine;
    FittedEngine out{id, {}, loss(best), 0, loss.configurations(), loss.rows()};
    out.loss_after = pattern_search(loss, handles, best, kLastStep);
    for (const auto* h : handles) {
      out.coefficients.push_back({h->name, h->get(engine), h->get(best), h->lower, h->upper});
    }
    fit.engines.push_back(std::move(out));
    std::set<std::string> sources;
    for (const auto& [name, service] : of_engine) sources.insert(service.rows.front().row->source);
    if (!question.leave_out || sources.size() < 2) continue;
    for (const auto& source : sources) {
      ServingLoss others(choose(of_engine, source, false, question.most_configurations));
      EngineCoefficients blind = engine;
      pattern_search(others, handles, blind, kLastStep);
      const ServingLoss own(choose(of_engine, source, true, 1'000'000));
      fit.held_out.push_back(judge(own, blind, id, source));
    }
  }
  return fit;
}

std::string format_serving_fit(const ServingFit& fit) {
  std::string out;
  for (const auto& engine : fit.engines) {
    TextTable table({{engine.id, Align::left}, {"before"}, {"fitted"}, {"lowest"}, {"highest"}});
    for (const auto& c : engine.coefficients) {
      table.add_row({c.name, fmt::format("{:.4g}", c.before), fmt::format("{:.4g}", c.after),
                     fmt::format("{:.4g}", c.lower), fmt::format("{:.4g}", c.upper)});
    }
    out += fmt::format("{}: {} rows of {} configurations; loss {:.4f}, was {:.4f}. Durations in s.\n{}\n", engine.id,
                       engine.rows, engine.configurations, engine.loss_after, engine.loss_before, table.format());
  }
  std::vector<AtBound> at_bounds;
  for (const auto& engine : fit.engines) {
    for (const auto& c : engine.coefficients) note_bound(at_bounds, {engine.id, c.name}, c.after, {c.lower, c.upper});
  }
  out += format_bounds(at_bounds);
  if (fit.held_out.empty()) return out;
  TextTable held({{"held out", Align::left}, {"engine", Align::left}, {"TPOT"}, {"TTFT"}, {"throughput"}});
  for (const auto& h : fit.held_out) {
    held.add_row({h.source, h.engine, percent(h.tpot_pct), percent(h.ttft_pct), percent(h.throughput_pct)});
  }
  return out + "Median error of sources the fit has not seen\n" + held.format();
}

}  // namespace stargate
