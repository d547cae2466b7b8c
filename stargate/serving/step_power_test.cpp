// Power of steps follows what they do.
#include "stargate/serving/step_power.hpp"

#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

TEST_CASE("steps that use a chip little draw little: a small batch spread over many, and prompts the most") {
  Accelerator chip = h100();
  chip.power = 700 * watt, chip.idle_power = 75 * watt;
  const ServingMachine machine = machine_of(chip);
  const Model model = llama_70b();
  const auto power = [&](int tp, double sequences, double query) {
    const Replica replica{&model, &machine, {tp, 1, 1, 1}, serving_precision(Precision::bf16, Precision::bf16), {}};
    const SequenceGroup group{sequences, query, 2048, query == 1, 1};
    return step_power(replica, {&group, 1});
  };
  CHECK(power(8, 4, 1) < power(2, 64, 1));
  CHECK(power(2, 64, 1) < power(2, 2, 2048));
  for (const int tp : {2, 8}) {
    CHECK(power(tp, 1, 1) > *chip.idle_power);
    CHECK(power(tp, 4, 2048) <= 1.0001 * chip.power);
  }
}
