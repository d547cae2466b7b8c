// One column an answer; parts of the step that are nowhere are left out.
#include "stargate/questions/train_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/training/search.hpp"

namespace stargate {
namespace {

struct Titled {
  std::string title;
  const LayoutAnswer* answer;
};

/// The same layout has a column of its own only where the best layout is another.
std::vector<Titled> columns_of(const TrainComparison& c) {
  std::vector<Titled> out;
  const bool moved = c.as_written && c.changed && c.as_written->layout != c.changed->layout;
  if (c.as_written) out.push_back({"as written", &*c.as_written});
  if (moved && c.same_layout) out.push_back({"changed, same layout", &*c.same_layout});
  if (c.changed) out.push_back({moved ? "changed, best layout" : "changed", &*c.changed});
  return out;
}

std::string difference(double before, double after) {
  return before > 0 ? fmt::format("{:+.1f} %", 100 * (after / before - 1)) : "";
}

class ComparisonTable {
 public:
  explicit ComparisonTable(const TrainComparison& c) : columns_(columns_of(c)), table_(headings()) {}

  template <class Figure, class Format>
  void add(const std::string& name, Figure figure, Format format) {
    std::vector<std::string> row{name};
    for (const auto& column : columns_) row.push_back(format(figure(*column.answer)));
    if (columns_.size() > 1) {
      const auto first = figure(*columns_.front().answer), last = figure(*columns_.back().answer);
      // Shares (MFU) differ in points, quantities in percent.
      if constexpr (std::is_same_v<decltype(first), const double>) {
        row.push_back(fmt::format("{:+.1f} points", 100 * (last - first)));
      } else {
        row.push_back(difference(first.base(), last.base()));
      }
    }
    table_.add_row(std::move(row));
  }

  void add_parts() {
    for (int i = 0; i < kStepParts; ++i) {
      const auto part = static_cast<StepPart>(i);
      const auto time = [&](const LayoutAnswer& a) { return a.report.time[part]; };
      const bool nowhere = std::all_of(columns_.begin(), columns_.end(),
                                       [&](const auto& column) { return time(*column.answer).base() <= 0; });
      if (nowhere) continue;
      add(std::string("  ") + step_part_name(part), time, [](Duration t) { return format_quantity(t); });
    }
  }

  std::string text() const {
    std::string out;
    for (const auto& column : columns_)
      out += fmt::format("  {:<22}{}\n", column.title, format_layout(column.answer->layout));
    return out + "\n" + table_.format(2);
  }

 private:
  std::vector<Column> headings() const {
    std::vector<Column> out{{"", Align::left}};
    for (const auto& column : columns_) out.push_back({column.title});
    if (columns_.size() > 1) out.push_back({"difference"});
    return out;
  }

  std::vector<Titled> columns_;
  TextTable table_;
};

std::string what_fits(const TrainComparison& c) {
  std::string out;
  if (!c.as_written) out += "As written, no layout fits.\n";
  if (!c.changed) out += "Changed, no layout fits.\n";
  const auto missing = [&](const std::optional<LayoutAnswer>& answer, const char* which) {
    if (!answer || answer->report.memory.fits()) return;
    out += fmt::format("The layout {} does not fit: {} missing.\n", which,
                       format_quantity(answer->report.memory.missing()));
  };
  missing(c.as_written, "as written");
  if (c.changed && c.as_written && c.as_written->layout == c.changed->layout) {
    missing(c.changed, "changed");
  } else {
    missing(c.same_layout, "as written under the change");
  }
  return out;
}

std::string verdict(const LayoutAnswer& before, const LayoutAnswer& after) {
  const Duration old = before.report.step_time(), now = after.report.step_time();
  if (now == old) return "The change makes no difference to the step.\n";
  const bool faster = now < old;
  const std::string why = faster ? explain_slower(after.report.time, before.report.time)
                                 : explain_slower(before.report.time, after.report.time);
  return faster ? fmt::format("The change saves {} a step, {:.1f} %. As written is {}.\n", format_quantity(old - now),
                              100 * (1 - now / old), why)
                : fmt::format("The change costs {} a step. Changed is {}.\n", format_quantity(now - old), why);
}

void write_difference(JsonWriter& json, const LayoutAnswer& before, const LayoutAnswer& after) {
  json.key("difference").begin_object();
  json.member("step_time_s", (after.report.step_time() - before.report.step_time()).in(second));
  json.member("tokens_per_s", (after.report.tokens_per_second() - before.report.tokens_per_second()).base());
  json.member("mfu", after.report.mfu() - before.report.mfu());
  json.member("memory_bytes", (after.report.memory.bytes.total() - before.report.memory.bytes.total()).base());
  json.member("energy_j", (after.energy - before.energy).in(joule));
  json.member("cost_usd", (after.cost() - before.cost()).in(dollar)).key("step").begin_object();
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    json.member(std::string(step_part_name(part)) + "_s",
                (after.report.time[part] - before.report.time[part]).in(second));
  }
  json.end_object().end_object();
}

}  // namespace

