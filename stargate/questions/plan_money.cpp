// Text of the money of a plan. What a study does not have, debt, contracts, has no section.
#include "stargate/questions/plan_money.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stargate/base/text_table.hpp"

namespace stargate {

std::string MoneyColumn::operator()(Money amount) const {
  return fmt::format("{:.{}f}", amount / unit + 0.0, digits);
}
std::string MoneyColumn::change(Money amount) const { return fmt::format("{:+.{}f}", amount / unit + 0.0, digits); }

MoneyColumn money_column(const Plan& plan) {
  const bool large = plan.quarters.back().spent_to_date.total() >= 20 * billion_dollars;
  return large ? MoneyColumn{billion_dollars, "B$", 1} : MoneyColumn{million_dollars, "M$", 0};
}

std::string format_payments(const PlanPayments& p) {
  std::string out = fmt::format("systems {}, construction {}, energy {}, operation {}", format_quantity(p.systems()),
                                format_quantity(p.construction), format_quantity(p.energy), format_quantity(p.opex));
  const auto more = [&](const char* name, Money amount) {
    if (amount > Money{}) out += fmt::format(", {} {}", name, format_quantity(amount));
  };
  more("carbon", p.carbon), more("rent", p.rent), more("penalties", p.penalty), more("tax", p.tax);
  return out;
}

namespace {

/// From what is paid to what is charged and left; what the flows return; what is stranded.
std::string bridge_table(const Programme& programme, const Plan& plan) {
  const MoneyColumn money = money_column(plan);
  TextTable table({{"present values, " + money.name, Align::left}, {"systems"}, {"buildings"}});
  const auto &a = plan.systems_bridge, &b = plan.building_bridge;
  const auto row = [&](const std::string& name, Money x, Money y) { table.add_row({name, money(x), money(y)}); };
  const std::string last = format_quarter(plan.last);
  row("paid by " + last, a.paid, b.paid);
  row("+ paid before, on what comes in the plan", a.paid_before, b.paid_before);
  row("+ still due then", a.due_after, b.due_after);
  row("- for what stood before, or comes after", -a.other, -b.other);
  row("- interest on what is paid before it comes", -a.timing, -b.timing);
  table.add_rule();
  row("price of what comes in the plan", a.charged + a.book, b.charged + b.book);
  row("  charged as annuities by " + last, a.charged, b.charged);
  row("  book value left then", a.book, b.book);
  std::string out = table.format(2);
  out += fmt::format("  to {} alone the flows are worth {}, with the {} years behind it {}\n", last,
                     format_quantity(plan.revenue - plan.paid.total()), programme.tail_years,
                     format_quantity(plan.value));
  const auto& r = plan.investment;
  out += r.rate ? fmt::format("  they return {:.0f} % a year", 100 * *r.rate)
                : "  they have no rate of return: " + r.no_rate;
  if (r.most_out > Money{}) {
    out += fmt::format("; at most {} are out, in {}", format_quantity(r.most_out), format_quarter(r.most_out_in));
    out += r.paid_back ? ", and back by " + format_quarter(*r.paid_back) : ", and never all back";
  }
  out += " (from the first quarter on; what was spent before is spent either way)\n";
  Money stranded;
  std::map<int, double> by_system;
  for (const auto& some : plan.retired_early) {
    stranded += some.book, by_system[some.system] += some.systems;
  }
  if (by_system.empty()) return out + "  nothing is retired before its life is over\n";
  std::vector<std::string> which;
  for (const auto& [g, count] : by_system) which.push_back(fmt::format("{:.0f} {}", count, plan.systems[g]));
  return out + fmt::format("  retired before their life is over: {}, with {} of book value, charged in full\n",
                           fmt::join(which, ", "), format_quantity(stranded));
}

/// What comes in the plan, at its price.
std::string capital_table(const Plan& plan) {
  const MoneyColumn money = money_column(plan);
  const PlanCapital& c = plan.capital;
  if (c.total() <= Money{}) return {};
  TextTable table({{"capital, " + money.name, Align::left}, {"price"}, {"share"}});
  const auto row = [&](const char* name, Money amount) {
    table.add_row({name, money(amount), fmt::format("{:.0f} %", 100 * (amount / c.total()))});
  };
  row("systems", c.systems), row("network", c.network), row("storage", c.storage);
  row("building", c.building), row("power", c.power), row("cooling", c.cooling);
  table.add_rule();
  row("what comes in the plan", c.total());
  return "\n" + table.format(2);
}

/// By calendar year: revenue that must be sure (contracts, take-or-pay) for the debt to be carried.
std::string carry_table(const Programme& programme, const Plan& plan) {
  const MoneyColumn money = money_column(plan);
  const double cover = programme.debt_service ? programme.debt_service->least : 1;
  TextTable table({{"to carry the debt, " + money.name, Align::left}, {"revenue"}, {"runs"}, {"interest"}, {"repaid"},
                   {"must be sure"}});
  for (std::size_t t = 0; t < plan.quarters.size();) {
    const int year = plan.quarters[t].quarter.index / 4;
    Money revenue, runs, interest, repaid;
    for (; t < plan.quarters.size() && plan.quarters[t].quarter.index / 4 == year; ++t) {
      const PlanQuarter& q = plan.quarters[t];
      revenue += q.revenue, interest += q.spent.interest;
      runs += q.spent.energy + q.spent.opex + q.spent.carbon + q.spent.rent + q.spent.tax;
      for (const Money some : q.repaid) repaid += some;
    }
    if (interest + repaid <= Money{}) continue;
    const double sure = revenue > Money{} ? (runs + cover * (interest + repaid)) / revenue : 2;
    table.add_row({format_quarter(plan.quarters[t - 1].quarter).substr(0, 4), money(revenue), money(runs),
                   money(interest), money(repaid),
                   sure <= 1 ? fmt::format("{:.0f} %", 100 * sure) : "more than it earns"});
  }
  if (table.row_count() == 0) return {};
  return "\n" + table.format(2) +
         fmt::format("  must be sure: the share of the revenue that pays what runs and {:g} times interest and "
                     "repayment\n",
                     cover);
}

/// Loans: drawn, paid back, owed.
std::string debt_table(const Programme& programme, const Plan& plan) {
  const MoneyColumn money = money_column(plan);
  TextTable table({{"debt, " + money.name, Align::left}, {"a year"}, {"drawn before"}, {"drawn"}, {"repaid"},
                   {"owed " + format_quarter(plan.last)}, {"repaid by", Align::left}});
  for (std::size_t r = 0; r < programme.capital.size(); ++r) {
    const auto& tranche = programme.capital[r];
    if (tranche.kind != FundKind::debt) continue;
    Money drawn, repaid;
    for (const auto& quarter : plan.quarters) drawn += quarter.drawn[r], repaid += quarter.repaid[r];
    table.add_row({tranche.name, fmt::format("{:g} %", 100 * tranche.interest), money(tranche.drawn), money(drawn),
                   money(repaid), money(plan.quarters.back().owed[r]),
                   tranche.repayment ? format_quarter(tranche.repayment->until) : "not in the plan"});
  }
  return table.row_count() == 0 ? "" : "\n" + table.format(2) + carry_table(programme, plan);
}

std::string contracts_table(const Programme& programme, const Plan& plan) {
  if (programme.contracts.empty()) return {};
  const MoneyColumn money = money_column(plan);
  TextTable table({{"rented", Align::left}, {"as", Align::left}, {"", Align::left}, {"most, thousand"}, {"taken"},
                   {"paid for"}, {"works"}, {"rent " + money.name}});
  for (std::size_t x = 0; x < programme.contracts.size(); ++x) {
    const auto& contract = programme.contracts[x];
    double most = 0, offered = 0, taken = 0, paid = 0, working = 0;
    Money rent;
    for (const auto& quarter : plan.quarters) {
      const auto& some = quarter.contracts[x];
      most = std::max(most, some.offered);
      offered += some.offered, taken += some.taken, paid += some.paid, working += some.working, rent += some.rent;
    }
    const auto share = [](double part, double of) { return of > 0 ? fmt::format("{:.0f} %", 100 * part / of) : "-"; };
    table.add_row({contract.id, contract.system, contract.is_signed ? "signed" : "option",
                   fmt::format("{:.1f}", most / 1e3), share(taken, offered), share(paid, offered),
                   share(working, contract.availability * paid), money(rent)});
  }
  return "\n" + table.format(2);
}

/// What works and what does not, and what a token takes, at the end of each year.
std::string token_cost_table(const Plan& plan) {
  const MoneyColumn money = money_column(plan);
  Money works, idle, stranded;
  for (const auto& quarter : plan.quarters) {
    for (const auto& service : quarter.services) works += service.cost.total();
    idle += quarter.idle_cost.total(), stranded += quarter.stranded_cost.total();
  }
  TextTable table(
      {{"service", Align::left}, {"$/Mtok", Align::left}, {"average"}, {"long-run marginal"}, {"marginal"}});
  const auto per_million = [](MoneyPerToken cost) { return fmt::format("{:.3g}", cost.in(dollar / million_tokens)); };
  for (std::size_t k = 0; k < plan.services.size(); ++k) {
    bool first = true;
    for (const auto& quarter : plan.quarters) {
      const auto& service = quarter.services[k];
      if (quarter.quarter.index % 4 != 3 || !(service.served > TokenRate{})) continue;
      table.add_row({first ? plan.services[k] : "", format_quarter(quarter.quarter),
                     per_million(service.cost_per_token), per_million(service.long_run_cost), per_million(service.marginal_cost)});
      first = false;
    }
  }
  return fmt::format(
             "\n  cost of all quarters: {0} {3} of what works, {1} {3} idle (machines that run nothing, power without "
             "machines), {2} {3} stranded (annuities of what was retired early)\n",
             money(works), money(idle), money(stranded), money.name) +
         (table.row_count() == 0 ? "" : table.format(2));
}

}  // namespace

std::string format_plan_money(const Programme& programme, const Plan& plan) {
  return "\nMoney\n" + bridge_table(programme, plan) + capital_table(plan) + debt_table(programme, plan) +
         contracts_table(programme, plan) + token_cost_table(plan);
}

std::string format_plan_interest(const Programme& programme, const Plan& plan) {
  const bool any = std::any_of(programme.capital.begin(), programme.capital.end(),
                               [](const PlanTranche& tranche) { return tranche.interest > 0; });
  if (!any) return {};
  std::vector<std::string> binding;
  for (const auto& g : plan.groups) {
    const bool money = g.family == "cash" || g.family == "tranche" || g.family == "debt_share" ||
                       g.family == "debt_service" || g.family == "fixed_charge";
    if (money) binding.push_back(g.group);
  }
  if (!binding.empty()) return fmt::format("  interest acts where these bind: {}\n", fmt::join(binding, ", "));
  return "  interest acts on the cash and on covenants; no limit of cash, tranche, debt share or cover binds, so "
         "another rate is the same plan\n";
}

}  // namespace stargate
