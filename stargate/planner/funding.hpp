// When money is drawn. The LP has no preference among draws that pay for the same plan, so the schedule is set after
// it: nothing before it is needed, equity before debt, then the lower interest, then the earlier tranche. Equity first
// leaves the most room for debt and the least interest, so this pays whenever the LP's own draws do (equity being
// cheaper); where it falls short all the same, or lenders would be due more in a tested year, the LP's draws stand.
#pragma once

#include <vector>

#include "stargate/planner/programme.hpp"

namespace stargate {

/// All in M$, by quarter.
struct FundingSchedule {
  std::vector<std::vector<double>> drawn, repaid, owed;  ///< by tranche, then quarter; owed: at its end
  /// Of the quarter; at its end.
  std::vector<double> interest, cash;  ///< by quarter
};

/// `net_payments`: payments without interest, less reinvested revenue. `lp_draws`: as `drawn`, what the LP chose.
/// Interest is charged from the quarter of the draw on, instalments fall due as the tranche says. Cash may fall below
/// zero by rounding only. Both lists have an entry a quarter of the programme.
FundingSchedule schedule_funding(const Programme& programme, const std::vector<double>& net_payments,
                                 const std::vector<std::vector<double>>& lp_draws);

}  // namespace stargate
