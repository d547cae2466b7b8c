// Braces do not make a quantity of a number either.
// expect: no matching function for call to .*Quantity
#include "stargate/units/quantity.hpp"

stargate::Bytes size{80e9};
