// The field tables of calibrations, and the writing of their files.
#include "stargate/catalogue/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace stargate {

namespace {

/// Takes the next word, which blanks end, off `text`.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// "m 1 to 64, n 8 to 16" as visit(m, {1, 64}), visit(n, {8, 16}); a fault when a part has not `count` numbers, at most
/// two. A catalogue holds thousands of such texts, so they are cut in place.
template <class Visit>
void visit_parts(Reader& reader, const Node& node, std::size_t count, const std::string& due, const Visit& visit) {
  const std::string* text = read_scalar(reader, node, due);
  if (text == nullptr) return;
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view words = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(words.size() + 1, rest.size()));
    const std::string_view name = take_word(words);
    std::array<double, 2> numbers{};
    std::size_t found = 0;
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
      if (word == "to") continue;
      double number = 0;
      const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(number)) {
        return reader.fault(node, "'" + std::string(word.substr(0, 60)) + "' is not a number", "write " + due);
      }
      if (found < numbers.size()) numbers[found] = number;
      ++found;
    }
    if (name.empty() || found != count) {
      return reader.fault(node,
                          "'" + std::string(name.substr(0, 60)) + "' has not " + std::to_string(count) +
                              " numbers behind it",
                          "write " + due);
    }
    visit(name, numbers);
  }
}

}  // namespace

/// Files have the names in order: each goes in at the end.
void Codec<NamedNumbers>::read(Reader& reader, const Node& node, NamedNumbers& out, const Rule&) {
  visit_parts(reader, node, 1, type_text(), [&](std::string_view name, const std::array<double, 2>& numbers) {
    out.insert_or_assign(out.end(), std::string(name), numbers[0]);
  });
}

void Codec<std::map<std::string, ShapeRange>>::read(Reader& reader, const Node& node,
                                                    std::map<std::string, ShapeRange>& out, const Rule&) {
  visit_parts(reader, node, 2, type_text(), [&](std::string_view name, const std::array<double, 2>& numbers) {
    out.insert_or_assign(out.end(), std::string(name), ShapeRange{numbers[0], numbers[1]});
  });
}

void Codec<ErrorSummary>::read(Reader& reader, const Node& node, ErrorSummary& out, const Rule&) {
  double rows = 0;
  const std::pair<const char*, double*> fields[] = {{"rows", &rows},
                                                    {"median_pct", &out.median_pct},
                                                    {"mean_pct", &out.mean_pct},
                                                    {"p90_pct", &out.p90_pct},
                                                    {"bias_pct", &out.bias_pct}};
  visit_parts(reader, node, 1, type_text(), [&](std::string_view name, const std::array<double, 2>& numbers) {
    const auto field = std::find_if(std::begin(fields), std::end(fields), [&](const auto& f) { return name == f.first; });
    if (field == std::end(fields)) {
      return reader.fault(node, "'" + std::string(name.substr(0, 60)) + "' is not one of its figures");
    }
    *field->second = numbers[0];
  });
  out.rows = static_cast<int>(std::clamp(rows, 0.0, 2e9));
}

const RecordTable<CoefficientText>& CoefficientText::table() {
  using C = CoefficientText;
  static const auto table = RecordTable<C>("coefficient", "What a coefficient is, and where it may lie.")
                                .required("unit", &C::unit, "Its unit; 1 for a share.")
                                .required("meaning", &C::meaning, "What it stands for.")
                                .required("lower", &C::lower, "It is never below.")
                                .required("upper", &C::upper, "It is never above.");
  return table;
}

const RecordTable<CalibratedGroup>& CalibratedGroup::table() {
  using G = CalibratedGroup;
  static const auto table =
      RecordTable<G>("calibrated group", "Coefficients for one engine, version and precision.")
          .required("engine", &G::engine, "Software whose kernels were measured.")
          .required("version", &G::version, "Its version.")
          .required("precision", &G::precision, "Number format, and what else sets the group apart.")
          .required("coefficients", &G::coefficients,
                    "Value of each coefficient; 0 for a term the group does not have.")
          .required("fitted_on", &G::fitted_on, "Range of each shape among the rows.")
          .required("used", &G::used, "Error on the rows fitted to.")
          .required("held_out", &G::held_out, "Error on the rows kept back (every fourth).")
          .optional("skipped", &G::skipped, "Rows left out by rule, by reason.", not_negative);
  return table;
}

