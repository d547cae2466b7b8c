// The basis of one programme for another that lacks or has a few columns and rows: the same study without a supplier,
// a site, a system. What has the same name keeps its status; a new column starts at a bound, a new row starts slack.
#pragma once

#include <memory>

#include "stargate/lp/solver.hpp"

namespace stargate {

/// For LpOptions::warm_start of `to`. Names are made and compared: about 1 us a column and row. `basis` must have the
/// shape of `from`. What comes out need not be a valid basis of `to` (the number of basic variables may be off); the
/// solver repairs it. Never null.
std::shared_ptr<const LpBasis> transfer_basis(const LpProblem& from, const LpBasis& basis, const LpProblem& to);

}  // namespace stargate
