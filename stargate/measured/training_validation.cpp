// A row counts as one over its repeats of the same configuration (same_config_rows).
#include "stargate/measured/training_validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "stargate/base/statistics.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/catalogue/model_experts.hpp"
#include "stargate/measured/validation_json.hpp"

namespace stargate {
namespace {

constexpr std::size_t kFewestLayouts = 4;

/// "Megatron-Bridge / Megatron-Core (NeMo 26.04)" -> "Megatron-Bridge".
std::string engine_of(const std::string& framework) {
  return framework.substr(0, std::min(framework.find(" ("), framework.find(" / ")));
}

std::string precision_label(const MeasuredRow& row) {
  const auto precision = measured_precision(row);
  return precision ? precision_name(precision.value) : row.precision;
}

ValidationKey key_of(const MeasuredRow& row, const Catalogue& catalogue) {
  const auto accelerator = measured_accelerator(row, catalogue);
  const auto* known = std::get_if<Accelerator>(&accelerator);
  return {row.source,
          known != nullptr ? known->id : row.accelerator,
          engine_of(row.framework),
          precision_label(row),
          row.metric,
          row.completeness};
}

std::string describe(const MeasuredRow& row, const MeasuredRun& run) {
  return fmt::format("{} {} on {} {}, {} x {} a step, {} ({})", row.id, row.model, row.gpus, run.accelerator->id,
                     row.global_batch_seqs, row.seq_len, format_layout(run.layout), row.metric);
}

/// Tokens a second of the layouts of one set; repeats of a configuration predict the same and are one, their mean.
struct LayoutSet {
  std::map<std::string, std::pair<std::vector<double>, double>> configurations;  ///< measured, predicted

