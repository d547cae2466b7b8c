// FLOP and FLOP/s are two types.
// expect: no match for .operator<.
#include "stargate/units/quantity.hpp"

bool slow(stargate::FlopRate rate, stargate::Flops work) { return rate < work; }
