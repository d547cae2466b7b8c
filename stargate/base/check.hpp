// For faults of ours, never of the input: on in every build, prints where and aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

// `why` names in a few words what should have held ("pairs"); the condition's text and the place are added. Aborts, so
// that a core dump shows the state: a plan that went on after a broken invariant would look right and be wrong.
#define STARGATE_CHECK(condition, why)                                                                     \
  do {                                                                                                     \
    if (!(condition)) {                                                                                    \
      std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", __FILE__, __LINE__, why, #condition);       \
      std::abort();                                                                                        \
    }                                                                                                      \
  } while (false)
