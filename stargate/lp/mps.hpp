// A linear programme as free-format MPS, the text every solver reads, so that another one can judge ours.
#pragma once

#include <string>

#include "stargate/lp/problem.hpp"

namespace stargate {

/// Numbers with 17 significant digits, so that reading them gives back the same bits. Names as in LpProblem with
/// anything but letters, digits and []_.,:+-()/ replaced by '_'; a second one of the same name ends in '#' and its
/// number. The objective's offset is written as the right-hand side of the objective row with its sign turned (the
/// convention of CPLEX, Clp, HiGHS and GLPK: objective = c x - rhs). Rows between two bounds use the RANGES section;
/// columns of whole numbers stand between INTORG and INTEND markers.
std::string format_mps(const LpProblem& problem);

}  // namespace stargate
