// The best layout in full, then what it beat: other numbers of accelerators, other sizes, less memory, the grid.
#include "stargate/questions/search_report.hpp"

#include <fmt/format.h>

namespace stargate {
namespace {

constexpr std::size_t kShownFront = 8;

LayoutAnswer answer_of(const CountAnswer& count, const TrainingCandidate& candidate) {
  return {candidate.layout, candidate.report, candidate.energy, count.price.mid};
}

std::string joules_text(const LayoutAnswer& answer) {
  return fmt::format("{:.3g} J/tok", answer.energy_per_token().base());
}

std::string counts_table(const SearchAnswer& answer) {
  const bool dated = answer.goal.objective == TrainObjective::tokens_by;
  std::vector<Column> columns{{"accelerators"}, {"best layout", Align::left}, {"step"}, {"MFU"}, {"cost"}, {"energy"}};
  if (dated) columns.insert(columns.end(), {{"effective"}, {"tokens " + answer.goal.when()}, {"with spares"}});
  columns.push_back({"", Align::left});
  TextTable table(columns);
  for (const CountAnswer& count : answer.counts) {
    std::vector<std::string> row{std::to_string(count.job.gpus)};
    if (!count.best) {
      row.push_back("no layout fits");
      table.add_row(std::move(row));
      continue;
    }
    const LayoutAnswer& best = *count.best;
    row.insert(row.end(), {format_layout(best.layout), format_quantity(best.report.step_time(), 4),
                           percent_text(best.report.mfu()), cost_text(best.cost_per_token()), joules_text(best)});
    if (dated) {
      row.insert(row.end(),
                 {percent_text(count.effective), format_quantity(count.tokens, 4), std::to_string(count.accelerators)});
    }
    row.push_back(&count == &answer.chosen() ? "<- best" : "");
    table.add_row(std::move(row));
  }
  return table.format(2) + "\n";
}

std::string horizon_text(const SearchAnswer& answer) {
  const CountAnswer& c = answer.chosen();
  const Money paid = static_cast<double>(c.accelerators) * (answer.goal.horizon * c.price.mid);
  return fmt::format("  tokens     {} {}, {} of the time effective; {} for {} accelerators, {} of them spares\n",
                     format_quantity(c.tokens, 4), answer.goal.when(), percent_text(c.effective), format_quantity(paid),
                     c.accelerators, c.accelerators - c.job.gpus);
}

std::string ranking_table(const SearchAnswer& answer) {
  const CountAnswer& c = answer.chosen();
  TextTable table(
      {{""}, {"best of other sizes", Align::left}, {"step"}, {"memory"}, {"energy"}, {"why it lost", Align::left}});
  for (std::size_t i = 1; i < c.search.ranking.size(); ++i) {
    const LayoutAnswer other = answer_of(c, c.search.ranking[i]);
    table.add_row({std::to_string(i + 1), format_layout(other.layout), format_quantity(other.report.step_time(), 4),
                   format_quantity(other.report.memory.bytes.total()), joules_text(other),
                   why_it_lost(answer.goal, *c.best, other)});
  }
  return table.row_count() > 0 ? table.format(2) + "\n" : "";
}

std::string front_table(const CountAnswer& count) {
  TextTable table({{"least time by memory", Align::left}, {"step"}, {"memory"}, {"MFU"}});
  const auto& front = count.search.pareto;
  for (std::size_t i = 0; i < front.size() && i < kShownFront; ++i) {
    const auto& c = front[i];
    table.add_row({format_layout(c.layout), format_quantity(c.report.step_time(), 4),
                   format_quantity(c.report.memory.bytes.total()), percent_text(c.report.mfu())});
  }
  const auto more = front.size() > kShownFront ? front.size() - kShownFront : 0;
  return table.format(2) + (more > 0 ? fmt::format("  and {} leaner (--json, --csv)\n", more) : "") + "\n";
}

std::string removed_table(const SearchReport& search) {
  TextTable table({{"layouts"}, {"left out by", Align::left}});
  const auto add = [&](std::int64_t count, const std::string& limit) {
    if (count > 0) table.add_row({std::to_string(count), limit});
  };
  for (int i = 0; i < kLayoutRules; ++i) {
    add(search.removed_by_rule[static_cast<std::size_t>(i)], layout_rule_name(static_cast<LayoutRule>(i)));
  }
  add(search.removed_by_memory, "memory of the accelerator");
  add(search.removed_by_bound, "a bound on their time: cannot be better");
  add(search.evaluated, "none: simulated");
  table.add_rule();
  add(search.candidates, "in all");
  return table.format(2);
}

std::string nothing_fits(const CountAnswer& count) {
  std::string out = "No layout fits.\n";
  if (const auto& nearest = count.search.nearest) {
    out += fmt::format("  nearest: {}, {} missing on each accelerator\n", format_layout(nearest->layout),
                       format_quantity(nearest->memory.missing()));
  }
  return out + "\n" + removed_table(count.search);
}

void write_counts(JsonWriter& json, const SearchReport& search) {
  json.member("candidates", search.candidates)
      .member("evaluated", search.evaluated)
      .member("removed_by_memory", search.removed_by_memory)
      .member("removed_by_bound", search.removed_by_bound);
  json.key("removed_by_rule").begin_object();
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto removed = search.removed_by_rule[static_cast<std::size_t>(i)];
    if (removed > 0) json.member(layout_rule_name(static_cast<LayoutRule>(i)), removed);
  }
  json.end_object();
}

void write_goodput(JsonWriter& json, const SearchGoal& goal, const CountAnswer& count) {
  if (goal.objective != TrainObjective::tokens_by) return;
  json.member("horizon_days", goal.horizon.in(day)).member("ettr", count.effective);
  json.member("tokens", count.tokens.base()).member("accelerators_with_spares", count.accelerators);
}

void write_candidates(JsonWriter& json, const char* name, const CountAnswer& count,
                      const std::vector<TrainingCandidate>& candidates, const SearchGoal* goal) {
  json.key(name).begin_array();
  for (const auto& candidate : candidates) {
    const LayoutAnswer answer = answer_of(count, candidate);
    json.begin_object();
    write_layout(json, answer);
    if (goal != nullptr && answer.layout != count.best->layout) {
      json.member("why_it_lost", why_it_lost(*goal, *count.best, answer));
    }
    json.end_object();
  }
  json.end_array();
}

const char* objective_name(TrainObjective objective) {
  constexpr const char* kNames[] = {"time", "cost", "energy", "tokens-by"};
  return kNames[static_cast<std::size_t>(objective)];
}

}  // namespace

