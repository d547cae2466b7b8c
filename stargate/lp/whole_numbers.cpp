// Cbc without its preprocessing. For a proved optimum without heuristics too: what it finds then rests on the
// relaxations and the bounds alone.
#include "stargate/lp/whole_numbers.hpp"

#include <CbcHeuristic.hpp>
#include <CbcHeuristicDiveFractional.hpp>
#include <CbcModel.hpp>
#include <OsiClpSolverInterface.hpp>
#include <cmath>

#include "stargate/lp/coin_load.hpp"

namespace stargate {
namespace {

constexpr double kWhole = 1e-7;  ///< a value this near to a whole number is one

/// Cbc copies what it is given.
void help_search(CbcModel& search) {
  CbcRounding rounding(search);
  CbcHeuristicDiveFractional dive(search);
  search.addHeuristic(&rounding, "rounding");
  search.addHeuristic(&dive, "dive");
}

}  // namespace

WholeNumbers search_whole_numbers(const LpProblem& problem, int node_limit, double gap) {
  OsiClpSolverInterface relaxation;
  relaxation.messageHandler()->setLogLevel(0);
  load_coin(relaxation, problem, problem.matrix());
  for (const int column : problem.integers()) relaxation.setInteger(column);
  CbcModel search(relaxation);
  search.setLogLevel(0);
  search.setIntegerTolerance(kWhole);
  // Absolute and relative: Cbc would otherwise stop at a solution within its default gaps of the bound.
  search.setAllowableGap(0);
  search.setAllowableFractionGap(gap);
  search.setMaximumNodes(node_limit);
  if (gap > 0) help_search(search);
  search.branchAndBound();
  WholeNumbers out;
  out.hit_limit = search.isNodeLimitReached();
  out.bound = search.getBestPossibleObjValue() + problem.objective_offset();
  if (!search.isProvenOptimal() && (gap == 0 || search.bestSolution() == nullptr)) return out;
  const double* values = search.bestSolution();
  out.values.emplace(values, values + problem.column_count());
  // Within kWhole of a whole number already; rounded, so that they can be fixed and counted as such.
  for (const int column : problem.integers()) (*out.values)[column] = std::round((*out.values)[column]);
  return out;
}

}  // namespace stargate
