// A year of energy is no power.
// expect: conversion from .* to non-scalar type
#include "stargate/units/quantity.hpp"

stargate::Power power = 3 * stargate::megawatt_hour;
