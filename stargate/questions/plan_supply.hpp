// What a plan takes of each supplier: of what is offered to the programme, and of all that the supplier makes.
#pragma once

#include <string>

#include "stargate/study/run.hpp"

namespace stargate {

/// Section "Supply"; empty where nobody's offers count.
std::string format_plan_supply(const StudySpec& study, const Plan& plan);
/// Taken over all that the supplier makes in the quarter: the study's share times what is taken of the offer.
double share_of_all_made(const StudySpec& study, const PartTaken& taken);

}  // namespace stargate
