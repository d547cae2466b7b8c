// A Result that nobody looks at hides its faults.
// expect: ignoring returned value .*nodiscard
#include "stargate/base/result.hpp"

stargate::Check check_study();
void run() { check_study(); }
