// Reads the table and the catalogue, reports every fault of both.
#include "stargate/app/command_validate_serving.hpp"

#include <fmt/format.h>

#include "stargate/measured/serving_validation.hpp"

namespace stargate {

void validate_serving(Session& session, const ValidateServingFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  const auto rows = load_measured_serving(session.files, flags.file);
  if (!rows) return session.fail(rows.faults());
  Session::progress(fmt::format("{} rows", rows->size()));
  const auto validation = validate_serving(*catalogue, *rows, static_cast<std::size_t>(flags.worst));
  if (!flags.rows.empty() && !session.write(flags.rows, format_serving_validation_csv(validation))) return;
  flags.json ? session.print_data(format_serving_validation_json(validation))
             : session.print_text(format_serving_validation_text(validation));
}

}  // namespace stargate
