// What scenarios change: a prepared study's programme, with the share of memory in what a machine costs and the range
// that rates of unmeasured machines have.
#pragma once

#include "stargate/planner/scenario.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// Ranges where the study was prepared with them (StudyRequest::range). Rates of the programme are those at mid.
RiskBasis risk_basis(const PreparedStudy& prepared);

/// Systems of which some rate is known as a range only, as the study lists them.
std::vector<std::string> unmeasured_systems(const PreparedStudy& prepared);

}  // namespace stargate
