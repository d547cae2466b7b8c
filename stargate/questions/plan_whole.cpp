// study -> programme -> its LP, then whole numbers from there, then prices with these fixed
#include "stargate/questions/plan_whole.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"
#include "stargate/planner/integers.hpp"

namespace stargate {
namespace {

struct WholeAnswer {
  std::string study;
  WholePlan whole;
  std::vector<std::string> unlimited;
};

std::string buildings_text(const WholePlan& whole) {
  if (whole.buildings.empty()) return {};
  TextTable table({{"site", Align::left}, {"MW each"}, {"room for"}, {"begun in parts"}, {"whole"},
                   {"when", Align::left}});
  for (const auto& some : whole.buildings) {
    int begun = 0;
    std::vector<std::string> when;
    for (const auto& [quarter, number] : some.begun) {
      begun += number;
      when.push_back(number == 1 ? format_quarter(quarter) : fmt::format("{} in {}", number, format_quarter(quarter)));
    }
    table.add_row({some.site, fmt::format("{:.0f}", some.size.in(megawatt)), fmt::format("{}", some.most),
                   fmt::format("{:.2f}", some.begun_in_parts), fmt::format("{}", begun),
                   fmt::format("{}", fmt::join(when, ", "))});
  }
  return "\nBuildings\n" + table.format(2);
}

std::string runs_text(const WholePlan& whole) {
  if (whole.runs.empty()) return {};
  TextTable table({{"run", Align::left}, {"year"}, {"Mtok/s"}, {"where", Align::left}});
  for (const auto& run : whole.runs) {
    table.add_row({run.service + ", " + run.customers, fmt::format("{}", run.year),
                   fmt::format("{:.3g}", run.rate.in(million_tokens / second)),
                   run.where.empty() ? "not worth it" : run.where});
  }
  return "\nTraining runs, each a year whole or not at all\n" + table.format(2);
}

std::string vendors_text(const WholeAnswer& answer) {
  std::string out;
  for (const auto& vendor : answer.whole.vendors) {
    out += fmt::format("  {}: {}", vendor.system, vendor.qualified ? "qualified" : "not worth its qualification");
    if (vendor.minimum > 0) out += fmt::format(", {:.0f} systems of at least {:.0f}", vendor.ordered, vendor.minimum);
    out += "\n";
  }
  for (const auto& system : answer.unlimited) {
    out += fmt::format("  {}: no offer limits it, so its qualification is not asked for\n", system);
  }
  return out.empty() ? out : "\nVendors of whom nothing is bought yet\n" + out;
}

std::string contracts_text(const WholePlan& whole) {
  std::string out;
  for (const auto& some : whole.contracts) {
    out += fmt::format("  {}: {} ({:.0f} % where any part may be)\n", some.contract, some.taken ? "taken" : "left",
                       100 * some.in_parts);
  }
  return out.empty() ? out : "\nOptions that are taken whole or not\n" + out;
}

std::string prices_text(const Plan& plan) {
  TextTable table({{"limit", Align::left}, {"binds", Align::left}, {"one more unit"}, {"unit", Align::left},
                   {"1 % more"}});
  for (std::size_t i = 0; i < plan.groups.size() && i < 8; ++i) {
    const auto& g = plan.groups[i];
    table.add_row({g.group, format_quarters(g.first, g.last), format_quantity(g.price), "/" + g.unit,
                   format_quantity(g.one_percent)});
  }
  return "\nPrices with whole buildings fixed (what one more unit is worth while the same are built; a limit that "
         "would change their number is worth more)\n" +
         table.format(2);
}

std::string whole_text(const WholeAnswer& answer) {
  const WholePlan& whole = answer.whole;
  std::string out = fmt::format("{}: {} where anything comes in parts, {} whole ({:+.2f} %)\n", answer.study,
                                format_quantity(whole.relaxed), format_quantity(whole.value),
                                100 * ((whole.value - whole.relaxed) / whole.relaxed));
  out += fmt::format("  {} whole numbers; no whole plan is better by more than {:.2f} %\n", whole.integers,
                     100 * whole.gap);
  return out + buildings_text(whole) + runs_text(whole) + vendors_text(answer) + contracts_text(whole) +
         prices_text(whole.plan);
}

void write_whole(JsonWriter& json, const WholeAnswer& answer) {
  const WholePlan& whole = answer.whole;
  json.member("schema_version", 1).member("study", answer.study).member("value_in_parts_usd", whole.relaxed.base());
  json.member("value_usd", whole.value.base()).member("gap", whole.gap).member("integers", whole.integers);
  json.key("buildings").begin_array();
  for (const auto& some : whole.buildings) {
    json.begin_object().member("site", some.site).member("power_mw", some.size.in(megawatt));
    json.member("room_for", some.most).member("begun_in_parts", some.begun_in_parts);
    json.key("begun").begin_object();
    for (const auto& [quarter, number] : some.begun) json.member(format_quarter(quarter), number);
    json.end_object().end_object();
  }
  json.end_array().key("runs").begin_array();
  for (const auto& run : whole.runs) {
    json.begin_object().member("service", run.service).member("customers", run.customers).member("year", run.year);
    json.member("tokens_per_s", run.rate.base()).member("where", run.where).end_object();
  }
  json.end_array().key("vendors").begin_array();
  for (const auto& vendor : whole.vendors) {
    json.begin_object().member("system", vendor.system).member("qualified", vendor.qualified);
    json.member("least_systems", vendor.minimum).member("ordered_systems", vendor.ordered).end_object();
  }
  json.end_array().key("contracts").begin_array();
  for (const auto& some : whole.contracts) {
    json.begin_object().member("contract", some.contract).member("in_parts", some.in_parts);
    json.member("taken", some.taken).end_object();
  }
  json.end_array().key("prices").begin_array();
  for (const auto& g : whole.plan.groups) {
    json.begin_object().member("limit", g.group).member("unit", g.unit).member("one_more_usd", g.price.base());
    json.member("one_percent_usd", g.one_percent.base()).end_object();
  }
  json.end_array();
}

AnswerFields whole_answer_fields() {
  return {{"study", "text", "Its name"},
          {"value_in_parts_usd", "number", "Present value where anything may come in parts"},
          {"value_usd", "number", "Of the whole plan"},
          {"gap", "number", "Share of the value by which another whole plan may be better at most"},
          {"integers", "integer", "Whole numbers searched"},
          {"buildings[]/site", "text", "Id"},
          {"buildings[]/power_mw", "number", "Of each building there, at the meter"},
          {"buildings[]/room_for", "integer", "Buildings"},
          {"buildings[]/begun_in_parts", "number", "Buildings, where they may come in parts"},
          {"buildings[]/begun/*", "integer", "Buildings begun, by quarter"},
          {"runs[]/service", "text", "Id"},
          {"runs[]/customers", "text", "The class that is whole"},
          {"runs[]/year", "integer", "Of the run"},
          {"runs[]/tokens_per_s", "number", "The most of its quarters"},
          {"runs[]/where", "text", "Site, or the campuses of a country; empty: not run"},
          {"vendors[]/system", "text", "Of whom nothing is bought yet"},
          {"vendors[]/qualified", "boolean", "Whether the fee is paid"},
          {"vendors[]/least_systems", "number", "That it asks to be ordered"},
          {"vendors[]/ordered_systems", "number", "Of it, to the end of the tail"},
          {"contracts[]/contract", "text", "An option that binds"},
          {"contracts[]/in_parts", "number", "Share that is taken where any part may be"},
          {"contracts[]/taken", "boolean", "Whether it is taken whole"},
          {"prices[]/limit", "text", "That binds, with the whole numbers fixed"},
          {"prices[]/unit", "text", "Its unit"},
          {"prices[]/one_more_usd", "number", "Worth of one unit more in each of its quarters"},
          {"prices[]/one_percent_usd", "number", "Worth of 1 % more"}};
}

Check check_runs(const WholeQuestion& question, const QuestionContext& context, const Programme& programme) {
  std::vector<std::string> known;
  for (const auto& service : programme.services) known.push_back(service.id);
  for (const auto& id : question.runs) {
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    return context.fault("runs", "the study has no service '" + id + "'", suggest_name(id, known));
  }
  return Done{};
}

PlanWholes wholes_of(const WholeQuestion& question) {
  PlanWholes out;
  out.building = question.building, out.quarters = static_cast<int>(question.quarters);
  out.qualification = question.qualification, out.contracts = question.contracts;
  out.run_services = question.runs, out.network_rate = question.network;
  out.gap = question.gap, out.nodes = static_cast<int>(question.nodes);
  return out;
}

Result<std::string> whole_figures(const WholeQuestion& question, const QuestionContext& context) {
  return plan_study_figures(question, context);
}

}  // namespace

Result<Answer> answer_whole(const WholeQuestion& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  if (auto good = check_runs(question, context, prepared->programme); !good.ok()) return good.faults();
  context.progress("whole buildings");
  const auto solver = make_clp_solver();
  WholeOutcome outcome = solve_whole_programme(prepared->programme, wholes_of(question), *solver);
  if (!outcome.plan) {
    return context.fault("study", "no whole plan was found: " + outcome.reason,
                         "allow more nodes, a larger gap, or smaller buildings");
  }
  Answer out = make_answer(AnswerKind::answered,
                           WholeAnswer{prepared->study.name, std::move(*outcome.plan), std::move(outcome.unlimited)},
                           whole_text, write_whole);
  if (const auto path = context.path_of("mps"); !path.empty()) {
    out.files.push_back({path, format_mps(build_whole_lp(prepared->programme, wholes_of(question)))});
  }
  return out;
}

const QuestionTable<WholeQuestion>& WholeQuestion::table() {
  using Q = WholeQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan whole", "The plan whose buildings, vendors and training runs come whole or not at all");
    add_plan_study_field(t);
    t.group("What comes whole");
    t.optional("building", &Q::building,
               "The largest building, at the meter; a campus is cut into equal ones that the crews can begin",
               not_negative);
    t.optional("quarters", &Q::quarters, "From the first, in which buildings are whole", not_negative);
    t.optional("qualification", &Q::qualification,
               "Paid once for a vendor of whom nothing is bought yet, where the study has no terms of its own",
               not_negative);
    t.optional("contracts", &Q::contracts, "Options on rented machines that bind are taken as a whole or not");
    t.optional("runs", &Q::runs, "Services whose first class of customers is a run a year, on one campus or not at all")
        .commas();
    t.optional("network", &Q::network, "Of a run's rate, over the campuses of a country; 0: one campus only", fraction);
    t.group("Search");
    t.optional("gap", &Q::gap, "Share of the value that is near enough to the best", fraction);
    t.optional("nodes", &Q::nodes, "At most; then the best found", positive);
    add_plan_change_fields(t);
    return t;
  }();
  return table;
}

Question whole_question() {
  return make_question(answer_whole,
                       {{"studies/stargate.yaml --nodes 200", "buildings of 150 MW at most"},
                        {"studies/stargate.yaml --building '100 MW' --quarters 8 --nodes 200",
                         "of 100 MW, in the first two years"}},
                       whole_answer_fields(), {{"mps", "FILE", "Write the programme with its whole numbers"}},
                       whole_figures);
}

}  // namespace stargate
