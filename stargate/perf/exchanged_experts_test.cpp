// Experts and the exchange of their tokens as one kernel: who has it.
#include <doctest/doctest.h>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/device_law.hpp"

namespace stargate {
namespace {

Accelerator chip(const std::string& id) {
  Accelerator a;
  a.id = id, a.vendor = "NVIDIA", a.architecture = "Blackwell";
  a.memory_bandwidth = 8 * terabyte / second;
  a.peak = {{Precision::bf16, 2500.0 * teraflop / second}};
  a.compute_units = 148;
  a.clock = Frequency::from_base(1.9e9);
  return a;
}

void calibrate(Catalogue& catalogue, const std::string& device, const std::string& law) {
  CalibratedGroup group;
  group.device = device, group.law = law, group.engine = "sglang", group.version = "0.5.10";
  group.precision = "bf16.default", group.used.rows = 100;
  group.coefficients = write_moe_coefficients(MoeCoefficients{});
  auto& calibration = catalogue.calibrations[device + "." + law];
  calibration.device = device, calibration.law = law;
  calibration.groups.push_back(group);
}

TEST_CASE("only an engine that has one kernel for experts and their exchange is given it, on chips of its family") {
  Catalogue c;
  for (const char* id : {"measured", "sister", "measured-without"}) c.accelerators[id] = chip(id);
  Accelerator& without = c.accelerators["measured-without"];
  without.architecture = "Hopper", without.memory_bandwidth = 4 * terabyte / second;
  calibrate(c, "measured", "moe"), calibrate(c, "measured", "moe_exchange");
  calibrate(c, "measured-without", "moe");
  ExpertCall call;
  call.tokens = 1024, call.hidden = 4096, call.width = 2048, call.experts = 256, call.top_k = 6, call.ranks = 8;
  const auto time = [&](const char* id, const char* engine, Precision precision) {
    return DeviceLaw(c.accelerators.at(id), c, KernelChoice{engine}).exchanged_experts_time(call, precision);
  };
  REQUIRE(time("measured", "sglang", Precision::bf16));
  CHECK(*time("measured", "sglang", Precision::bf16) > Duration{});
  CHECK(time("sister", "sglang", Precision::bf16));
  CHECK_FALSE(time("measured", "vllm", Precision::bf16));
  CHECK_FALSE(time("measured", "sglang", Precision::fp8));
  // Its experts were measured, and no such kernel: it has none.
  CHECK_FALSE(time("measured-without", "sglang", Precision::bf16));
}

}  // namespace
}  // namespace stargate
