// Members of the plan's JSON, part by part as plan_json.cpp writes them.
#include "stargate/questions/plan_ground.hpp"
#include "stargate/questions/plan_money.hpp"
#include "stargate/questions/plan_report.hpp"
#include "stargate/questions/plan_start_by.hpp"

namespace stargate {
namespace {

AnswerFields service_members() {
  return {{"tokens_per_s/*", "number", "Served, by service"},
          {"demand_tokens_per_s/*", "number", "Wanted, by service"},
          {"unmet_tokens_per_s/*", "number", "Not served, by service"},
          {"usd_per_million_tokens/*", "number", "Cost of what is served, by service"},
          {"blocks[]/service", "text", "A class of customers is of"},
          {"blocks[]/block", "text", "Who they are"},
          {"blocks[]/wanted_tokens_per_s", "number", "They would take"},
          {"blocks[]/tokens_per_s", "number", "They get"},
          {"blocks[]/price_usd_per_million", "number", "They pay for a million tokens"}};
}

AnswerFields period_members() {
  AnswerFields out{{"quarter", "text", "As 2026Q3"},
                   {"power_mw", "number", "Energised"},
                   {"power_used_mw", "number", "Drawn"},
                   {"power_by_site_mw/*", "number", "Energised, by site"},
                   {"built_by_site_mw/*", "number", "With a building, by site; it may wait for power"},
                   {"grid_by_site_mw/*", "number", "Offered by the grid, by site"},
                   {"plants_by_site_mw/*", "number", "Of engines, batteries and the like that stand, by site"},
                   {"made_by_site_mwh/*", "number", "By these in the quarter, by site"},
                   {"flexible_by_site_mw/*", "number", "Energised by a grid that cuts it at times, by site"},
                   {"cut_by_site_mw/*", "number", "Of it, what machines went without, mean of the quarter, by site"},
                   {"carbon_by_site_t/*", "number", "Emitted in the quarter, by site"},
                   {"accelerators/*", "number", "Installed, by accelerator"},
                   {"ordered/*", "number", "Ordered in the quarter, by accelerator"},
                   {"arrived/*", "number", "Delivered in the quarter, by accelerator"},
                   {"stored/*", "number", "Waiting for power at its end, by accelerator"},
                   {"delivered/*", "number", "Switched on in the quarter, by accelerator"},
                   {"retired/*", "number", "Retired in the quarter, by accelerator"},
                   {"failed/*", "number", "Of these, failed for good"},
                   {"spares/*", "number", "Held without power at its end, by accelerator"},
                   {"spent_usd", "number", "In the quarter"},
                   {"spent/*", "number", "In the quarter, by what it is spent on"},
                   {"cumulative_spent_usd", "number", "To date"},
                   {"capital_released_usd", "number", "To date"},
                   {"cash_usd", "number", "At the quarter's end"},
                   {"revenue_usd", "number", "In the quarter"}};
  add_answer_fields(out, "", service_members());
  add_answer_fields(out, "", quarter_money_fields());
  add_answer_fields(out, "supply[]/",
                    {{"product", "text", "What is supplied"},
                     {"supplier", "text", "By whom"},
                     {"unit", "text", "Of the two figures"},
                     {"offered", "number", "In the quarter"},
                     {"taken", "number", "Of that, by this programme"},
                     {"share_of_all_made", "number", "Taken, of all the supplier makes in the quarter"}});
  out.push_back({"energy_mwh", "number", "Drawn in the quarter"});
  out.push_back({"carbon_t", "number", "Emitted in the quarter"});
  return out;
}

void add_names(AnswerFields& out) {
  add_answer_fields(out, "services[]/",
                    {{"id", "text", "Of the service"},
                     {"name", "text", "In words"},
                     {"model", "text", "It runs"},
                     {"stand_in", "text", "What it stands for"},
                     {"kind", "text", "serving or training"}});
  add_answer_fields(
      out, "accelerators[]/",
      {{"id", "text", "Of the accelerator"}, {"name", "text", "In words"}, {"system", "text", "It comes in"}});
  add_answer_fields(out, "sites[]/",
                    {{"id", "text", "Of the site"}, {"name", "text", "In words"}, {"country", "text", "It is in"}});
  add_answer_fields(out, "rates[]/",
                    {{"service", "text", "Of the study"},
                     {"system", "text", "Rated for it"},
                     {"accelerator", "text", "Of the system"},
                     {"tokens_per_s", "number", "Of one accelerator"},
                     {"rated_accelerators", "integer", "Serving: rated together; training: of the job"},
                     {"engine", "text", "Serving: that does best"},
                     {"mode", "text", "Serving: aggregated or disaggregated"},
                     {"precision", "text", "Of the weights"},
                     {"layout", "text", "That reaches it"},
                     {"limit", "text", "What it is bound by, or why there is none"},
                     {"device_law", "text", "What the rate rests on"},
                     {"law_basis", "text", "Each law with the error to expect of it"}});
  add_answer_fields(out, "rates[]/", law_share_fields());
}

void add_limits(AnswerFields& out) {
  add_answer_fields(out, "limits[]/",
                    {{"name", "text", "Of the limit"},
                     {"family", "text", "Power, supply, capital, ..."},
                     {"quarter", "text", "In which it binds"},
                     {"unit", "text", "Of the bound"},
                     {"price_usd", "number", "Worth of one more unit"},
                     {"bound", "number", "The limit"},
                     {"assumed", "boolean", "Nobody published the limit: its price is the worth of an assumption"}});
  add_answer_fields(out, "limit_ranking[]/",
                    {{"name", "text", "Of the limit"},
                     {"family", "text", "Power, supply, capital, ..."},
                     {"unit", "text", "Of the bound"},
                     {"quarters", "integer", "In which it binds"},
                     {"first", "text", "The first of them"},
                     {"last", "text", "The last"},
                     {"worth_usd", "number", "Of one more unit in all of them"},
                     {"one_percent_usd", "number", "Worth of 1 % more"},
                     {"assumed", "boolean", "Nobody published the limit: its worth is that of an assumption"}});
  add_answer_fields(out, "relaxations[]/",
                    {{"name", "text", "Of a limit that makes the study infeasible"},
                     {"family", "text", "Power, supply, capital, ..."},
                     {"quarter", "text", "In which it does"},
                     {"unit", "text", "Of the amount"},
                     {"amount", "number", "By which it would have to be relaxed"},
                     {"sentence", "text", "The same in words"}});
}

}  // namespace

const AnswerFields& plan_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{{"program/name", "text", "stargate"},
                     {"program/version", "text", "That planned"},
                     {"study/name", "text", "Of the study"},
                     {"study/file", "text", "It was read from"},
                     {"study/about", "text", "What it is about"},
                     {"change", "text", "What was changed; absent: the study as written"},
                     {"status", "text", "optimal, infeasible or unsolved"},
                     {"message", "text", "Why it is unsolved"},
                     {"value_usd", "number", "Present value of the plan: revenue less cost"},
                     {"present_revenue_usd", "number", "Its revenue by the last quarter"},
                     {"beyond_usd", "number", "What it is worth behind the last quarter: sold, paid, left"},
                     {"second_present_value_usd", "number", "Revenue less annuities at the discount_rate, if there is one"},
                     {"costs/*", "number", "Present values of what is paid by the last quarter"}};
    add_answer_fields(out, "", plan_money_fields());
    add_answer_fields(out, "", plan_ground_fields());
    add_answer_fields(out, "", start_by_fields());
    add_names(out);
    add_answer_fields(out, "past[]/",
                      {{"quarter", "text", "Before the first planned"},
                       {"power_mw", "number", "Energised"},
                       {"sites", "integer", "With power"},
                       {"accelerators/*", "number", "Delivered by then and standing when the plan begins"}});
    add_answer_fields(out, "periods[]/", period_members());
    add_limits(out);
    add_answer_fields(out, "comparison/",
                      {{"change", "text", "What was changed"}, {"value_usd", "number", "Of the study as written"}});
    add_answer_fields(out, "comparison/periods[]/",
                      {{"quarter", "text", "As written; so in all members"},
                       {"power_mw", "number", "Energised"},
                       {"accelerators_total", "number", "Installed"},
                       {"spent_usd", "number", "In the quarter"}});
    add_answer_fields(out, "comparison/periods[]/", service_members());
    add_answer_fields(out, "comparison/lost[]/",
                      {{"service", "text", "Of the study"},
                       {"tokens", "number", "Less than as written"},
                       {"share", "number", "Of those served as written"}});
    add_answer_fields(out, "comparison/binds_instead[]/",
                      {{"name", "text", "Of a limit"},
                       {"family", "text", "Power, supply, capital, ..."},
                       {"unit", "text", "Of the bound"},
                       {"base_usd", "number", "Worth as written"},
                       {"changed_usd", "number", "Worth with the changes"}});
    add_answer_fields(out, "engines/*/",
                      {{"engine", "text", "That services run on: its rules and overheads, as a record of the catalogue"},
                       {"engine_versions", "text", "Versions they hold for"},
                       {"expected_error", "text", "How far measured runs of it are from its predictions"}});
    out.push_back({"training_error", "text", "How far measured training runs are from predicted steps"});
    for (const char* section : {"why", "near", "alliance", "risk", "replay"}) {
      const std::string name = section;
      out.push_back({"with/" + name, "any", "What plan " + name + " answers, of a page"});
    }
    out.push_back(unused_changes_field());
    return out;
  }();
  return fields;
}

}  // namespace stargate