  void add(const std::string& configuration, double measured, double predicted) {
    auto& entry = configurations[configuration];
    entry.first.push_back(measured);
    entry.second = predicted;
  }
  std::optional<double> spearman() const {
    if (configurations.size() < kFewestLayouts) return std::nullopt;
    std::vector<double> measured, predicted;
    for (const auto& [name, values] : configurations) {
      const auto& m = values.first;
      measured.push_back(std::accumulate(m.begin(), m.end(), 0.0) / static_cast<double>(m.size()));
      predicted.push_back(values.second);
    }
    return rank_correlation(measured, predicted);
  }
};
std::string kind_of(const MeasuredRun& run) {
  if (run.job.recipe.frozen_weights) return "lora";
  return has_experts(*run.model) ? "moe" : "dense";
}

/// By source, then by what the layouts have in common.
using LayoutSets = std::map<std::string, std::map<std::string, LayoutSet>>;

void note_layout(LayoutSets& sets, const MeasuredRow& row, const MeasuredRun& run, const StepReport& step) {
  const std::string common =
      fmt::format("{} {} {} {} {}", row.model, run.accelerator->id, row.gpus, row.seq_len, row.precision);
  const std::string configuration = fmt::format("{} {}", format_layout(run.layout), row.global_batch_seqs);
  const double tokens = step.tokens.base() / static_cast<double>(row.gpus);
  sets[row.source][common].add(configuration, tokens / measured_step_seconds(row, run),
                               tokens / step.step_time().base());
}

/// The median over sets of a source, then over sources, so that a source of many sets counts once.
void rank_layouts(const LayoutSets& sets, TrainingValidation& out) {
  std::vector<double> of_sources;
  for (const auto& [source, of_source] : sets) {
    LayoutRanking ranking{source, 0, 0, 0};
    std::vector<double> correlations;
    for (const auto& [common, set] : of_source) {
      const auto spearman = set.spearman();
      if (!spearman) continue;
      correlations.push_back(*spearman);
      ranking.configurations += static_cast<int>(set.configurations.size());
    }
    if (correlations.empty()) continue;
    ranking.sets = static_cast<int>(correlations.size());
    ranking.median_spearman = median(correlations);
    of_sources.push_back(ranking.median_spearman);
    out.rankings.push_back(ranking);
  }
  out.median_spearman = median(of_sources);
}

TextTable error_table(const std::vector<ValidationGroup>& groups, const char* title) {
  TextTable table({{title, Align::left},
                   {"stated", Align::left},
                   {"rows"},
                   {"predicted"},
                   {"median"},
                   {"mean"},
                   {"p90"},
                   {"bias"},
                   {"above"}});
  for (const auto& g : groups) {
    std::vector<std::string> cells = {g.key.source, g.key.completeness};
    for (auto& cell : error_cells(g)) cells.push_back(std::move(cell));
    table.add_row(std::move(cells));
  }
  return table;
}

}  // namespace

TrainingValidation validate_training(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows,
                                     std::size_t worst) {
  ValidationTally tally(worst), as_time(0);
  LayoutSets sets;
  TrainingValidation out;
  AcceleratorLaws laws(catalogue);
  for (const MeasuredRow& row : rows) {
    const RunOrSkip made = make_measured_run(row, catalogue, laws);
    const ValidationKey key = key_of(row, catalogue);
    if (const auto* skip = std::get_if<SkippedRow>(&made)) {
      tally.skip(key, skip->reason);
      as_time.skip(key, skip->reason);
      continue;
    }
    const auto& run = std::get<MeasuredRun>(made);
    const StepReport step = simulate_step(run.job, run.layout);
    const double predicted = predicted_metric(row, run, step);
    const double weight = 1.0 / std::max(1, row.same_config_rows);
    tally.add(key, law_origin_name(run.job.law.origin()), row.value, predicted, weight);
    as_time.add(key, {}, measured_step_seconds(row, run), step.step_time().base(), weight);
    note_layout(sets, row, run, step);
    const double measured_s = measured_step_seconds(row, run), predicted_s = step.step_time().base();
    out.runs.push_back({&row, run.accelerator->id, run.layout, measured_s, predicted_s, step.time,
                        step.mfu() * predicted_s / measured_s, kind_of(run)});
    if (tally.is_among_worst(row.value, predicted)) {
      tally.note_worst({row.source, describe(row, run), row.value, predicted});
    }
  }
  out.report = tally.report();
  out.by_source = as_time.regroup([](const ValidationKey& key) {
    return ValidationKey{key.source, "all", "all", "all", "step_time", key.completeness};
  });
  out.by_completeness = as_time.regroup([](const ValidationKey& key) {
    return ValidationKey{"all", "all", "all", "all", "step_time", key.completeness};
  });
  rank_layouts(sets, out);
  out.rules = count_rules(rows);
  return out;
}

std::string format_training_validation_text(const TrainingValidation& validation) {
  std::string out = format_validation_text(validation.report, "") + "\n";
  out += "As time of a step, whatever the metric (above 0: predicted too slow):\n";
  out += error_table(validation.by_source, "source").format() + "\n";
  out += error_table(validation.by_completeness, "all").format() + "\n";
  TextTable ranks({{"layouts of one model and cluster", Align::left}, {"sets"}, {"layouts"}, {"Spearman"}});
  for (const auto& r : validation.rankings) {
    ranks.add_row(
        {r.source, std::to_string(r.sets), std::to_string(r.configurations), fmt::format("{:.3f}", r.median_spearman)});
  }
  ranks.add_rule();
  ranks.add_row({"median source", "", "", fmt::format("{:.3f}", validation.median_spearman)});
  out += ranks.format();
  if (!validation.rules.empty()) out += "\n" + format_rule_counts(validation.rules);
  return out;
}

std::string format_training_validation_csv(const TrainingValidation& validation) {
  std::vector<Column> columns{{"id"},     {"source"},      {"completeness"}, {"framework"},
                              {"model"},  {"accelerator"}, {"precision"},    {"kind"},
                              {"gpus"},   {"layout"},      {"measured_mfu"}, {"measured_s"},
                              {"predicted_s"}};
  for (int i = 0; i < kStepParts; ++i) {
    std::string name = std::string(step_part_name(static_cast<StepPart>(i))) + "_s";
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
    columns.push_back({name});
  }
  TextTable table(std::move(columns));
  for (const auto& run : validation.runs) {
    const MeasuredRow& row = *run.row;
    std::vector<std::string> cells{row.id,
                                   row.source,
                                   row.completeness,
                                   row.framework,
                                   row.model,
                                   run.accelerator,
                                   precision_label(row),
                                   run.kind,
                                   std::to_string(row.gpus),
                                   format_layout(run.layout),
                                   fmt::format("{:.4g}", run.measured_mfu),
                                   fmt::format("{:.6g}", run.measured_s),
                                   fmt::format("{:.6g}", run.predicted_s)};
    for (const Duration part : run.time.parts) cells.push_back(fmt::format("{:.6g}", part.base()));
    table.add_row(std::move(cells));
  }
  return table.format_csv();
}

void write_training_validation(JsonWriter& json, const TrainingValidation& validation) {
  write_validation(json, validation.report);
  write_validation_groups(json, "by_source", validation.by_source);
  write_validation_groups(json, "by_completeness", validation.by_completeness);
  write_rule_counts(json, validation.rules);
  json.key("rank_correlation").begin_object().member("median_spearman", validation.median_spearman);
  json.key("sources").begin_array();
  for (const auto& r : validation.rankings) {
    json.begin_object().member("source", r.source).member("sets", r.sets);
    json.member("configurations", r.configurations).member("median_spearman", r.median_spearman).end_object();
  }
  json.end_array().end_object();
}

}  // namespace stargate
