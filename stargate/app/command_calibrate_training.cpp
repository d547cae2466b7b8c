// Which coefficients are fitted is written beside them: their source is an assumption that begins with "fit".
#include "stargate/app/command_calibrate_training.hpp"

#include <fmt/format.h>

#include "stargate/calibration/training_fit.hpp"

namespace stargate {
namespace {

std::vector<std::string> fitted_in_catalogue(const TrainingCoefficients& coefficients) {
  std::vector<std::string> names;
  for (const auto& handle : training_coefficient_handles()) {
    const SourceNote* note = coefficients.source_of(handle.name);
    if (note != nullptr && note->assumption.starts_with("fit")) names.emplace_back(handle.name);
  }
  return names;
}

}  // namespace

void calibrate_training(Session& session, const CalibrateTrainingFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  const auto rows = load_measured_rows(session.files, flags.file);
  if (!rows) return session.fail(rows.faults());
  TrainingFitQuestion question{flags.coefficients, flags.leave_out};
  if (question.names.empty()) question.names = fitted_in_catalogue(training_coefficients(*catalogue));
  Session::progress("fitting");
  const auto fit = fit_training(*catalogue, *rows, question);
  if (!fit) return session.fail(fit.faults());
  session.print_text(format_training_fit(*fit));
}

}  // namespace stargate
