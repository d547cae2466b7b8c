// A linear programme solved again and again while bounds of its columns move. The last basis stays dual feasible under
// such moves, so that a solve is some pivots of the dual simplex: a hundredth of a first solve where few bounds moved a
// little. For decomposition, whose master asks one programme for its cost and prices at many points.
#pragma once

#include <memory>

#include "stargate/lp/solver.hpp"

namespace stargate {

/// Proof that no values of the columns keep all limits: with the rows weighted by it, what the rows allow and what the
/// columns' bounds allow have no number in common. Empty: Clp gave none.
struct LpInfeasibilityProof {
  std::vector<double> weights;  ///< by row
};

using LpWarmOutcome = std::variant<LpSolution, LpInfeasibilityProof, LpStopped>;

/// Not shared by threads; several may be used side by side. No whole numbers.
class LpWarmSolver {
 public:
  explicit LpWarmSolver(LpProblem problem);
  ~LpWarmSolver();
  LpWarmSolver(LpWarmSolver&&) noexcept;

  const LpProblem& problem() const;
  void set_column_bounds(int column, double lower, double upper);
  /// Of a programme with as many columns and rows; a basis that does not fit is a slow start and no fault.
  void start_from(const LpBasis& basis);
  /// Never throws; a solution has passed the check of residuals.hpp.
  LpWarmOutcome solve();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stargate
