// The planner's arithmetic of time and money, shared by the objective and the report so that parts sum to the whole.
//   annuity a quarter  a(r,n): finance/annuity.hpp
//   present value      delta_t = (1+d)^(-t/4), t quarters after the first
//   Type II costing    a purchase of price C in quarter t costs sum over t..min(t+n-1, last) of delta * C * a(r,n):
//                      what falls after the last quarter is not charged, so late purchases are not penalised.
#pragma once

#include "stargate/finance/annuity.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// delta_t, for t quarters after the first. 1 for t = 0; money of quarter t times this is present value.
double discount_factor(const Programme& programme, int t);
/// Present value of the annuities, inside the horizon, of one dollar of price that starts in quarter `t`. `life` in
/// quarters. At most 1, less when the life reaches beyond the last quarter. Linear in the quarters left of the horizon;
/// `t` may be the last quarter or earlier.
double annuity_present_value(const Programme& programme, int t, int life);
/// Quarters of the horizon in which a thing of `life` that starts in `t` has an annuity: up to this one, not included.
int annuity_end(const Programme& programme, int t, int life);

}  // namespace stargate
