// Bytes and seconds do not add.
// expect: no match for .operator\+.
#include "stargate/units/quantity.hpp"

auto sum = stargate::gigabyte + stargate::second;
