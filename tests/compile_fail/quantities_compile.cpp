// The control: right uses of the same types compile, so the others fail for their mistake and not for a wrong path.
// expect: compiles
#include "stargate/base/result.hpp"
#include "stargate/units/quantity.hpp"

using namespace stargate;

[[nodiscard]] Result<Duration> transfer_time(Bytes size, ByteRate rate) { return size / rate; }

bool is_quick(Flops work, FlopRate rate) {
  const auto moved = transfer_time(80 * gigabyte, 8 * terabyte / second);
  const Energy energy = 700 * watt * (work / rate);
  const double ratio = (2 * hour) / (1 * minute);
  return moved.ok() && *moved + work / rate < 5 * millisecond && energy < 1 * kilowatt_hour && ratio > 100;
}
