// The closed form of pipeline.hpp.
#include "stargate/training/pipeline.hpp"

namespace stargate {

PipelineTime pipeline_time(std::span<const StageTime> stages, std::int64_t micro_batches, int vpp, Duration send) {
  PipelineTime out;
  Duration sum, worst;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    sum += stages[i].total();
    if (stages[i].total() > worst) {
      worst = stages[i].total();
      out.slowest = static_cast<int>(i);
    }
  }
  const double m = static_cast<double>(micro_batches), v = vpp, hops = static_cast<double>(stages.size()) - 1;
  const Duration filled = m * worst;
  out.bubble = (sum - worst) / v;
  if (hops > 0) {
    const StageTime& slowest = stages[static_cast<std::size_t>(out.slowest)];
    const Duration none;
    const Duration steady =
        vpp == 1 ? 2.0 * send : v * (max(none, send - slowest.forward / v) + max(none, send - slowest.backward / v));
    out.send = m * steady + 2 * hops * send;
  }
  out.total = filled + out.bubble + out.send;
  return out;
}

}  // namespace stargate
