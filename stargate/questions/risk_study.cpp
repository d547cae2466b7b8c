// The study is read and rated as `plan` does it, at mid and at both ends.
#include "stargate/questions/risk_study.hpp"

#include <fmt/format.h>

namespace stargate {

Result<RiskStudy> prepare_risk_study(const std::string& study, const ChangeFields& fields,
                                     const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, fields));
  if (!changes) return changes.faults();
  StudyRequest request{study, context.catalogue_folder, changes->catalogue, changes->study};
  request.range = true;
  auto prepared = prepare_study(request, context.files, context.progress);
  if (!prepared) return prepared.faults();
  if (!prepared->study.risk) {
    return context.fault("study", "names no risks", "add 'risk' to it: stargate catalogue fields study");
  }
  RiskSpec risk = *prepared->study.risk;
  RiskBasis basis = risk_basis(*prepared);
  return RiskStudy{std::move(*prepared), std::move(risk), std::move(basis)};
}

DecidedAmounts decided_amounts(const std::vector<SharedDecision>& decisions, const std::vector<double>& amounts,
                               std::size_t systems) {
  DecidedAmounts out{std::vector<double>(systems, 0), 0};
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    (decisions[d].order ? out.accelerators[static_cast<std::size_t>(decisions[d].item)] : out.started) += amounts[d];
  }
  return out;
}

std::string in_billions(double dollars) { return fmt::format("{:.2f}", dollars / 1e9); }

}  // namespace stargate
