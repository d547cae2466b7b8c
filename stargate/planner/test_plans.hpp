// Plans of the planner's tests: solved by Clp, and what is asked of them.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"

namespace stargate {

/// The plan; where there is none std::bad_variant_access fails the test.
inline Plan solve(const Programme& programme) {
  return std::get<Plan>(solve_programme(programme, *make_clp_solver()));
}

/// M$ of one more unit of the first limit of a group; 0 where it never binds.
inline double price_of(const Plan& plan, const std::string& group) {
  for (const auto& limit : plan.groups) {
    if (limit.group == group) return limit.price.in(million_dollars);
  }
  return 0;
}

}  // namespace stargate
