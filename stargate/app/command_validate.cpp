// Kernels against the laws of the catalogue.
#include "stargate/app/command_validate.hpp"

#include <fmt/format.h>

#include "stargate/calibration/calibrate.hpp"
#include "stargate/measured/validation_json.hpp"

namespace stargate {

void validate(Session& session, const ValidateFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  if (list_kernel_tables(flags.kernels).empty()) {
    return session.fail("there are no kernel tables in " + flags.kernels,
                        "they are named DEVICE.TABLE.ENGINE-VERSION.csv");
  }
  const KernelValidation question{{flags.kernels, flags.collectives, flags.devices, flags.laws},
                                  flags.leave_out,
                                  static_cast<std::size_t>(flags.worst)};
  const auto report = validate_kernels(*catalogue, make_law_fits(), question,
                                       [](std::size_t done, std::size_t all, const std::string& name) {
                                         Session::progress(fmt::format("[{}/{}] {}", done, all, name));
                                       });
  flags.json ? session.print_data(format_validation_json(report))
             : session.print_text(format_validation_text(report, "ms"));
}

}  // namespace stargate
