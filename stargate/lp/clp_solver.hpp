// The solvers Clp and Cbc (COIN-OR) behind the interface: presolve, dual and primal simplex, and branch and bound over
// columns of whole numbers. Single threaded and silent; the same programme and options give the same bits. Clp's
// barrier is left out: as packaged (1.17.6) an assertion in it ends the program on some programmes without an optimum.
#pragma once

#include <memory>

#include "stargate/lp/solver.hpp"

namespace stargate {

/// Without state of its own: one may be shared by threads, each solve makes its own model.
std::unique_ptr<LpSolver> make_clp_solver();

}  // namespace stargate
