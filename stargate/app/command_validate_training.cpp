// Reads the table and the catalogue, reports every fault of both.
#include "stargate/app/command_validate_training.hpp"

#include <fmt/format.h>

#include "stargate/measured/training_validation.hpp"

namespace stargate {

void validate_training(Session& session, const ValidateTrainingFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  const auto rows = load_measured_rows(session.files, flags.file);
  if (!rows) return session.fail(rows.faults());
  const auto validation = validate_training(*catalogue, *rows, static_cast<std::size_t>(flags.worst));
  if (!flags.rows.empty()) {
    if (!session.write(flags.rows, format_training_validation_csv(validation))) return;
    Session::progress(fmt::format("wrote {}", flags.rows));
  }
  flags.json ? session.print_data(format_training_validation_json(validation))
             : session.print_text(format_training_validation_text(validation));
}

}  // namespace stargate
