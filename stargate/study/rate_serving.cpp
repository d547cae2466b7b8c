// A service on a machine through serving's sizing.
#include <fmt/format.h>

#include "stargate/sizing/estimate.hpp"
#include "stargate/study/rates.hpp"

namespace stargate {

Result<MachineRate> rate_serving(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system) {
  const Model& model = catalogue.models.at(service.model);
  auto machine = make_serving_machine(catalogue, system, kernel_choice(model));
  if (!machine) return machine.faults();
  ServingQuestion question;
  question.workload = {static_cast<double>(service.isl), static_cast<double>(service.osl), service.prefix_share};
  question.target = {service.ttft, service.tpot};
  question.precision =
      service.precision ? serving_precision(*service.precision, model.kv_precision) : stored_precision(model);
  auto engine = set_up_engine(catalogue, kUsualEngine);
  if (!engine) return engine.faults();
  question.engine = std::move(*engine);
  auto answer = best_throughput_per_accelerator(model, *machine, question);
  if (!answer) return answer.faults();
  const std::array used{question.precision.linear, question.precision.expert};
  MachineRate rate{service.service,
                   system.id,
                   system.accelerator,
                   {},
                   {},
                   {},
                   machine->law.origin(used),
                   format_law_basis(machine->law, used)};
  if (const auto* choice = std::get_if<ServingChoice>(&*answer)) {
    rate.per_accelerator = choice->output_per_accelerator;
    rate.layout = fmt::format("{}, {:.0f} sequences", format_layout(choice->layout), choice->steady.concurrency);
    rate.limit = binding_limit_name(choice->binding);
  } else {
    rate.layout = std::get<ServingShortfall>(*answer).sentence;
  }
  return rate;
}

}  // namespace stargate
