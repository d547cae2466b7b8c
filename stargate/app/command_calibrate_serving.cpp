// Which coefficients are fitted is written beside them: their source is an assumption that begins with "fit".
#include "stargate/app/command_calibrate_serving.hpp"

#include <fmt/format.h>

#include "stargate/calibration/serving_fit.hpp"

namespace stargate {

void calibrate_serving(Session& session, const CalibrateServingFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  const auto rows = load_measured_serving(session.files, flags.file);
  if (!rows) return session.fail(rows.faults());
  ServingFitQuestion question;
  question.names = flags.coefficients;
  question.leave_out = flags.leave_out;
  Session::progress("fitting");
  const auto fit = fit_serving(*catalogue, *rows, question);
  if (!fit) return session.fail(fit.faults());
  session.print_text(format_serving_fit(*fit));
}

}  // namespace stargate
