// A file whose coefficients did not change keeps its date, so that calibrating twice changes nothing.
#include "stargate/questions/calibrate_kernels.hpp"

#include <fmt/format.h>

#include <ctime>

#include "stargate/base/text_table.hpp"
#include "stargate/calibration/calibrate.hpp"
#include "stargate/config/json_writer.hpp"

namespace stargate {
namespace {

struct KernelFits {
  CalibrationOutcome outcome;
  std::string folder;  ///< where the files go
};

/// In UTC. The only date an answer depends on, and it reaches only files whose content changed.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string percent(double value) { return fmt::format("{:.1f} %", value); }

int skipped_rows(const CalibratedGroup& group) {
  int rows = 0;
  for (const auto& [reason, count] : group.skipped) rows += count;
  return rows;
}

TextTable group_table(const CalibrationSet& calibrations) {
  TextTable table({{"device", Align::left},
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
  for (const auto& [id, calibration] : calibrations) {
    for (const auto& group : calibration.groups) {
      const auto& e = group.held_out;
      table.add_row({calibration.device, calibration.law, group.engine + " " + group.version, group.precision,
                     std::to_string(group.coefficients.size()), std::to_string(group.used.rows),
                     std::to_string(skipped_rows(group)), std::to_string(e.rows), percent(e.median_pct),
                     percent(e.mean_pct), percent(e.p90_pct), percent(e.bias_pct)});
    }
  }
  return table;
}

std::string fits_text(const KernelFits& fits) {
  const CalibrationSet& calibrations = fits.outcome.calibrations;
  TextTable left_out(
      {{"carried over to", Align::left}, {"law", Align::left}, {"rows"}, {"median"}, {"mean"}, {"bias"}});
  std::map<std::string, int> reasons;
  for (const auto& [id, calibration] : calibrations) {
    if (const auto& e = calibration.left_out) {
      left_out.add_row({calibration.device, calibration.law, std::to_string(e->rows), percent(e->median_pct),
                        percent(e->mean_pct), percent(e->bias_pct)});
    }
    for (const auto& group : calibration.groups) {
      for (const auto& [reason, rows] : group.skipped) reasons[reason] += rows;
    }
  }
  std::string out = "Error on rows held out of the fit\n" + group_table(calibrations).format();
  if (left_out.row_count() > 0) {
    out += "\nError on a device's rows with what other devices lend\n" + left_out.format();
  }
  TextTable skipped({{"rows left out of the fits because", Align::left}, {"rows"}});
  for (const auto& [reason, rows] : reasons) skipped.add_row({reason, std::to_string(rows)});
  if (!reasons.empty()) out += "\n" + skipped.format();
  for (const auto& [reason, rows] : fits.outcome.skipped) out += fmt::format("{} rows: {}\n", rows, reason);
  return out + format_bounds(fits.outcome.at_bounds) + fmt::format("{} files in {}\n", calibrations.size(), fits.folder);
}

void write_kernel_fits(JsonWriter& json, const KernelFits& fits) {
  json.member("schema_version", 1).member("folder", fits.folder).key("groups").begin_array();
  for (const auto& [id, calibration] : fits.outcome.calibrations) {
    for (const auto& group : calibration.groups) {
      const auto& e = group.held_out;
      json.begin_object().member("device", calibration.device).member("law", calibration.law);
      json.member("engine", group.engine).member("version", group.version).member("precision", group.precision);
      json.member("rows_used", group.used.rows).member("rows_left_out", skipped_rows(group));
      json.member("rows_held_out", e.rows).member("median_pct", e.median_pct).member("mean_pct", e.mean_pct);
      json.member("p90_pct", e.p90_pct).member("bias_pct", e.bias_pct).end_object();
    }
  }
  json.end_array();
}

/// Nothing when the file says the same already; keeps its day then.
std::optional<OutputFile> changed_file(const QuestionContext& context, const std::string& folder,
                                       Calibration calibration) {
  const std::string path = folder + "/" + calibration.id + ".yaml";
  const auto existing = context.files.read(path);
  if (existing.ok()) {
    const auto at = existing.value().find("\ndate: ");
    calibration.date = at == std::string::npos ? "" : existing.value().substr(at + 7, 10);
    if (format_calibration(calibration) == existing.value()) return std::nullopt;
  }
  calibration.date = today();
  return OutputFile{path, format_calibration(calibration), true};
}

}  // namespace

const AnswerFields& kernel_fit_fields() {
  static const AnswerFields fields{{"folder", "text", "Kernels: where the files of coefficients are"},
                                   {"groups[]/device", "text", "Id"},
                                   {"groups[]/law", "text", "Of which operators"},
                                   {"groups[]/engine", "text", "Whose kernels"},
                                   {"groups[]/version", "text", "Of the engine"},
                                   {"groups[]/precision", "text", "Of the operands"},
                                   {"groups[]/rows_used", "integer", "By the fit"},
                                   {"groups[]/rows_left_out", "integer", "Of the fit, each with a reason in the text"},
                                   {"groups[]/rows_held_out", "integer", "The error is of these"},
                                   {"groups[]/median_pct", "number", "Of the absolute relative errors"},
                                   {"groups[]/mean_pct", "number", "Of the absolute relative errors"},
                                   {"groups[]/p90_pct", "number", "Of the absolute relative errors"},
                                   {"groups[]/bias_pct", "number", "Median of the relative errors"}};
  return fields;
}

Result<Answer> calibrate_kernels(const CalibrateQuestion& q, const Catalogue& catalogue,
                                 const QuestionContext& context) {
  if (list_kernel_tables(*q.kernels).empty()) {
    return context.fault("kernels", "there are no kernel tables in " + *q.kernels,
                         "they are named DEVICE.TABLE.ENGINE-VERSION.csv");
  }
  KernelFits fits;
  fits.outcome = calibrate(catalogue, make_law_fits(catalogue), {*q.kernels, q.collectives.value_or(""), q.device, q.law},
                           [&](std::size_t done, std::size_t all, const std::string& name) {
                             context.progress(fmt::format("[{}/{}] {}", done, all, name));
                           });
  if (!fits.outcome.faults.empty()) return fits.outcome.faults;
  fits.folder = q.out.value_or(context.catalogue_folder + "/calibration");
  std::vector<OutputFile> files;
  for (const auto& [id, calibration] : fits.outcome.calibrations) {
    if (auto file = changed_file(context, fits.folder, calibration)) files.push_back(std::move(*file));
  }
  Answer answer = make_answer(AnswerKind::answered, std::move(fits), fits_text, write_kernel_fits);
  answer.files = std::move(files);
  return answer;
}

}  // namespace stargate
