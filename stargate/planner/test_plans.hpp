// Plans of the planner's tests: solved by Clp, and what is asked of them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"

namespace stargate {

/// The plan, which there must be.
inline Plan solve(const Programme& programme) {
  PlanOutcome outcome = solve_programme(programme, *make_clp_solver());
  REQUIRE(std::holds_alternative<Plan>(outcome));
  return std::get<Plan>(std::move(outcome));
}

/// To a millionth, of values about 0 too.
inline doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

/// M$ of one more unit of the first limit of a group; 0 where it never binds.
inline double price_of(const Plan& plan, const std::string& group) {
  for (const auto& limit : plan.groups) {
    if (limit.group == group) return limit.price.in(million_dollars);
  }
  return 0;
}

}  // namespace stargate
