// Random linear programmes whose answer is known from how they were made.
#pragma once

#include <cstdint>
#include <optional>

#include "stargate/lp/problem.hpp"

namespace stargate {

enum class ProgrammeKind {
  bounded,     ///< a point and prices that prove each other optimal are drawn first, limits and costs put around them
  degenerate,  ///< the same with whole coefficients, nearly all limits binding and most prices zero
  infeasible,  ///< a bounded one and two more rows that contradict one of its limits
  unbounded    ///< a bounded one and a pair of columns that may grow together for ever, earning
};

struct RandomProgramme {
  LpProblem lp;
  std::optional<double> objective;  ///< of the kinds that have an optimum
};

RandomProgramme make_random_programme(ProgrammeKind kind, int rows, int columns, std::uint32_t seed);

}  // namespace stargate
