// What a plan orders and begins in its first year, and what each such promise still costs when it is given up.
#pragma once

#include "stargate/questions/question.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// An order of systems, or buildings begun at a site, in one quarter.
struct StartBy {
  Quarter quarter, ready;  ///< decided in; arrives or can be energised in
  std::string of;          ///< id of a system or a site
  bool order = true;       ///< of systems; else construction begins
  double amount = 0;       ///< systems; MW
  Money price;             ///< in all, as it is paid
  Money paid;              ///< of it in the quarter: the deposit, the first part of the construction
};

/// Of the first year: later decisions can wait. By quarter, orders first.
std::vector<StartBy> plan_start_by(const Programme& programme, const Plan& plan);

/// "To start by": a line a quarter, then what giving up costs.
std::string format_start_by(const Programme& programme, const Plan& plan);
/// Member "start_by".
void write_start_by(JsonWriter& json, const Programme& programme, const Plan& plan);
const AnswerFields& start_by_fields();

}  // namespace stargate
