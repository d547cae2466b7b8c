// One accelerator that holds the whole model: whether it would fit does not matter to what its kernels take.
#include "stargate/questions/serving_figures.hpp"

#include <fmt/format.h>

#include <array>

#include "stargate/serving/step.hpp"

namespace stargate {

std::string serving_figures(const ServedMachine& served, const HourPrice& price) {
  const Replica replica{&served.model, &served.machine, {}, served.precision, served.setup};
  const StepModel steps(replica);
  const SequenceGroup prompt{1, 2048, 2048, false, 1};
  const ReplicaPower power = replica_power(served.catalogue, served.system, 1);
  const EngineCoefficients& engine = served.setup;
  const std::array figures{steps.decode_time(1, 1024).total().base(),
                           steps.decode_time(64, 4096).total().base(),
                           steps.step_time(std::span(&prompt, 1)).total().base(),
                           replica_memory(replica).kv_room.base(),
                           power.idle.base(),
                           power.busy.base(),
                           price.mid.base(),
                           engine.request_overhead.base(),
                           engine.token_overhead.base(),
                           engine.stream_overhead.base()};
  return fmt::format("{}", fmt::join(figures, " "));
}

}  // namespace stargate
