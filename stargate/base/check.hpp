// For faults of ours, never of the input: on in every build, prints where and aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

#define STARGATE_CHECK(condition, why)                                                                     \
  do {                                                                                                     \
    if (!(condition)) {                                                                                    \
      std::fprintf(stderr, "%s:%d: internal error: %s (%s)\n", __FILE__, __LINE__, why, #condition);       \
      std::abort();                                                                                        \
    }                                                                                                      \
  } while (false)
