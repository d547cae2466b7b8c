// What questions about risk begin with: a study that names its risks, prepared with the range of unmeasured machines.
#pragma once

#include "stargate/planner/two_stage.hpp"
#include "stargate/questions/changes.hpp"
#include "stargate/study/risk_basis.hpp"

namespace stargate {

struct RiskStudy {
  PreparedStudy prepared;
  RiskSpec risk;
  RiskBasis basis;
};

/// A fault where the study names no risks.
Result<RiskStudy> prepare_risk_study(const std::string& study, const ChangeFields& fields,
                                     const QuestionContext& context);

/// Orders by system (thousand accelerators) and power begun (MW) in the shared quarters.
struct DecidedAmounts {
  std::vector<double> accelerators;  ///< by system of the programme
  double started = 0;
};
DecidedAmounts decided_amounts(const std::vector<SharedDecision>& decisions, const std::vector<double>& amounts,
                               std::size_t systems);

/// "327.6": billions of dollars.
std::string in_billions(double dollars);

}  // namespace stargate
