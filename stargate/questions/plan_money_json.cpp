// The money of a plan as members of its JSON, and the list of these members.
#include <map>

#include "stargate/config/json_writer.hpp"
#include "stargate/questions/plan_money.hpp"

namespace stargate {
namespace {

void write_bridge(JsonWriter& json, const char* name, const PlanBridge& b) {
  json.key(name).begin_object().member("paid_usd", b.paid.base()).member("paid_before_usd", b.paid_before.base());
  json.member("due_after_usd", b.due_after.base()).member("other_usd", b.other.base());
  json.member("timing_usd", b.timing.base()).member("charged_usd", b.charged.base());
  json.member("book_usd", b.book.base()).end_object();
}

}  // namespace

void write_plan_money(JsonWriter& json, const Programme& programme, const Plan& plan) {
  const PlanCapital& c = plan.capital;
  json.key("capital").begin_object().member("systems_usd", c.systems.base()).member("network_usd", c.network.base());
  json.member("storage_usd", c.storage.base()).member("building_usd", c.building.base());
  json.member("power_usd", c.power.base()).member("cooling_usd", c.cooling.base()).end_object();
  json.key("bridge").begin_object();
  write_bridge(json, "systems", plan.systems_bridge), write_bridge(json, "buildings", plan.building_bridge);
  json.end_object();
  const auto& r = plan.investment;
  if (r.rate) json.member("rate_of_return", *r.rate);
  if (r.most_out > Money{}) {
    json.member("most_out_usd", r.most_out.base()).member("most_out_in", format_quarter(r.most_out_in));
  }
  if (r.paid_back) json.member("paid_back", format_quarter(*r.paid_back));
  json.key("retired_early").begin_array();
  for (const auto& some : plan.retired_early) {
    json.begin_object().member("system", plan.systems[static_cast<std::size_t>(some.system)]);
    json.member("quarter", format_quarter(some.quarter)).member("delivered", format_quarter(some.delivered));
    json.member("systems", some.systems).member("book_usd", some.book.base()).end_object();
  }
  json.end_array();
  json.key("contracts").begin_array();
  for (const auto& contract : programme.contracts) {
    json.begin_object().member("id", contract.id).member("system", contract.system);
    json.member("signed", contract.is_signed).end_object();
  }
  json.end_array();
}

void write_quarter_money(JsonWriter& json, const Plan& plan, const PlanQuarter& quarter) {
  Money repaid, owed;
  for (const Money some : quarter.repaid) repaid += some;
  for (const Money some : quarter.owed) owed += some;
  json.member("repaid_usd", repaid.base()).member("owed_usd", owed.base());
  json.member("idle_cost_usd", quarter.idle_cost.total().base());
  json.member("stranded_cost_usd", quarter.stranded_cost.total().base());
  std::map<std::string, double> long_run, marginal;
  for (std::size_t k = 0; k < plan.services.size(); ++k) {
    const auto& service = quarter.services[k];
    if (!(service.served > TokenRate{})) continue;
    long_run[plan.services[k]] = service.long_run_cost.in(dollar / million_tokens);
    marginal[plan.services[k]] = service.marginal_cost.in(dollar / million_tokens);
  }
  json.member("long_run_usd_per_million_tokens", long_run).member("marginal_usd_per_million_tokens", marginal);
  json.key("rented").begin_array();
  for (std::size_t x = 0; x < plan.contracts.size(); ++x) {
    const auto& some = quarter.contracts[x];
    json.begin_object().member("contract", plan.contracts[x]).member("accelerators", some.taken);
    json.member("paid_for", some.paid).member("working", some.working).member("rent_usd", some.rent.base()).end_object();
  }
  json.end_array();
}

const AnswerFields& plan_money_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out;
    add_answer_fields(out, "capital/",
                      {{"systems_usd", "number", "Price of the systems that come in the plan"},
                       {"network_usd", "number", "Of their part of the network"},
                       {"storage_usd", "number", "Of their part of the storage"},
                       {"building_usd", "number", "Of the buildings that are ready in the plan"},
                       {"power_usd", "number", "Of their power supply"},
                       {"cooling_usd", "number", "Of their cooling"}});
    for (const char* of : {"bridge/systems/", "bridge/buildings/"}) {
      add_answer_fields(out, of,
                        {{"paid_usd", "number", "Present value of what is paid by the last quarter"},
                         {"paid_before_usd", "number", "Plus what was paid before, of what comes in the plan"},
                         {"due_after_usd", "number", "Plus what is due behind the last quarter"},
                         {"other_usd", "number", "Less what is paid for what stood before or comes after"},
                         {"timing_usd", "number", "Less interest on what is paid before it comes"},
                         {"charged_usd", "number", "Is: annuities by the last quarter"},
                         {"book_usd", "number", "and book value left then"}});
    }
    add_answer_fields(out, "",
                      {{"rate_of_return", "number", "A year; none where money goes out and comes back more than once"},
                       {"most_out_usd", "number", "More gone out than come in, at most"},
                       {"most_out_in", "text", "The quarter of that"},
                       {"paid_back", "text", "From this quarter on more has come in than gone out"}});
    add_answer_fields(out, "retired_early[]/",
                      {{"system", "text", "Which"},
                       {"quarter", "text", "In which they leave"},
                       {"delivered", "text", "In which they came"},
                       {"systems", "number", "How many"},
                       {"book_usd", "number", "Annuities that were to come"}});
    add_answer_fields(out, "contracts[]/",
                      {{"id", "text", "Of the contract"},
                       {"system", "text", "Whose rates its machines have"},
                       {"signed", "boolean", "Committed to; else an option"}});
    return out;
  }();
  return fields;
}

const AnswerFields& quarter_money_fields() {
  static const AnswerFields fields{
      {"repaid_usd", "number", "Of loans, in the quarter"},
      {"owed_usd", "number", "On loans, at its end"},
      {"idle_cost_usd", "number", "Of the quarter, of machines that run nothing and of power without machines"},
      {"stranded_cost_usd", "number", "Of the quarter, annuities of what was retired early"},
      {"long_run_usd_per_million_tokens/*", "number", "Mean marginal cost of the five quarters around, by service"},
      {"marginal_usd_per_million_tokens/*", "number", "Of one more token in the quarter, by service"},
      {"rented[]/contract", "text", "A contract"},
      {"rented[]/accelerators", "number", "Of it that are taken"},
      {"rented[]/paid_for", "number", "Of these that are paid for"},
      {"rented[]/working", "number", "That run services"},
      {"rented[]/rent_usd", "number", "Of the quarter"}};
  return fields;
}

}  // namespace stargate