std::string comparison_text(const TrainComparison& c) {
  std::string out = fmt::format("As written, and with {}\n", c.changes);
  out += what_fits(c);
  if (c.as_written && c.changed) out += verdict(*c.as_written, *c.changed);
  if (!c.as_written && !c.changed) return out;
  ComparisonTable table(c);
  table.add(
      "step", [](const LayoutAnswer& a) { return a.report.step_time(); },
      [](Duration t) { return format_quantity(t, 4); });
  table.add_parts();
  table.add(
      "tokens/s", [](const LayoutAnswer& a) { return a.report.tokens_per_second(); },
      [](TokenRate rate) { return format_quantity(rate, 4); });
  table.add(
      "MFU", [](const LayoutAnswer& a) { return a.report.mfu(); }, percent_text);
  table.add(
      "memory", [](const LayoutAnswer& a) { return a.report.memory.bytes.total(); },
      [](Bytes bytes) { return format_quantity(bytes); });
  table.add(
      "cost", [](const LayoutAnswer& a) { return a.cost_per_token(); }, cost_text);
  table.add(
      "energy", [](const LayoutAnswer& a) { return a.energy_per_token(); },
      [](EnergyPerToken energy) { return fmt::format("{:.3g} J/tok", energy.base()); });
  return out + table.text();
}

void write_train_comparison(JsonWriter& json, const TrainComparison& c, const TrainingJob& job) {
  json.member("schema_version", 1).member("changes", c.changes);
  json.member("fits", c.changed && c.changed->report.memory.fits());
  write_law(json, job);
  const auto write = [&](const char* name, const std::optional<LayoutAnswer>& answer) {
    if (!answer) return;
    json.key(name).begin_object();
    write_layout(json, *answer);
    json.end_object();
  };
  write("as_written", c.as_written);
  write("changed_same_layout", c.same_layout);
  write("changed", c.changed);
  if (c.as_written && c.changed) write_difference(json, *c.as_written, *c.changed);
}

const AnswerFields& comparison_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{{"changes", "text", "What was changed"}};
    for (const char* which : {"as_written/", "changed_same_layout/", "changed/"}) {
      add_answer_fields(out, which, layout_answer_fields());
    }
    add_answer_fields(out, "difference/",
                      {{"step_time_s", "number", "Changed less as written; so in all members"},
                       {"tokens_per_s", "number", "Tokens a second"},
                       {"mfu", "number", "Model FLOP utilisation"},
                       {"memory_bytes", "number", "On the fullest accelerator"},
                       {"energy_j", "number", "Of a step"},
                       {"cost_usd", "number", "Of a step"},
                       {"step/*", "number", "Parts of the step, in seconds"}});
    return out;
  }();
  return fields;
}

}  // namespace stargate
