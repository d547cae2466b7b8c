// Fits, writes a file for each device and law, and prints how well each fits rows it did not see. A file whose
// coefficients did not change keeps its date, so that calibrating twice changes nothing.
#include "stargate/app/command_calibrate.hpp"

#include <fmt/format.h>

#include <ctime>

#include "stargate/base/text_table.hpp"
#include "stargate/calibration/calibrate.hpp"

namespace stargate {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string percent(double value) { return fmt::format("{:.1f} %", value); }

void add_rows(TextTable& table, const Calibration& calibration) {
  for (const auto& group : calibration.groups) {
    const auto& e = group.held_out;
    int skipped = 0;
    for (const auto& [reason, rows] : group.skipped) skipped += rows;
    table.add_row({calibration.device, calibration.law, group.engine + " " + group.version, group.precision,
                   std::to_string(group.coefficients.size()), std::to_string(group.used.rows), std::to_string(skipped),
                   std::to_string(e.rows), percent(e.median_pct), percent(e.mean_pct), percent(e.p90_pct),
                   percent(e.bias_pct)});
  }
}

TextTable group_table() {
  return TextTable({{"device", Align::left},
                    {"law", Align::left},
                    {"engine", Align::left},
                    {"precision", Align::left},
                    {"coefficients"},
                    {"rows used"},
                    {"left out"},
                    {"held out"},
                    {"median"},
                    {"mean"},
                    {"p90"},
                    {"bias"}});
}

void print_summary(Session& session, const CalibrationSet& calibrations) {
  TextTable groups = group_table();
  TextTable left_out(
      {{"carried over to", Align::left}, {"law", Align::left}, {"rows"}, {"median"}, {"mean"}, {"bias"}});
  std::map<std::string, int> reasons;
  for (const auto& [id, calibration] : calibrations) {
    add_rows(groups, calibration);
    if (const auto& e = calibration.left_out) {
      left_out.add_row({calibration.device, calibration.law, std::to_string(e->rows), percent(e->median_pct),
                        percent(e->mean_pct), percent(e->bias_pct)});
    }
    for (const auto& group : calibration.groups) {
      for (const auto& [reason, rows] : group.skipped) reasons[reason] += rows;
    }
  }
  session.print_text(fmt::format("Error on rows held out of the fit\n{}", groups.format()));
  if (left_out.row_count() > 0) {
    session.print_text(fmt::format("\nError on a device's rows with what other devices lend\n{}", left_out.format()));
  }
  if (reasons.empty()) return;
  TextTable skipped({{"rows left out of the fits because", Align::left}, {"rows"}});
  for (const auto& [reason, rows] : reasons) skipped.add_row({reason, std::to_string(rows)});
  session.print_text(fmt::format("\n{}", skipped.format()));
}

/// Writes the file unless it says the same already; keeps its day then.
Check write_calibration(const Session& session, const std::string& folder, Calibration calibration) {
  const std::string path = folder + "/" + calibration.id + ".yaml";
  const auto existing = session.files.read(path);
  if (existing.ok()) {
    const auto at = existing.value().find("\ndate: ");
    calibration.date = at == std::string::npos ? "" : existing.value().substr(at + 7, 10);
    if (format_calibration(calibration) == existing.value()) return Done{};
  }
  calibration.date = today();
  return write_file(path, format_calibration(calibration));
}

}  // namespace

void calibrate_laws(Session& session, const CalibrateFlags& flags) {
  auto catalogue = load_catalogue(session.files, session.catalogue_folder);
  if (!catalogue) return session.fail(catalogue.faults());
  if (list_kernel_tables(flags.kernels).empty()) {
    return session.fail("there are no kernel tables in " + flags.kernels,
                        "they are named DEVICE.TABLE.ENGINE-VERSION.csv");
  }
  const auto outcome =
      calibrate(*catalogue, make_law_fits(), {flags.kernels, flags.collectives, flags.devices, flags.laws},
                [](std::size_t done, std::size_t all, const std::string& name) {
                  std::fprintf(stderr, "%s\n", fmt::format("[{}/{}] {}", done, all, name).c_str());
                });
  const std::string folder = flags.out.empty() ? session.catalogue_folder + "/calibration" : flags.out;
  for (const auto& [id, calibration] : outcome.calibrations) {
    if (const auto written = write_calibration(session, folder, calibration); !written.ok()) {
      return session.fail(written.faults());
    }
  }
  print_summary(session, outcome.calibrations);
  for (const auto& [reason, rows] : outcome.skipped) session.print_text(fmt::format("{} rows: {}\n", rows, reason));
  session.print_text(fmt::format("{} files in {}\n", outcome.calibrations.size(), folder));
  if (!outcome.faults.empty()) session.fail(outcome.faults);
}

}  // namespace stargate
