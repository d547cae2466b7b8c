// study -> programme -> best plan; its figures' least and most within the range; plans away from those before
#include "stargate/questions/plan_near.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/near_best.hpp"

namespace stargate {
namespace {

struct NearAnswer {
  std::string study;
  NearQuestion asked;
  NearBest near;
};

std::string figure_number(double value) {
  return fmt::format("{:.{}f}", value, std::abs(value) >= 100 ? 0 : std::abs(value) >= 1 ? 1 : 3);
}

std::string near_text(const NearAnswer& answer) {
  const NearBest& near = answer.near;
  std::string out = fmt::format("{}: the best plan is worth {}; near it\n", answer.study, format_quantity(near.value));
  out += fmt::format("\nWhat each figure may be, one at a time, within {:g} % of the best value\n",
                     100 * answer.asked.range);
  TextTable ranges(
      {{"figure", Align::left}, {"of", Align::left}, {"best"}, {"least"}, {"most"}, {"unit", Align::left}});
  for (const auto& range : near.ranges) {
    ranges.add_row({range.figure.name, range.figure.kind, figure_number(range.best), figure_number(range.least),
                    figure_number(range.most), range.figure.unit});
  }
  out += ranges.format(2);
  if (near.others.empty()) return out;
  out += fmt::format("\nPlans within {:g} % that differ most, each from all before\n",
                     100 * answer.asked.loss);
  std::vector<Column> columns{{"figure", Align::left}, {"best"}};
  for (std::size_t i = 0; i < near.others.size(); ++i) columns.push_back({fmt::format("plan {}", i + 1)});
  columns.push_back({"unit", Align::left});
  TextTable others(columns);
  std::vector<std::string> lost{"lost of the value", ""}, differs{"other machines", ""};
  for (const auto& other : near.others) {
    lost.push_back(fmt::format("{:.2f}", 100 * ((near.value - other.value) / near.value) + 0.0));
    differs.push_back(fmt::format("{:.0f}", 100 * other.differs));
  }
  lost.push_back("%"), differs.push_back("%");
  others.add_row(lost), others.add_row(differs);
  others.add_rule();
  for (std::size_t i = 0; i < near.ranges.size(); ++i) {
    const auto& range = near.ranges[i];
    double least = range.best, most = range.best;
    for (const auto& other : near.others) {
      least = std::min(least, other.figures[i]), most = std::max(most, other.figures[i]);
    }
    if (most - least <= 0.01 * std::abs(most)) continue;
    std::vector<std::string> row{range.figure.name, figure_number(range.best)};
    for (const auto& other : near.others) row.push_back(figure_number(other.figures[i]));
    row.push_back(range.figure.unit);
    others.add_row(row);
  }
  return out + others.format(2);
}

void write_near(JsonWriter& json, const NearAnswer& answer) {
  json.member("schema_version", 1).member("study", answer.study).member("value_usd", answer.near.value.base());
  json.key("figures").begin_array();
  for (const auto& range : answer.near.ranges) {
    json.begin_object().member("name", range.figure.name).member("kind", range.figure.kind);
    json.member("unit", range.figure.unit).member("best", range.best).member("least", range.least);
    json.member("most", range.most).end_object();
  }
  json.end_array().key("plans").begin_array();
  for (const auto& other : answer.near.others) {
    json.begin_object().member("value_usd", other.value.base()).member("other_machines", other.differs);
    json.key("figures").begin_object();
    for (std::size_t i = 0; i < other.figures.size(); ++i) {
      json.member(answer.near.ranges[i].figure.name, other.figures[i]);
    }
    json.end_object().end_object();
  }
  json.end_array();
}

AnswerFields near_answer_fields() {
  return {{"study", "text", "Its name"},
          {"value_usd", "number", "Present value of the best plan"},
          {"figures[]/name", "text", "Of a site, a system, a service, or of all"},
          {"figures[]/kind", "text", "site, system, service, all"},
          {"figures[]/unit", "text", "Of the three"},
          {"figures[]/best", "number", "In the best plan"},
          {"figures[]/least", "number", "Within the range"},
          {"figures[]/most", "number", "Within the range"},
          {"plans[]/value_usd", "number", "Present value of another plan"},
          {"plans[]/other_machines", "number", "Share of accelerators in other machines than the best plan's"},
          {"plans[]/figures/*", "number", "By the name of the figure"}};
}

}  // namespace

Result<Answer> answer_near(const NearQuestion& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  context.progress("plans near the best");
  const auto solver = make_clp_solver();
  NearBestOptions options{question.range, question.loss, static_cast<int>(question.plans)};
  auto found = find_near_best(prepared->programme, options, *solver);
  if (const auto* reason = std::get_if<std::string>(&found)) {
    return context.fault("study", *reason, "stargate plan why " + question.study + " says what is in conflict");
  }
  return make_answer(AnswerKind::answered,
                     NearAnswer{prepared->study.name, question, std::move(std::get<NearBest>(found))}, near_text,
                     write_near);
}

const QuestionTable<NearQuestion>& NearQuestion::table() {
  using Q = NearQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan near",
                       "How far each figure of the best plan may move, and plans near it that differ most");
    add_plan_study_field(t);
    t.optional("range", &Q::range, "Share of the value that may be lost, of the figures' ranges", fraction);
    t.optional("loss", &Q::loss, "Share of the value that may be lost, of the other plans", fraction);
    t.optional("plans", &Q::plans, "Other plans", Rule{.at_least = 0.0, .above = {}, .at_most = 50.0});
    add_plan_change_fields(t);
    return t;
  }();
  return table;
}

namespace {
Result<std::string> near_figures(const NearQuestion& question, const QuestionContext& context) {
  return plan_study_figures(question, context);
}
}  // namespace

Question near_question() {
  return make_question(answer_near,
                       {{"studies/stargate.yaml", "ranges within 0.1 %, five other plans within 2 %"},
                        {"studies/stargate.yaml --range 1% --plans 0", "ranges within 1 %"}},
                       near_answer_fields(), {}, near_figures);
}

}  // namespace stargate
