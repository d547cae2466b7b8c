// The highest rate a deployment takes inside its targets, by trials at rates of one lattice, 2^(i / 24) requests a
// second: the same rates whatever the targets, so that looser targets never find less.
#pragma once

#include "stargate/sizing/trial.hpp"

namespace stargate {

struct Capacity {
  double rate = 0;            ///< 0: no rate that was tried meets the targets
  TrialResult best, nearest;  ///< at that rate; at the lowest rate that does not
  int trials = 0;             ///< simulated
};

/// `guess`: where to begin. With `challenge` above 0 the first trial is at the next rate of the lattice above it; when
/// that fails nothing more is asked, for somebody else is known to take as much. Walks away from the guess in steps
/// that double until it is bracketed, then bisects on the lattice. Below 2 % of the guess nothing is looked for.
Capacity find_capacity(const Trial& trial, double guess, double challenge, const TrialTraffic& traffic,
                       const SizingTargets& targets);

/// So many steps down the lattice of rates; 1: the next lower one.
double rate_below(double rate, int steps);

}  // namespace stargate
