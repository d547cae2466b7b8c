// A Result is not its value: somebody has to ask whether it is there.
// expect: cannot convert .*Result<int>
#include "stargate/base/result.hpp"

stargate::Result<int> count();
int twice() {
  const int n = count();
  return 2 * n;
}