const RecordTable<Calibration>& Calibration::table() {
  using C = Calibration;
  static const auto table =
      record_fields<C>("calibration", "A law's coefficients for one device, as `stargate calibrate` fits them.")
          .required("device", &C::device, "Id of the accelerator.")
          .required("law", &C::law, "Name of the law.")
          .required("date", &C::date, "Day of the fit.")
          .required("coefficients", &C::coefficients, "Meaning, unit and bounds of each coefficient.")
          .optional("left_out", &C::left_out, "Error on all rows with the coefficients that other devices lend.")
          .required("groups", &C::groups, "Values for each engine, version and precision.");
  return table;
}

namespace {

/// Six significant digits: far below any coefficient's own uncertainty, and the same text on every machine.
std::string number(double value) { return fmt::format("{:.6g}", value); }
std::string percent(double value) { return fmt::format("{:.2f}", std::abs(value) < 0.005 ? 0.0 : value); }

std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string format_errors(const ErrorSummary& e) {
  return fmt::format("rows {}, median_pct {}, mean_pct {}, p90_pct {}, bias_pct {}", e.rows, percent(e.median_pct),
                     percent(e.mean_pct), percent(e.p90_pct), percent(e.bias_pct));
}

std::string format_group(const CalibratedGroup& group) {
  std::string coefficients, ranges, out;
  for (const auto& [name, value] : group.coefficients) {
    coefficients += fmt::format("{}{} {}", coefficients.empty() ? "" : ", ", name, number(value));
  }
  for (const auto& [name, range] : group.fitted_on) {
    ranges += fmt::format("{}{} {} to {}", ranges.empty() ? "" : ", ", name, number(range.low), number(range.high));
  }
  out += fmt::format("  - engine: {}\n    version: {}\n    precision: {}\n", in_quotes(group.engine),
                     in_quotes(group.version), in_quotes(group.precision));
  out += "    coefficients: " + in_quotes(coefficients) + "\n    fitted_on: " + in_quotes(ranges) + "\n";
  out += "    used: " + format_errors(group.used) + "\n    held_out: " + format_errors(group.held_out) + "\n";
  if (!group.skipped.empty()) out += "    skipped:\n";
  for (const auto& [reason, rows] : group.skipped) out += fmt::format("      {}: {}\n", in_quotes(reason), rows);
  return out;
}

}  // namespace

/// By hand and not by a YAML library, so that the same fit gives the same bytes.
std::string format_calibration(const Calibration& c) {
  std::string out =
      "# Written by `stargate calibrate`: fitted, not chosen. Change the law or the data, not this file.\n";
  out += fmt::format("name: {}\ndevice: {}\nlaw: {}\ndate: {}\n", in_quotes(c.name), c.device, c.law, c.date);
  if (!c.notes.empty()) out += "notes: " + in_quotes(c.notes) + "\n";
  out += "sources:\n";
  for (const auto& [field, note] : c.sources) {
    const bool assumed = !note.assumption.empty();
    out +=
        fmt::format("  {}: {}\n", in_quotes(field),
                    assumed ? "{assumption: " + in_quotes(note.assumption) + "}" : "[" + format_source_note(note) + "]");
  }
  out += "coefficients:\n";
  for (const auto& [name, text] : c.coefficients) {
    out += fmt::format("  {}:\n    unit: {}\n    meaning: {}\n    lower: {}\n    upper: {}\n", name, in_quotes(text.unit),
                       in_quotes(text.meaning), number(text.lower), number(text.upper));
  }
  if (c.left_out) out += "left_out: " + format_errors(*c.left_out) + "\n";
  out += "groups:\n";
  for (const auto& group : c.groups) out += format_group(group);
  return out;
}

}  // namespace stargate
