// The same steps on machines whose laws are a little slower.
#include "stargate/serving/step_law.hpp"

namespace stargate {

LawShares step_law_shares(const Replica& replica, const std::function<Duration(const StepModel&)>& time) {
  return law_shares(replica.machine->law, replica.machine->fabric, [&](const DeviceLaw& law, const Fabric& fabric) {
    ServingMachine machine = *replica.machine;
    machine.law = law, machine.fabric = fabric;
    Replica on = replica;
    on.machine = &machine;
    return time(StepModel(on));
  });
}

LawShares steady_law_shares(const Replica& replica, const ServingWorkload& workload, double decoding) {
  return step_law_shares(replica, [&](const StepModel& step) {
    return steady_state(step, workload, decoding).mean_step.total();
  });
}

bool rests_on_typical_laws(const Replica& replica) {
  Replica alone = replica;
  alone.layout = {};
  const auto time = [&](const ServingMachine& machine) {
    alone.machine = &machine;
    const StepModel steps(alone);
    const SequenceGroup prompt{1, 2048, 2048, false, 1};
    return steps.decode_time(1, 1024).total() + steps.decode_time(64, 4096).total() +
           steps.step_time({&prompt, 1}).total();
  };
  ServingMachine slower = *replica.machine;
  slower.law.stretch(LawOrigin::typical, 2);
  return time(slower) > time(*replica.machine);
}

}  // namespace stargate
