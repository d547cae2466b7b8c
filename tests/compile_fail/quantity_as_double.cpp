// A quantity becomes a number only by .in(unit).
// expect: cannot convert .*to .double.
#include "stargate/units/quantity.hpp"

double milliseconds = 3 * stargate::millisecond;
