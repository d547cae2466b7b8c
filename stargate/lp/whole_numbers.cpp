// Cbc without its preprocessing, cuts and heuristics: what it finds rests on the relaxations and the bounds alone.
#include "stargate/lp/whole_numbers.hpp"

#include <CbcModel.hpp>
#include <OsiClpSolverInterface.hpp>
#include <cmath>

#include "stargate/lp/coin_load.hpp"

namespace stargate {
namespace {

constexpr double kWhole = 1e-7;  ///< a value this near to a whole number is one

}  // namespace

/// Without a gap that would be good enough: the answer must not depend on the order of the search.
WholeNumbers search_whole_numbers(const LpProblem& problem, int node_limit) {
  OsiClpSolverInterface relaxation;
  relaxation.messageHandler()->setLogLevel(0);
  load_coin(relaxation, problem, problem.matrix());
  for (const int column : problem.integers()) relaxation.setInteger(column);
  CbcModel search(relaxation);
  search.setLogLevel(0);
  search.setIntegerTolerance(kWhole);
  // Absolute and relative: Cbc would otherwise stop at a solution within its default gaps of the bound.
  search.setAllowableGap(0);
  search.setAllowableFractionGap(0);
  search.setMaximumNodes(node_limit);
  search.branchAndBound();
  WholeNumbers out;
  out.hit_limit = search.isNodeLimitReached();
  out.bound = search.getBestPossibleObjValue() + problem.objective_offset();
  if (!search.isProvenOptimal()) return out;
  const double* values = search.bestSolution();
  out.values.emplace(values, values + problem.column_count());
  // Within kWhole of a whole number already; rounded, so that they can be fixed and counted as such.
  for (const int column : problem.integers()) (*out.values)[column] = std::round((*out.values)[column]);
  return out;
}

}  // namespace stargate
