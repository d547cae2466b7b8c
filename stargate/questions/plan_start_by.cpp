// An order can be given up until it is placed for nothing, from then on for its deposit: the study has no other terms
// of cancellation. A building is paid evenly over its construction, and what is paid is gone.
#include "stargate/questions/plan_start_by.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stargate {
namespace {

constexpr std::size_t kFirstYear = 4;  // quarters

std::string line_of(const StartBy& some) {
  return some.order
             ? fmt::format("order {:.0f} {} for {}", some.amount, some.of, format_quarter(some.ready))
             : fmt::format("begin {:.0f} MW at {} for {}", some.amount, some.of, format_quarter(some.ready));
}

}  // namespace

std::vector<StartBy> plan_start_by(const Programme& programme, const Plan& plan) {
  std::vector<StartBy> out;
  for (std::size_t t = 0; t < std::min(plan.quarters.size(), kFirstYear); ++t) {
    const PlanQuarter& quarter = plan.quarters[t];
    for (std::size_t g = 0; g < plan.systems.size(); ++g) {
      const double ordered = quarter.systems[g].ordered;
      if (ordered < 0.5) continue;
      const PlanSystem& system = programme.systems[g];
      const Quarter arrives = quarter.quarter + system.order_lead;
      const Money price = ordered * system.price.at(arrives);
      out.push_back({quarter.quarter, arrives, plan.systems[g], true, ordered, price,
                     programme.payments.deposit * price});
    }
    for (std::size_t s = 0; s < plan.sites.size(); ++s) {
      const Power started = quarter.sites[s].started;
      if (started < 0.05 * megawatt) continue;
      const PlanSite& site = programme.sites[s];
      const Money price = started * site.construction_price;
      out.push_back({quarter.quarter, quarter.quarter + site.construction_lead, plan.sites[s], false,
                     started.in(megawatt), price, price / std::max(1, site.construction_lead)});
    }
  }
  return out;
}

std::string format_start_by(const Programme& programme, const Plan& plan) {
  const std::vector<StartBy> all = plan_start_by(programme, plan);
  std::string out = "\nTo start by\n";
  Money price, paid;
  for (std::size_t t = 0; t < std::min(plan.quarters.size(), kFirstYear); ++t) {
    const Quarter quarter = plan.quarters[t].quarter;
    std::vector<std::string> what;
    for (const StartBy& some : all) {
      if (some.quarter != quarter) continue;
      what.push_back(line_of(some));
      price += some.price, paid += some.paid;
    }
    if (what.empty()) what.emplace_back("nothing");
    out += fmt::format("  {}  {}\n", format_quarter(quarter), fmt::join(what, "; "));
  }
  if (all.empty()) return out;
  return out + fmt::format("  given up before its quarter an order costs nothing, after it what is paid by then: {} "
                           "of {} in the quarter (deposits of {:.0f} %, first parts of buildings)\n",
                           format_quantity(paid), format_quantity(price), 100 * programme.payments.deposit);
}

void write_start_by(JsonWriter& json, const Programme& programme, const Plan& plan) {
  json.key("start_by").begin_array();
  for (const StartBy& some : plan_start_by(programme, plan)) {
    json.begin_object().member("quarter", format_quarter(some.quarter)).member("kind", some.order ? "order" : "begin");
    json.member("of", some.of).member("amount", some.amount).member("unit", some.order ? "systems" : "MW");
    json.member("ready", format_quarter(some.ready)).member("price_usd", some.price.base());
    json.member("paid_usd", some.paid.base()).end_object();
  }
  json.end_array();
}

const AnswerFields& start_by_fields() {
  static const AnswerFields fields{
      {"start_by[]/quarter", "text", "Of the first year, in which it is ordered or begun"},
      {"start_by[]/kind", "text", "order, begin (construction)"},
      {"start_by[]/of", "text", "System or site"},
      {"start_by[]/amount", "number", "How much"},
      {"start_by[]/unit", "text", "systems, MW"},
      {"start_by[]/ready", "text", "Quarter in which it arrives or can be energised"},
      {"start_by[]/price_usd", "number", "In all"},
      {"start_by[]/paid_usd", "number", "Of it at once: lost when it is given up after its quarter"}};
  return fields;
}

}  // namespace stargate
