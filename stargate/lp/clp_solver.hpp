// The solver Clp (COIN-OR) behind the interface: presolve, dual and primal simplex, barrier with crossover. Single
// threaded and silent; the same programme and options give the same bits.
#pragma once

#include <memory>

#include "stargate/lp/solver.hpp"

namespace stargate {

std::unique_ptr<LpSolver> make_clp_solver();

}  // namespace stargate
