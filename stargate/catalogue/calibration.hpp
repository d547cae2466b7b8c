// What a fit leaves behind: the coefficients of one law for one (device, engine, precision), with the ranges and errors
// they rest on. A file of catalogue/calibration/ (DEVICE.LAW.yaml, written by `stargate calibrate`) holds all groups of
// one device and law; perf turns them into laws.
#pragma once

#include "stargate/base/statistics.hpp"
#include "stargate/catalogue/source.hpp"

namespace stargate {

/// Least and largest value of one shape (m, n, tokens, ...) among the rows fitted to: beyond it the law extrapolates.
struct ShapeRange {
  /// Over the rows the group was fitted to, both seen.
  double low = 0, high = 0;
};

/// Numbers by name, in a file one text: "launch_us 2.5, peak_share 0.91". There are thousands of them, and a document's
/// every node costs time at each start.
struct NamedNumbers : std::map<std::string, double> {
  using map::map;
  NamedNumbers(std::map<std::string, double> numbers) : map(std::move(numbers)) {}  // NOLINT: what fits make
};

struct CalibratedGroup {
  std::string law;        ///< "gemm", "prefill_attention", "decode_attention", "mla_prefill", "mla_decode", "moe", ...
  std::string device;     ///< id of the catalogue's accelerator: "h100-sxm"
  std::string engine;     ///< "vllm", "sglang", "trtllm", "nccl"
  std::string version;    ///< of the engine: "0.24.0"
  std::string precision;  ///< what the table calls it, normalised by the law: "bf16", "fp8", "fp8_block", "nvfp4", ...
  NamedNumbers coefficients;                    ///< by Parameter::name
  std::map<std::string, ShapeRange> fitted_on;  ///< shape -> least and most among the rows
  ErrorSummary used, held_out;                  ///< on rows used, and on the law's own split that was not
  std::map<std::string, int> skipped;           ///< reason -> rows left out by rule
  static const RecordTable<CalibratedGroup>& table();
};

/// One coefficient in words, once a file. `lower` and `upper` are physical bounds, in `unit`; a value at one says that
/// the law lacks something.
struct CoefficientText {
  std::string unit, meaning;    ///< for pages and files
  double lower = 0, upper = 0;  ///< physical bounds
  static const RecordTable<CoefficientText>& table();
};

/// One file of catalogue/calibration/.
struct Calibration : Record {
  std::string device, law;  ///< id of an accelerator; "gemm"
  std::string date;         ///< of the fit, as 2026-11-23
  /// Of all groups; a group may lack some.
  std::map<std::string, CoefficientText> coefficients;
  std::optional<ErrorSummary> left_out;  ///< when this device's rows are predicted by what others lend
  std::vector<CalibratedGroup> groups;   ///< their law and device are the file's
  static const RecordTable<Calibration>& table();
};

template <>
struct Codec<NamedNumbers> {
  static std::string type_text() { return "text of names and numbers, as \"launch_us 2.5, peak_share 0.91\""; }
  static void read(Reader& reader, const Node& node, NamedNumbers& out, const Rule& rule);
};
template <>
struct Codec<std::map<std::string, ShapeRange>> {
  static std::string type_text() { return "text of names and ranges, as \"m 1 to 65536, n 64 to 8192\""; }
  static void read(Reader& reader, const Node& node, std::map<std::string, ShapeRange>& out, const Rule& rule);
};
template <>
struct Codec<ErrorSummary> {
  static std::string type_text() { return "text, as \"rows 500, median_pct 4, mean_pct 6, p90_pct 13, bias_pct 0.5\""; }
  static void read(Reader& reader, const Node& node, ErrorSummary& out, const Rule& rule);
};

/// By id, "DEVICE.LAW".
using CalibrationSet = std::map<std::string, Calibration>;

/// The file of a calibration, as load_catalogue reads it back; same content, same bytes. YAML, coefficients with six
/// significant digits.
std::string format_calibration(const Calibration& calibration);

}  // namespace stargate
