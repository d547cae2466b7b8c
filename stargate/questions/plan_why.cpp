// study -> programme -> reasons of its plan; where there is none, the gaps and a smallest set of limits in conflict
#include "stargate/questions/plan_why.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/conflict.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/reasons.hpp"

namespace stargate {
namespace {

/// Reasons, or why there is nothing to give reasons of.
struct WhyAnswer {
  std::string study;
  std::optional<Reasons> reasons;
  InfeasiblePlan gaps;
  PlanConflict conflict;
};

std::string spans_text(const std::string& heading, const std::string& subject, const std::vector<Reason>& reasons) {
  if (reasons.empty()) return {};
  TextTable table({{subject, Align::left}, {"quarters", Align::left}, {"what binds", Align::left}, {"worth"},
                   {"per", Align::left}});
  std::string before;
  for (const auto& reason : reasons) {
    const bool worth = !reason.unit.empty() && reason.worth > Money{};
    table.add_row({reason.subject == before ? "" : reason.subject, format_quarters(reason.first, reason.last),
                   reason.binds, worth ? format_quantity(reason.worth) : "-", worth ? reason.unit : ""});
    before = reason.subject;
  }
  return "\n" + heading + "\n" + table.format(2);
}

std::string machines_text(const std::vector<MachineAccount>& machines) {
  if (machines.empty()) return {};
  const auto dollars = [](Money amount) { return fmt::format("{:.0f}", std::round(amount.base()) + 0.0); };
  TextTable table({{"system", Align::left}, {"arrives"}, {"ordered"}, {"earns"}, {"price"}, {"parts"}, {"ramp"},
                   {"money"}, {"loses"}, {"of earnings before power"}});
  std::string before;
  int shown = 0;
  for (const auto& m : machines) {
    if (m.system != before) shown = 0;
    before = m.system;
    // The first, and then each year: prices and worths move slowly.
    if (shown++ % 4 != 0) continue;
    const Money gross = m.earns + m.power;
    table.add_row({m.system, format_quarter(m.arrives), fmt::format("{:.0f}", m.ordered + 0.0), dollars(m.earns),
                   dollars(m.price), dollars(m.parts), dollars(m.ramp), dollars(m.money), dollars(m.loses),
                   gross > Money{} ? fmt::format("{:.0f} %", 100 * (m.power / gross)) : "-"});
  }
  return "\nOne accelerator more, each fourth quarter (present value, $: earns = price + worth of parts, ramp and "
         "money - loses; last column: what its power takes)\n" +
         table.format(2);
}

std::string suppliers_text(const std::vector<SupplierWorth>& suppliers) {
  if (suppliers.empty()) return {};
  TextTable table({{"supplier", Align::left}, {"1 % more is worth"}, {"binds in"}, {"of", Align::left}});
  for (const auto& s : suppliers) {
    const std::string products = fmt::format("{}", fmt::join(s.products, ", "));
    table.add_row({s.supplier, s.one_percent > Money{} ? format_quantity(s.one_percent) : "limits nothing",
                   s.quarters > 0 ? fmt::format("{} quarters", s.quarters) : "-",
                   products.empty() ? "the programme buys none of its parts" : products});
  }
  return "\nSuppliers\n" + table.format(2);
}

std::string curves_text(const std::vector<WorthCurve>& curves) {
  if (curves.empty()) return {};
  std::vector<Column> columns{{"limit", Align::left}, {"one more"}, {"unit", Align::left}, {"1 % says"}};
  for (const double scale : worth_scales()) columns.push_back({fmt::format("x{:g}", scale)});
  TextTable table(columns);
  for (const auto& curve : curves) {
    const bool now = curve.one_more > Money{};  // else it binds in the tail only
    std::vector<std::string> row{curve.limit, now ? format_quantity(curve.one_more) : "-", "/" + curve.unit,
                                 format_quantity(curve.one_percent)};
    for (const double scale : worth_scales()) {
      const auto at = std::find_if(curve.change.begin(), curve.change.end(),
                                   [&](const std::pair<double, Money>& some) { return some.first == scale; });
      // Each as what 1 % is worth on the way to it, which can be held against the price.
      row.push_back(at == curve.change.end() ? "no plan" : format_quantity(at->second / (100 * (scale - 1))));
    }
    table.add_row(row);
  }
  return "\nHow far a price holds (what 1 % is worth on average on the way to so much of the limit in all its "
         "quarters and the tail, planned anew)\n" +
         table.format(2);
}

std::string entry_text(const OptionLeft& left) {
  if (left.entry.solves == 0) return "-";
  if (!left.entry.share) return "not for nothing either";
  return fmt::format("{:.3g} to {:.3g} of its price", *left.entry.share, *left.entry.share + left.entry.width);
}

std::string left_text(const std::vector<OptionLeft>& options) {
  if (options.empty()) return "\nNo option is left: the plan takes each system and builds at each site\n";
  TextTable table({{"not taken", Align::left}, {"what stands in its way", Align::left}, {"one more loses"},
                   {"reduced cost says"}, {"is taken at", Align::left}, {"then first"}, {"plans"}});
  for (const auto& left : options) {
    table.add_row({left.name, left.reason,
                   left.entry.solves > 0 ? format_quantity(left.loses) + " / " + left.unit : "-",
                   left.guess ? fmt::format("{:.3g}", *left.guess) : "-", entry_text(left),
                   left.entry.first ? format_quarter(*left.entry.first) : "-",
                   fmt::format("{}", left.entry.solves)});
  }
  return "\nOptions left, and the share of their whole price series at which they would be taken\n" + table.format(2);
}

std::string conflict_text(const WhyAnswer& answer) {
  std::string out = answer.study + ": there is no plan\n\nWhat would have to move, least (all of it together)\n";
  for (const auto& gap : answer.gaps.gaps) out += "  " + gap.sentence + "\n";
  if (answer.conflict.limits.empty()) {
    return out + "\nNo set of its limits and promises explains it: lifting all of them leaves no plan either\n";
  }
  out += "\nCannot all hold (with any one of these lifted the others can; all other limits may stay)\n";
  for (const auto& limit : answer.conflict.limits) out += "  " + limit + "\n";
  return out + fmt::format("  found with {} plans\n", answer.conflict.solves);
}

std::string why_text(const WhyAnswer& answer) {
  if (!answer.reasons) return conflict_text(answer);
  const Reasons& r = *answer.reasons;
  std::string out = fmt::format("{}: why the plan worth {} is as it is\n", answer.study, format_quantity(r.value));
  out += spans_text("Power: what holds a megawatt more in the quarter", "site", r.sites);
  out += spans_text("Systems: what holds one more arriving in the quarter", "system", r.systems);
  out += machines_text(r.machines);
  out += spans_text("Services: who is served (worth: what it would have to pay more)", "customers", r.services);
  out += r.money.empty() ? "\nMoney limits nothing\n" : spans_text("Money", "of", r.money);
  return out + suppliers_text(r.suppliers) + curves_text(r.curves) + left_text(r.left);
}

void write_spans(JsonWriter& json, const char* name, const std::vector<Reason>& reasons) {
  json.key(name).begin_array();
  for (const auto& reason : reasons) {
    json.begin_object().member("subject", reason.subject).member("first", format_quarter(reason.first));
    json.member("last", format_quarter(reason.last)).member("binds", reason.binds);
    json.member("worth_usd", reason.worth.base()).member("unit", reason.unit).end_object();
  }
  json.end_array();
}

void write_reasons(JsonWriter& json, const Reasons& r) {
  json.member("value_usd", r.value.base());
  write_spans(json, "sites", r.sites), write_spans(json, "systems", r.systems);
  write_spans(json, "services", r.services), write_spans(json, "money", r.money);
  json.key("machines").begin_array();
  for (const auto& m : r.machines) {
    json.begin_object().member("system", m.system).member("arrives", format_quarter(m.arrives));
    json.member("ordered", m.ordered).member("earns_usd", m.earns.base()).member("power_usd", m.power.base());
    json.member("price_usd", m.price.base()).member("parts_usd", m.parts.base()).member("ramp_usd", m.ramp.base());
    json.member("money_usd", m.money.base()).member("loses_usd", m.loses.base()).end_object();
  }
  json.end_array().key("suppliers").begin_array();
  for (const auto& s : r.suppliers) {
    json.begin_object().member("supplier", s.supplier).member("one_percent_usd", s.one_percent.base());
    json.member("quarters", s.quarters).end_object();
  }
  json.end_array().key("limits").begin_array();
  for (const auto& curve : r.curves) {
    json.begin_object().member("limit", curve.limit).member("unit", curve.unit);
    json.member("one_more_usd", curve.one_more.base()).member("one_percent_usd", curve.one_percent.base());
    json.key("change").begin_object();
    for (const auto& [scale, change] : curve.change) json.member(fmt::format("{:g}", scale), change.base());
    json.end_object().end_object();
  }
  json.end_array().key("left").begin_array();
  for (const auto& left : r.left) {
    json.begin_object().member("option", left.name).member("reason", left.reason);
    json.member("loses_usd", left.loses.base()).member("unit", left.unit);
    json.member("entry_share", left.entry.share.value_or(std::numeric_limits<double>::quiet_NaN()));
    json.member("first", left.entry.first ? format_quarter(*left.entry.first) : std::string());
    json.member("plans", left.entry.solves).end_object();
  }
  json.end_array();
}

void write_why(JsonWriter& json, const WhyAnswer& answer) {
  json.member("schema_version", 1).member("study", answer.study).member("planned", answer.reasons.has_value());
  if (answer.reasons) return write_reasons(json, *answer.reasons);
  json.key("gaps").begin_array();
  for (const auto& gap : answer.gaps.gaps) json.value(gap.sentence);
  json.end_array().key("conflict").begin_array();
  for (const auto& limit : answer.conflict.limits) json.value(limit);
  json.end_array();
}

void add_span_fields(AnswerFields& out, const std::string& name, const std::string& what) {
  add_answer_fields(out, name + "[]/",
                    {{"subject", "text", what},
                     {"first", "text", "Quarter"},
                     {"last", "text", "Quarter"},
                     {"binds", "text", "In words"},
                     {"worth_usd", "number", "Of one unit more, or lost by one more; mean over the quarters"},
                     {"unit", "text", "Of the worth; empty: none"}});
}

AnswerFields why_answer_fields() {
  AnswerFields out{{"study", "text", "Its name"},
                   {"planned", "boolean", "Whether there is a plan"},
                   {"value_usd", "number", "Present value of the plan"}};
  add_span_fields(out, "sites", "Site"), add_span_fields(out, "systems", "System");
  add_span_fields(out, "services", "Service and class of customers");
  add_span_fields(out, "money", "Cash, debt, tranche");
  add_answer_fields(out, "machines[]/",
                    {{"system", "text", "Id"},
                     {"arrives", "text", "Quarter"},
                     {"ordered", "number", "Systems"},
                     {"earns_usd", "number", "One accelerator over its life, present value"},
                     {"power_usd", "number", "Taken from that for its power"},
                     {"price_usd", "number", "Paid"},
                     {"parts_usd", "number", "Worth of the offers it takes"},
                     {"ramp_usd", "number", "Worth of its vendor's ramp"},
                     {"money_usd", "number", "Worth of the money it takes beyond its price"},
                     {"loses_usd", "number", "By which it costs more than it earns"}});
  const AnswerFields rest{{"suppliers[]/supplier", "text", "Id"},
                          {"suppliers[]/one_percent_usd", "number", "Worth of 1 % more it offers; 0: limits nothing"},
                          {"suppliers[]/quarters", "integer", "In which it binds"},
                          {"limits[]/limit", "text", "Most worth first"},
                          {"limits[]/unit", "text", "Its unit"},
                          {"limits[]/one_more_usd", "number", "Price of one unit more in each of its quarters"},
                          {"limits[]/one_percent_usd", "number", "Of 1 % more by the prices"},
                          {"limits[]/change/*", "number", "Change of the value, by scale of the limit"},
                          {"left[]/option", "text", "System, or building at a site"},
                          {"left[]/reason", "text", "In words"},
                          {"left[]/loses_usd", "number", "One more unit, where it loses least"},
                          {"left[]/unit", "text", "Accelerator, MW"},
                          {"left[]/entry_share", "number or null", "Of its price, at which it is taken"},
                          {"left[]/first", "text", "Quarter in which it then is"},
                          {"left[]/plans", "integer", "Made to find it"},
                          {"gaps[]", "text", "Without a plan: what would have to move"},
                          {"conflict[]", "text", "Without a plan: limits that cannot all hold"}};
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

Result<std::string> why_figures(const WhyQuestion& question, const QuestionContext& context) {
  return plan_study_figures(question, context);
}

}  // namespace

Result<Answer> answer_why(const WhyQuestion& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  const auto solver = make_clp_solver();
  WhyAnswer answer;
  answer.study = prepared->study.name;
  context.progress("reasons");
  const ReasonOptions options{static_cast<int>(question.limits), question.precision};
  auto found = find_reasons(prepared->programme, options, *solver);
  if (auto* reasons = std::get_if<Reasons>(&found)) {
    answer.reasons = std::move(*reasons);
    return make_answer(AnswerKind::answered, std::move(answer), why_text, write_why);
  }
  PlanOutcome outcome = solve_programme(prepared->programme, *solver);
  if (const auto* unsolved = std::get_if<UnsolvedPlan>(&outcome)) return context.fault("study", unsolved->message);
  context.progress("what is in conflict");
  answer.gaps = std::get<InfeasiblePlan>(outcome);
  answer.conflict = find_conflict(prepared->programme, *solver);
  return make_answer(AnswerKind::is_no, std::move(answer), why_text, write_why);
}

const QuestionTable<WhyQuestion>& WhyQuestion::table() {
  using Q = WhyQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan why",
                       "What binds each decision of a plan, how far its prices hold, and why options were left");
    add_plan_study_field(t);
    t.optional("limits", &Q::limits, "Limits whose worth is followed from half to one and a half, most worth first",
               not_negative);
    t.optional("precision", &Q::precision, "Of an entry price, as a share of the price", Rule{1e-4, {}, 0.5});
    add_plan_change_fields(t);
    return t;
  }();
  return table;
}

Question why_question() {
  return make_question(answer_why,
                       {{"studies/stargate.yaml", "what binds, what suppliers limit, what is left"},
                        {"tests/golden/inputs/infeasible.yaml", "one without a plan: what is in conflict"}},
                       why_answer_fields(), {}, why_figures);
}

}  // namespace stargate
