// Zero is a number too: compare with a default-made quantity.
// expect: no match for .operator>.
#include "stargate/units/quantity.hpp"

bool positive(stargate::Power power) { return power > 0.0; }
