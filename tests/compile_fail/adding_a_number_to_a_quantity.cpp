// A slack of "1" on a time: of which unit?
// expect: no match for .operator\+.
#include "stargate/units/quantity.hpp"

auto later = 5 * stargate::second + 1.0;
