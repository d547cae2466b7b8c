// The money of a plan: capital by class, debt, what is rented, from cash to annuities, whose cost is what.
#pragma once

#include "stargate/questions/question.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// Money in one unit down a whole table: B$ for programmes, M$ for small studies.
struct MoneyColumn {
  Money unit;
  std::string name;
  int digits = 0;

  std::string operator()(Money amount) const;
  std::string change(Money amount) const;  ///< with its sign
};
MoneyColumn money_column(const Plan& plan);

/// "systems 3 B$, construction 1 B$, ...": classes that nothing is paid for are left out but the first four.
std::string format_payments(const PlanPayments& paid);
/// The sections from "Money" on.
std::string format_plan_money(const Programme& programme, const Plan& plan);
/// Interest is paid in cash and is no cost on top of the rate: where it acts, or that it does not. Empty without debt
/// that bears interest.
std::string format_plan_interest(const Programme& programme, const Plan& plan);

/// Members "capital", "bridge", "rate_of_return", "most_out_usd", ..., "retired_early", "contracts".
void write_plan_money(JsonWriter& json, const Programme& programme, const Plan& plan);
/// Of one quarter: debt, rented machines, cost nobody uses, cost of a token.
void write_quarter_money(JsonWriter& json, const Plan& plan, const PlanQuarter& quarter);
const AnswerFields& plan_money_fields();
const AnswerFields& quarter_money_fields();

}  // namespace stargate
