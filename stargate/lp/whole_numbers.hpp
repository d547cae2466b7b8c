// The best whole numbers for the columns that must have them: branch and bound with Cbc (COIN-OR) over the relaxations
// that Clp solves. Land and Doig, "An automatic method of solving discrete programming problems", Econometrica 1960.
#pragma once

#include <optional>
#include <vector>

#include "stargate/lp/problem.hpp"

namespace stargate {

struct WholeNumbers {
  std::optional<std::vector<double>> values;  ///< by column, whole where they must be; none: no solution, or the limit
  double bound = 0;                           ///< no solution costs less, the objective's offset included
  bool hit_limit = false;
};

/// Stops after `node_limit` nodes of the search; the same programme gives the same bits. Nodes and no seconds, for the
/// reason that LpOptions gives. In the worst case the number of nodes grows exponentially with the number of whole
/// columns. `gap` is of the objective; at zero the optimum is proved, or there are no values. Above, the search begins
/// with rounding and the best found within the limit is returned.
WholeNumbers search_whole_numbers(const LpProblem& problem, int node_limit, double gap = 0);

}  // namespace stargate
