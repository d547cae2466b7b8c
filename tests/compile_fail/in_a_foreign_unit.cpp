// A time is not so many gigabytes.
// expect: cannot convert .*Quantity
#include "stargate/units/quantity.hpp"

double size = (3 * stargate::second).in(stargate::gigabyte);
