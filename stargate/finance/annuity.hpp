// A price spread over the life of what it buys.
//   annuity a quarter  a(r,n) = q / (1 - (1+q)^-n), q = (1+r)^(1/4) - 1      (capital recovery factor; PyPSA, Temoa)
#pragma once

namespace stargate {

/// Share of the price paid each quarter over `life` quarters at `rate` a year; 1/life when the rate is zero. `life` is
/// above 0 and `rate` above -1 (both checked by who reads them). Interest is compounded by quarter, so four payments
/// are a little less than one at the year's end.
double quarterly_annuity(double rate, int life);
/// The same paid at the start of each quarter, or discounted as if it were: a(r,n) / (1+q). Over a life of one quarter
/// it is the price; discounted at `rate` over any life it is too.
double quarterly_annuity_in_advance(double rate, int life);

}  // namespace stargate
