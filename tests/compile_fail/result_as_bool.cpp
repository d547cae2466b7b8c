// "It is fine" is asked for in a condition, never kept as a number by accident.
// expect: cannot convert .*Result<int>
#include "stargate/base/result.hpp"

bool fine(const stargate::Result<int>& count) {
  const bool known = count;
  return known;
}
