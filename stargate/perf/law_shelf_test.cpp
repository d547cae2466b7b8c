// A law that is kept is never taken for another catalogue's.
#include "stargate/perf/law_shelf.hpp"

#include <doctest/doctest.h>

#include "stargate/perf/device_law.hpp"

namespace stargate {
namespace {

Catalogue two_chips() {
  Catalogue c;
  for (const char* id : {"better", "other"}) {
    Accelerator& a = c.accelerators[id];
    a.id = id, a.vendor = "somebody", a.architecture = "one";
    a.memory_bandwidth = (a.id == "better" ? 4.0 : 2.0) * terabyte / second;
    a.peak = {{Precision::bf16, 1000.0 * teraflop / second}};
    a.power = 700 * watt;
  }
  auto& calibration = c.calibrations["other.gemm"];
  calibration.device = "other", calibration.law = "gemm";
  CalibratedGroup& group = calibration.groups.emplace_back();
  group.device = "other", group.law = "gemm", group.engine = "vllm", group.precision = "bf16";
  group.used.rows = 100;
  group.coefficients["bandwidth_share"] = 0.8;
  return c;
}

Duration time_on_better(const Catalogue& c) {
  return DeviceLaw(c.accelerators.at("better"), c, "vllm").gemm_time(Precision::bf16, 16, 8192, 8192);
}

}  // namespace

TEST_CASE("a changed coefficient, architecture or figure gives a law of its own, a price the same") {
  const Catalogue c = two_chips();
  const Duration time = time_on_better(c);
  CHECK(time_on_better(two_chips()) == time);
  CHECK(LawShelf::of(c) == LawShelf::of(two_chips()));

  Catalogue slower = c;
  slower.calibrations.at("other.gemm").groups[0].coefficients["bandwidth_share"] = 0.4;
  CHECK(time_on_better(slower) > 1.5 * time);
  CHECK(time_on_better(c) == time);

  Catalogue unlike = c;
  unlike.architectures["one"].launch = 40 * microsecond;
  CHECK(LawShelf::of(unlike) != LawShelf::of(c));
  Catalogue high = c;
  high.confidence = Confidence::high;
  CHECK(LawShelf::of(high) != LawShelf::of(c));
  Catalogue dearer = c;
  dearer.accelerators.at("other").price = Price{};
  CHECK(LawShelf::of(dearer) == LawShelf::of(c));

  Accelerator faster = c.accelerators.at("better");
  faster.memory_bandwidth = 8.0 * terabyte / second;
  CHECK(!is_as_listed(c, faster));
  CHECK(DeviceLaw(faster, c, "vllm").gemm_time(Precision::bf16, 16, 8192, 8192) < 0.7 * time);
}

}  // namespace stargate
