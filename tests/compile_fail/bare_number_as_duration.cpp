// A bare number is no duration: seconds, hours?
// expect: could not convert .*double
#include "stargate/units/quantity.hpp"

stargate::Duration wait(stargate::Duration time) { return time; }
auto waited = wait(3.0);