std::string search_text(const SearchAnswer& answer) {
  const CountAnswer& c = answer.chosen();
  std::string out;
  if (answer.counts.size() > 1) out += counts_table(answer);
  if (!c.best) return out + nothing_fits(c);
  out += answer.counts.size() > 1 ? fmt::format("Best layout, on {} accelerators\n", c.job.gpus) : "Best layout\n";
  if (answer.goal.objective == TrainObjective::tokens_by) out += horizon_text(answer);
  out += layout_text(*c.best) + "\n";
  return out + ranking_table(answer) + front_table(c) + removed_table(c.search);
}

void write_search(JsonWriter& json, const SearchAnswer& answer, const std::string& expected_error) {
  const CountAnswer& c = answer.chosen();
  json.member("schema_version", 1).member("fits", c.best.has_value());
  json.member("objective", objective_name(answer.goal.objective)).member("gpus", c.job.gpus);
  write_law(json, c.job);
  json.member("expected_error", expected_error);
  write_counts(json, c.search);
  if (c.best) {
    write_layout(json, *c.best);
    write_goodput(json, answer.goal, c);
    write_candidates(json, "ranking", c, c.search.ranking, &answer.goal);
    write_candidates(json, "pareto", c, c.search.pareto, nullptr);
  }
  if (answer.counts.size() > 1) {
    json.key("by_gpus").begin_array();
    for (const CountAnswer& count : answer.counts) {
      json.begin_object().member("gpus", count.job.gpus).member("fits", count.best.has_value());
      write_counts(json, count.search);
      if (count.best) write_layout(json, *count.best);
      if (count.best) write_goodput(json, answer.goal, count);
      json.end_object();
    }
    json.end_array();
  }
}

std::string search_csv(const SearchAnswer& answer) {
  TextTable table = make_layout_table();
  for (const CountAnswer& count : answer.counts) {
    int place = 0;
    for (const auto& c : count.search.ranking) add_layout_row(table, "ranking", ++place, answer_of(count, c));
    place = 0;
    for (const auto& c : count.search.pareto) add_layout_row(table, "pareto", ++place, answer_of(count, c));
  }
  return table.format_csv();
}

}  // namespace stargate
