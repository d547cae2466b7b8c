// "$/W" (to build) and "$/kWh" (to run) are two prices.
// expect: conversion from .* to non-scalar type
#include "stargate/units/quantity.hpp"

stargate::MoneyPerEnergy price = 10 * stargate::dollar / stargate::watt;
