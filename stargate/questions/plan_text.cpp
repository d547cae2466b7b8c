// The terminal page. Years in columns would not show the ramp, quarters do not fit: every second quarter is shown and
// the last one always. Definitions stand beside the first use.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/plan_ground.hpp"
#include "stargate/questions/plan_money.hpp"
#include "stargate/questions/plan_report.hpp"
#include "stargate/questions/plan_start_by.hpp"
#include "stargate/questions/plan_supply.hpp"

namespace stargate {
namespace {

std::string tokens_rate(TokenRate rate) {
  const double millions = rate.base() / 1e6;
  return millions == 0 ? "-" : fmt::format("{:.{}f}", millions, millions < 10 ? 2 : millions < 100 ? 1 : 0);
}
std::string thousands(double count) {
  if (count <= 0) return "-";
  return count < 9950 ? fmt::format("{:.1f}", count / 1e3) : fmt::format("{:.0f}", count / 1e3);
}

/// Quarters shown: each second one, the last one always.
std::vector<std::size_t> shown_quarters(const Plan& plan) {
  std::vector<std::size_t> shown;
  const std::size_t count = plan.quarters.size(), step = count > 12 ? 2 : 1;
  for (std::size_t i = (count - 1) % step; i < count; i += step) shown.push_back(i);
  return shown;
}

/// Where the plan begins; empty where nothing stood, was begun or was on order.
std::string state_text(const Programme& programme, const Plan& plan) {
  double ordered = 0, standing = 0;
  Power building;
  Money drawn;
  for (const auto& system : programme.systems) {
    for (const auto& [arrives, some] : system.committed) ordered += some.systems * system.accelerators;
  }
  for (const auto& site : programme.sites) {
    for (const auto& some : site.building) building += some.power;
  }
  for (const auto& tranche : programme.capital) drawn += tranche.drawn;
  int sites = 0;
  Power energised;
  if (!plan.past.empty()) {
    const auto& last = plan.past.back();
    sites = last.sites, energised = last.energised;
    for (const double count : last.accelerators) standing += count;
  }
  if (plan.past.empty() && ordered == 0 && building == Power{} && drawn == Money{}) return {};
  return fmt::format(
      "  begins with {:.2f} GW energised at {} site{} and {:.0f} thousand accelerators; {:.2f} GW under construction, "
      "{:.0f} thousand accelerators on order; {} drawn\n",
      energised.in(gigawatt), sites, sites == 1 ? "" : "s", standing / 1e3, building.in(gigawatt), ordered / 1e3,
      format_quantity(drawn));
}

std::string headline(const StudyReport& report, const Plan& plan) {
  const auto& last = plan.quarters.back();
  const auto& programme = report.prepared.programme;
  Money capital;
  for (const auto& tranche : programme.capital) capital += tranche.amount;
  Power grid, plants;
  for (const auto& site : last.sites) grid += site.grid, plants += site.plants;
  const std::string given = fmt::format("{:.2f} GW the grid gives", grid.in(gigawatt)) +
                            (plants > Power{} ? fmt::format(" and {:.2f} GW of plants of its own", plants.in(gigawatt)) : "");
  std::string out = fmt::format("{}, {} to {}: optimal plan\n", plan.programme, format_quarter(plan.first),
                                format_quarter(plan.last));
  out += fmt::format(
      "  {:.2f} GW energised at the end of {}; {:.2f} M accelerators installed; {} spent of {} "
      "capital\n",
      last.energised.in(gigawatt), given, last.accelerators / 1e6,
      format_quantity(last.spent_to_date.total()), format_quantity(capital));
  out += state_text(programme, plan);
  out += fmt::format("  present value {} at {:g} % a year: revenue {} less {}; and {} behind {}\n",
                     format_quantity(plan.value), 100 * programme.capital_cost, format_quantity(plan.revenue),
                     format_payments(plan.paid), format_quantity(plan.beyond), format_quarter(plan.last));
  out += fmt::format(
      "  behind it: {} years of what stands then and what follows, paid and sold, and what is left after them",
      programme.tail_years);
  if (plan.second_present_value) {
    out += fmt::format("; at {:g} % revenue less annuities inside the horizon is {}", 100 * *programme.second_rate,
                       format_quantity(*plan.second_present_value));
  }
  out += "\n  near the best many figures may be otherwise: stargate plan near gives their ranges within 0.1 % of the "
         "value";
  return out + "\n";
}

/// Cash, and capital released by the quarter and not drawn in it or before: equity that is drawn early only waits, so
/// when it is drawn says nothing of the plan.
Money at_hand(const Plan& plan, const Programme& programme, std::size_t index) {
  Money left = plan.quarters[index].cash;
  for (const auto& tranche : programme.capital)
    left += tranche.from <= plan.quarters[index].quarter ? tranche.amount - tranche.drawn : Money{};
  for (std::size_t i = 0; i <= index; ++i) {
    for (const Money drawn : plan.quarters[i].drawn) left -= drawn;
  }
  return left;
}

std::string build_out_table(const StudyReport& report, const Plan& plan) {
  std::vector<Column> columns{{"quarter", Align::left}, {"MW"}, {"used MW"}};
  const auto& systems = report.prepared.programme.systems;
  for (const auto& system : systems) columns.push_back({system.accelerator});
  const MoneyColumn money = money_column(plan);
  for (const std::string& title :
       {"spent " + money.name, "sum " + money.name, "at hand " + money.name, std::string("GWh"), std::string("kt CO2")})
    columns.push_back({title});
  TextTable table(columns);
  for (const auto& q : plan.past) {
    std::vector<std::string> row{format_quarter(q.quarter), fmt::format("{:.0f}", q.energised.in(megawatt)), ""};
    for (const double count : q.accelerators) row.push_back(thousands(count));
    row.resize(columns.size());
    table.add_row(row);
  }
  if (!plan.past.empty()) table.add_rule();
  for (const std::size_t i : shown_quarters(plan)) {
    const auto& q = plan.quarters[i];
    std::vector<std::string> row{format_quarter(q.quarter), fmt::format("{:.0f}", q.energised.in(megawatt)),
                                 fmt::format("{:.0f}", q.used.in(megawatt))};
    for (const auto& system : q.systems) row.push_back(thousands(system.accelerators));
    row.insert(
        row.end(),
        {money(q.spent.total()), money(q.spent_to_date.total()), money(at_hand(plan, report.prepared.programme, i)),
         fmt::format("{:.0f}", q.energy.in(1e3 * megawatt_hour)), fmt::format("{:.0f}", q.carbon.in(1e3 * tonne))});
    table.add_row(row);
  }
  return "\nBuild-out (MW at the meter; accelerators installed, thousands; money of the quarter, to date, and at "
         "hand: cash, and capital released but not drawn" + std::string(plan.past.empty() ? "" : "; above the line what was realised") + ")\n" +
         table.format(2);
}

std::string services_table(const StudyReport& report, const Plan& plan) {
  std::vector<Column> columns{{"quarter", Align::left}};
  for (const auto& service : report.prepared.study.services)
    columns.push_back({service.service}), columns.push_back({"demand"}), columns.push_back({"$/Mtok"});
  TextTable table(columns);
  for (const std::size_t i : shown_quarters(plan)) {
    const auto& q = plan.quarters[i];
    std::vector<std::string> row{format_quarter(q.quarter)};
    for (const auto& s : q.services) {
      row.push_back(tokens_rate(s.served));
      row.push_back(tokens_rate(s.demand));
      row.push_back(s.served.base() > 0 ? fmt::format("{:.3g}", s.cost_per_token.in(dollar / million_tokens)) : "-");
    }
    table.add_row(row);
  }
  return "\nServices (M tokens/s served on average over the quarter; $/Mtok: annuities of systems and buildings, "
         "energy and operation of what works, "
         "shared by long-run marginal cost)\n" +
         table.format(2);
}

/// Who is served and who is not, over all quarters. Unmet tokens are told here and are no money.
std::string customers_table(const Plan& plan) {
  TextTable table({{"service", Align::left},
                   {"customers", Align::left},
                   {"pay, $/Mtok"},
                   {"want, 1e15 tokens"},
                   {"get"},
                   {"revenue " + money_column(plan).name},
                   {"not served: pay"},
                   {"a token takes"}});
  const auto per_million = dollar / million_tokens;
  for (std::size_t k = 0; k < plan.services.size(); ++k) {
    if (k > 0) table.add_rule();
    for (std::size_t b = 0; b < plan.blocks[k].size(); ++b) {
      Tokens wanted, served, unmet;
      Money revenue, lost, needed;
      double first = 0, last = 0;
      for (const auto& quarter : plan.quarters) {
        const auto& service = quarter.services[k];
        const auto& block = service.blocks[b];
        const Tokens some = max(Tokens{}, (block.wanted - block.served) * quarter_year);
        wanted += block.wanted * quarter_year, served += block.served * quarter_year, unmet += some;
        revenue += block.served * quarter_year * block.price;
        lost += some * block.price, needed += some * service.marginal_cost;
        if (block.wanted > TokenRate{}) (first == 0 ? first : last) = block.price.in(per_million);
      }
      const bool short_of = unmet > 1e-6 * wanted;
      table.add_row({b == 0 ? plan.services[k] : "", plan.blocks[k][b],
                     last == 0 || first == last ? fmt::format("{:.3g}", first)
                                                : fmt::format("{:.3g} to {:.3g}", first, last),
                     fmt::format("{:.3g}", wanted.base() / 1e15),
                     wanted > Tokens{} ? fmt::format("{:.0f} %", 100 * (served / wanted)) : "-",
                     money_column(plan)(revenue),
                     short_of ? fmt::format("{:.3g}", (lost / unmet).in(per_million)) : "-",
                     short_of ? fmt::format("{:.3g}", (needed / unmet).in(per_million)) : "-"});
    }
  }
  return "\nCustomers (over all quarters; who is not served pays less, mean $/Mtok, than one more token takes: its cost, "
         "or the customer it would push out)\n" +
         table.format(2);
}

std::string rates_table(const PreparedStudy& prepared) {
  TextTable table({{"service", Align::left},
                   {"system", Align::left},
                   {"tok/s each"},
                   {"layout", Align::left},
                   {"engine", Align::left},
                   {"held back by", Align::left},
                   {"fitted"},
                   {"carried over"},
                   {"typical"},
                   {"data sheet"}});
  const auto share = [](const MachineRate& rate, LawOrigin origin) {
    return rate.shares[origin] >= 0.005 ? fmt::format("{:.0f} %", 100 * rate.shares[origin]) : "-";
  };
  std::string service;
  for (const auto& rate : prepared.rates) {
    if (rate.service != service && !service.empty()) table.add_rule();
    table.add_row({rate.service == service ? "" : rate.service, rate.system,
                   rate.per_accelerator.base() > 0 ? fmt::format("{:.0f}", rate.per_accelerator.base()) : "-",
                   rate.layout, rate.engine, rate.limit, share(rate, LawOrigin::fitted), share(rate, LawOrigin::carried_over),
                   share(rate, LawOrigin::typical), share(rate, LawOrigin::specification)});
    service = rate.service;
  }
  return "\nWhat one accelerator does (output tokens inside the latency targets, as serve size finds them; training "
         "tokens of "
         "the fastest layout, as train search finds it; the last columns: what its steps' time rests on)\n" +
         table.format(2);
}

std::string limits_table(const Plan& plan) {
  TextTable table({{"limit", Align::left},
                   {"binds", Align::left},
                   {"quarters"},
                   {"one more unit"},
                   {"unit", Align::left},
                   {"1 % more"}});
  bool any_assumed = false;
  for (std::size_t i = 0; i < plan.groups.size() && i < 14; ++i) {
    const auto& g = plan.groups[i];
    const std::string span =
        g.first == g.last ? format_quarter(g.first) : format_quarter(g.first) + "-" + format_quarter(g.last);
    any_assumed = any_assumed || g.assumed;
    table.add_row({g.group + (g.assumed ? " *" : ""), span, std::to_string(g.quarters), format_quantity(g.price), "/" + g.unit,
                   format_quantity(g.one_percent)});
  }
  std::string out =
      "\nWhat binds (shadow price: present value gained by one more unit in each of those quarters; and by 1 % "
      "more)\n" +
      table.format(2);
  if (any_assumed) out += "  * nobody published this limit: its price is the worth of an assumption\n";
  if (plan.groups.size() > 14) out += fmt::format("  and {} more: --json has all\n", plan.groups.size() - 14);
  return out;
}

std::string infeasible_text(const InfeasiblePlan& infeasible) {
  std::string out = "no plan keeps every limit; the smallest change that would allow one:\n";
  for (const auto& gap : infeasible.gaps) out += "  " + gap.sentence + "\n";
  return out;
}

}  // namespace

std::string format_plan_text(const StudyReport& report) {
  if (const auto* infeasible = std::get_if<InfeasiblePlan>(&report.outcome)) return infeasible_text(*infeasible);
  if (const auto* unsolved = std::get_if<UnsolvedPlan>(&report.outcome))
    return "not solved: " + unsolved->message + "\n";
  const auto& plan = std::get<Plan>(report.outcome);
  return headline(report, plan) + format_plan_ground(report, plan) + build_out_table(report, plan) +
         services_table(report, plan) + customers_table(plan) +
         format_plan_money(report.prepared.programme, plan) + format_plan_supply(report.prepared.study, plan) +
         format_start_by(report.prepared.programme, plan) +
         limits_table(plan) + format_plan_interest(report.prepared.programme, plan) + rates_table(report.prepared);
}

namespace {

std::string outcome_word(const PlanOutcome& outcome) {
  return std::holds_alternative<Plan>(outcome)             ? "optimal"
         : std::holds_alternative<InfeasiblePlan>(outcome) ? "infeasible"
                                                           : "unsolved";
}

std::string totals_table(const Plan& base, const Plan& other) {
  TextTable table({{"", Align::left}, {"as written"}, {"changed"}, {"difference"}});
  const MoneyColumn money = money_column(base);
  const auto row = [&](const std::string& name, Money x, Money y) {
    table.add_row({name, money(x), money(y), money.change(y - x)});
  };
  const auto &a = base.quarters.back(), &b = other.quarters.back();
  const auto number = [&](const char* name, double x, double y, int digits) {
    table.add_row({name, fmt::format("{:.{}f}", x, digits), fmt::format("{:.{}f}", y, digits),
                   fmt::format("{:+.{}f}", y - x + 0.0, digits)});
  };
  row("present value, " + money.name, base.value, other.value);
  row("  revenue", base.revenue, other.revenue);
  row("  paid for systems", base.paid.systems(), other.paid.systems());
  row("  construction", base.paid.construction, other.paid.construction);
  row("  energy and operation", base.paid.energy + base.paid.opex, other.paid.energy + other.paid.opex);
  const auto more = [&](const char* name, Money x, Money y) {
    if (x + y > Money{}) row(name, x, y);
  };
  more("  rent", base.paid.rent, other.paid.rent);
  more("  penalties", base.paid.penalty, other.paid.penalty);
  more("  tax", base.paid.tax, other.paid.tax);
  if (base.paid.carbon + other.paid.carbon > Money{}) row("  carbon", base.paid.carbon, other.paid.carbon);
  row("  behind the last quarter", base.beyond, other.beyond);
  row("spent by the end, " + money.name, a.spent_to_date.total(), b.spent_to_date.total());
  row("most out, " + money.name, base.investment.most_out, other.investment.most_out);
  number("energised at the end, MW", a.energised.in(megawatt), b.energised.in(megawatt), 0);
  number("accelerators at the end, thousands", a.accelerators / 1e3, b.accelerators / 1e3, 0);
  return table.format(2);
}

std::string quarters_table(const Plan& base, const Plan& other) {
  const MoneyColumn money = money_column(base);
  TextTable table({{"quarter", Align::left},
                   {"thousand accelerators"},
                   {"changed"},
                   {"Mtok/s, all services"},
                   {"changed"},
                   {"spent " + money.name},
                   {"changed"}});
  const auto served = [](const PlanQuarter& q) {
    TokenRate sum;
    for (const auto& s : q.services) sum += s.served;
    return sum;
  };
  for (const std::size_t i : shown_quarters(base)) {
    const int at = base.quarters[i].quarter - other.first;
    if (at < 0 || at >= static_cast<int>(other.quarters.size())) continue;  // planned as written only
    const auto &a = base.quarters[i], &b = other.quarters[at];
    table.add_row({format_quarter(a.quarter), thousands(a.accelerators), thousands(b.accelerators),
                   tokens_rate(served(a)), tokens_rate(served(b)), money(a.spent.total()), money(b.spent.total())});
  }
  return table.format(2);
}

/// What the change costs, what it reaches, and whether the plans are of the same quarters.
std::string effect_text(const Comparison& comparison, const Plan& base, const Plan& other, Money gain) {
  const auto parts = changed_parts(comparison.base->prepared.programme, comparison.other->prepared.programme);
  if (parts.empty()) return "  The change has no effect: no part of this plan uses it.\n\n";
  std::string out = fmt::format("  The change {} {} in present value.", gain.base() > 0 ? "gains" : "costs",
                                format_quantity(gain.base() > 0 ? gain : -gain));
  // Below the solver's tolerances a difference of two optima says nothing.
  if (std::abs(gain / (base.revenue + base.paid.total())) < 1e-9) {
    out =
        fmt::format("  The change reaches {}, but no limit that binds: the best value stays.", fmt::join(parts, ", "));
  }
  if (base.first != other.first || base.last != other.last) {
    out += fmt::format(
        "\n  As written the plan is of {} to {}, changed of {} to {}: each present value is of its own quarters, and "
        "what is compared by quarter are those of both.",
        format_quarter(base.first), format_quarter(base.last), format_quarter(other.first), format_quarter(other.last));
  }
  return out + "\n\n";
}

std::string losses_table(const PlanDifference& difference) {
  TextTable table(
      {{"service", Align::left}, {"tokens lost, 1e15"}, {"of its tokens"}, {"worst quarter"}, {"M tokens/s then"}});
  for (const auto& s : difference.services) {
    table.add_row({s.service, fmt::format("{:.3f}", -s.served.base() / 1e15 + 0.0),
                   fmt::format("{:.1f} %", -100 * s.share + 0.0), format_quarter(s.worst),
                   fmt::format("{:.1f}", -s.worst_rate.base() / 1e6 + 0.0)});
  }
  return table.format(2);
}

std::string binds_table(const PlanDifference& difference) {
  TextTable table({{"limit", Align::left},
                   {"1 % more was worth"},
                   {"is worth"},
                   {"one more unit was worth"},
                   {"is worth"},
                   {"unit", Align::left}});
  for (std::size_t i = 0; i < difference.limits.size() && i < 10; ++i) {
    const auto& l = difference.limits[i];
    table.add_row({l.group, format_quantity(l.one_percent_base), format_quantity(l.one_percent_other),
                   format_quantity(l.price_base), format_quantity(l.price_other), "/" + l.unit});
  }
  return table.format(2);
}

}  // namespace

std::string format_plan_basis(const PlanBasis& basis) {
  std::string out;
  for (const auto& [name, engine] : basis.engines) {
    out += fmt::format("  {}: {}{}; error to expect: {}\n", name, engine.engine,
                       engine.versions.empty() ? "" : ", versions " + engine.versions, engine.error);
  }
  if (!basis.training_error.empty()) out += "  training: error to expect of a step: " + basis.training_error + "\n";
  return out.empty() ? out : "\nWhat the rates rest on\n" + out;
}

std::string format_comparison_text(const Comparison& comparison) {
  const auto* base = std::get_if<Plan>(&comparison.base->outcome);
  const auto* other = std::get_if<Plan>(&comparison.other->outcome);
  std::string out = comparison.base->prepared.study.name + " as written, and with " + comparison.change + "\n";
  if (base == nullptr || other == nullptr) {
    out += fmt::format("  as written: {}; changed: {}\n", outcome_word(comparison.base->outcome),
                       outcome_word(comparison.other->outcome));
    if (other == nullptr) out += format_plan_text(*comparison.other);
    return out;
  }
  const auto difference = compare_plans(*base, *other);
  out += effect_text(comparison, *base, *other, difference.value);
  out += totals_table(*base, *other) + "\nWhat is lost (tokens not served that were; negative: gained)\n" +
         losses_table(difference);
  out += "\nQuarter by quarter\n" + quarters_table(*base, *other);
  out += "\nWhat binds instead (limits whose worth rises most)\n" + binds_table(difference);
  return out;
}

}  // namespace stargate
