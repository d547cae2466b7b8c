// The door to whatever solves a linear programme, with whole numbers or without, and what comes out of it: a solution
// with its prices and the proof that it is optimal, or which limits would have to move, or along which columns the cost
// falls for ever.
// Sign of a dual: the dual of a row is d(optimal cost) / d(right-hand side), the change of the optimal cost when the
// bound that holds the row rises by one unit. A programme is minimised, so an upper limit that binds has a dual <= 0
// (more room costs less) and a lower limit that binds one >= 0. A reduced cost is the same for a column's bound. Where
// columns are whole numbers, prices are those of the programme with these columns fixed at their best values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "stargate/lp/problem.hpp"

namespace stargate {

/// All reach the same optimal cost; where several vertices share it, which one is found may differ by method.
enum class LpMethod {
  automatic,  ///< the dual simplex
  dual,
  primal
};

/// Where a column or a row's slack stands at a vertex. The order is Clp's (clp_solver.cpp holds the two together).
enum class LpBasisStatus : std::uint8_t { free, basic, at_upper, at_lower, superbasic, fixed };

/// The vertex where a solver stopped. Each by its number in the programme.
struct LpBasis {
  std::vector<LpBasisStatus> columns, rows;
};

struct LpOptions {
  LpMethod method = LpMethod::automatic;  ///< of the first run
  bool presolve = true;                   ///< off: slower, and easier to follow
  int iteration_limit = 0;   ///< of one simplex run; 0: none. (No time limit: the answer would depend on the machine.)
  int node_limit = 100'000;  ///< of the search over whole numbers
  /// Of the objective: whole numbers this near to the search's bound are good enough. Above zero the search also
  /// rounds, and at the node limit the best found is an answer, with the gap that it reached.
  double integer_gap = 0;
  /// A vertex to begin at, of a programme with as many columns and rows; the method says which simplex goes on from it:
  /// dual after a change of bounds, primal after one of costs.
  std::shared_ptr<const LpBasis> start = nullptr;
};

/// How far a pair of primal and dual values is from proving itself optimal; docs/explanation/linear-programme.md.
struct LpResiduals {
  double primal = 0;       ///< worst violation of a bound, over 1 + |bound|
  double dual = 0;         ///< worst price of the wrong sign (for a bound that is not there), over 1 + |cost|
  double duality_gap = 0;  ///< |primal - dual objective|, over 1 + the sum of the absolute terms of either
  double integer_gap = 0;  ///< objective over the best bound of the search over whole numbers, over 1 + |objective|
};

/// A reduced cost is the cost less the priced entries of the column: what the objective rises by when the column's
/// bound rises by one.
struct LpSolution {
  /// Offset included.
  double objective = 0;
  std::vector<double> values;         ///< by column
  std::vector<double> reduced_costs;  ///< by column
  std::vector<double> activities;     ///< by row
  std::vector<double> duals;          ///< by row
  LpResiduals residuals;              ///< how well the solution proves itself
  /// Of simplex, all runs of this solve together.
  int iterations = 0;
  /// The vertex found. Of a programme with whole numbers, that of the programme with
  /// these fixed.
  std::shared_ptr<const LpBasis> basis;
};

/// Of a row's two bounds.
enum class LpSide { lower, upper };

/// A limit that stands in the way: its lower side must fall, or its upper side rise, by `amount` (> 0).
struct LpGap {
  int row = 0;                  ///< that stands in the way
  int family = 0;               ///< of the row
  LpSide side = LpSide::upper;  ///< which of its bounds would have to move
  double amount = 0;            ///< in `unit`, above 0
  std::string unit;             ///< of the row's family: "MW"
};

/// No values keep every limit. The gaps together are a change of least weighted amount that would allow some.
struct LpInfeasible {
  std::vector<LpGap> gaps;     ///< in the order of rows
  bool relaxable_only = true;  ///< false: moving the relaxable limits alone is not enough, the gaps are over all rows
};

/// From some feasible point one may go for ever along the ray, and the cost falls.
struct LpUnbounded {
  /// How one column moves along the ray, relative to the fastest.
  struct Step {
    int column;        ///< number of the column
    double direction;  ///< -1 to 1: change of the column's value for a step of length one along the ray
  };
  std::vector<Step> ray;  ///< the columns that move; the fastest by one
};

/// No answer: the iteration limit, or numbers that the solver could not bring to its tolerances.
struct LpStopped {
  std::string reason;  ///< in words, for the user
  int iterations = 0;
};

using LpOutcome = std::variant<LpSolution, LpInfeasible, LpUnbounded, LpStopped>;

/// The one interface over third-party solvers: everything above `lp` builds an LpProblem and reads an LpOutcome.
class LpSolver {
 public:
  virtual ~LpSolver() = default;
  /// Never throws; the solver's exceptions become LpStopped. A solution has passed the check of residuals.hpp, whatever
  /// the solver claims.
  virtual LpOutcome solve(const LpProblem& problem, const LpOptions& options) const = 0;
};

}  // namespace stargate
