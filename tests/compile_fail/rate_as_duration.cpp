// Bytes over bytes a second is a time; upside down it is not.
// expect: could not convert
#include "stargate/units/quantity.hpp"

stargate::Duration upside_down(stargate::Bytes size, stargate::ByteRate rate) { return rate / size; }
