// Two kinds of libraries are tried: one that searches tiles, and ones that take a tile by the number of rows, each of a
// short list of tilings that CUTLASS kernels have; the least robust loss wins, a searched library on near ties.
#include "stargate/calibration/gemm_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "stargate/base/check.hpp"
#include "stargate/calibration/fit_rows.hpp"
#include "stargate/calibration/group_choice.hpp"

namespace stargate {
namespace {

constexpr double kFastest = 1.08;           // of the data-sheet rate: clocks may stand this much above those it assumes
constexpr double kHuber = 0.03;             // what counts is the median error
constexpr double kDisturbed = 2;            // times what two larger calls take
constexpr double kHostBound = 25;           // microseconds; no launch from a captured graph takes as long
constexpr double kClearlyBetter = 0.97;     // of the searched library's loss, for a tiling by rows
constexpr std::size_t kRowsToChoose = 500;  // enough to choose a tiling by
constexpr std::size_t kLeastRows = 20;      // a group of fewer is not fitted, unless its table has nothing else
constexpr std::size_t kLeastAlone = 4;      // then this many settle the launch and the share of the peak
constexpr std::size_t kFewRows = 6;         // and more what feeds the units and what the memory hides
constexpr double kUnexplained = 15;         // median percent: few rows that these leave so far off make no law

struct TileShape {
  double rows, columns, cluster;
};
constexpr std::array kSmallTiles = {TileShape{64, 64, 1},  TileShape{64, 128, 1},  TileShape{64, 256, 1},
                                    TileShape{16, 128, 1}, TileShape{128, 64, 1},  TileShape{128, 128, 1},
                                    TileShape{32, 64, 1},  TileShape{128, 256, 1}, TileShape{16, 64, 1}};
constexpr std::array kLargeTiles = {TileShape{128, 128, 1}, TileShape{128, 128, 2}, TileShape{128, 256, 1},
                                    TileShape{128, 256, 2}, TileShape{256, 128, 1}, TileShape{64, 128, 1},
                                    TileShape{64, 128, 2},  TileShape{64, 256, 1},  TileShape{128, 64, 1}};

/// One of the words a kernel's name has, for the group's name.
std::string kernel_word(const std::string& kernel_source) {
  std::string lower;
  for (const char c : kernel_source) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"deepgemm", "flashinfer", "triton", "cutlass", "marlin", "cublas"}) {
    if (lower.find(word) != std::string::npos) return word;
  }
  return lower;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// What a fit works on.
struct Problem {
  std::vector<GemmRow> rows;
  std::vector<double> measured;
  GemmDevice device;
  GemmFormat format;

  Problem(const std::vector<GemmRow>& all, const GemmDevice& d, const GemmFormat& f, std::size_t most)
      : device(d), format(f) {
    // Every stride-th row in file order: tables run through shapes in nested loops, so this keeps all of them
    // represented.
    const std::size_t stride = std::max<std::size_t>(1, (all.size() + most - 1) / most);
    for (std::size_t i = 0; i < all.size(); i += stride) {
      rows.push_back(all[i]);
      measured.push_back(all[i].microseconds);
    }
  }
};

struct Solution {
  GemmCoefficients coefficients;
  double loss = std::numeric_limits<double>::infinity();
};

/// Coefficients that these rows can tell; `launch` begins a little below the fastest call, which it cannot exceed by
/// much.
std::vector<Parameter> fitted_parameters(const Problem& problem, const GemmCoefficients& start) {
  // Even the fastest call waits for the host: the table was measured without a graph, and only then has host_us a
  // meaning.
  const bool host_bound = quantile(problem.measured, 0) > kHostBound;
  std::vector<Parameter> out;
  for (const GemmField& field : gemm_fields()) {
    const std::string name = field.name;
    if (!problem.format.quantises && (name == "row" || name == "quantise_share")) continue;
    if (!host_bound && name == "host_us") continue;
    // Kernels with tiles by rule do not split the depth.
    if (!start.tiling.searched() && name == "split") continue;
    const bool first = name == "launch" || name == "peak_share", second = name == "feed" || name == "unhidden";
    if (problem.rows.size() < kLeastRows && !first && !(second && problem.rows.size() >= kFewRows)) continue;
    Parameter parameter{name,        field.unit,  field.meaning,  start.*field.member,
                        field.lower, field.upper, field.lower > 0};
    if (name == "launch") {
      // In thousand clocks: microseconds times clocks a microsecond over a thousand.
      parameter.start = std::min(25.0, 0.8 * quantile(problem.measured, 0.01)) * problem.device.clock * 1e-3;
    }
    if (name == "host_us") parameter.start = quantile(problem.measured, 0.05);
    out.push_back(parameter);
  }
  return out;
}

GemmCoefficients with_values(GemmCoefficients coefficients, const std::vector<Parameter>& parameters,
                             std::span<const double> values) {
  for (const GemmField& field : gemm_fields()) {
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      if (parameters[j].name == field.name) coefficients.*field.member = values[j];
    }
  }
  return coefficients;
}

/// What is not among the fitted parameters (tiling, terms the rows cannot tell) keeps the start's value.
Solution solve_from(const Problem& problem, const GemmCoefficients& start, const FitSettings& settings) {
  const std::vector<Parameter> parameters = fitted_parameters(problem, start);
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const GemmLaw law(problem.device, problem.format, with_values(start, parameters, values));
    for (std::size_t i = 0; i < problem.rows.size(); ++i) {
      const GemmRow& row = problem.rows[i];
      predicted[i] = law.microseconds(row.m, row.n, row.k);
    }
  };
  const Fit fit = fit_parameters(parameters, predict, problem.measured, {}, settings);
  return {with_values(start, parameters, fit.values), fit.loss};
}

/// Tiles by rows: each of the three in turn takes the shape that leaves the least loss, twice around.
Solution choose_tiling(const Problem& problem) {
  // Comparing tilings needs no last digit: short descents from the best so far.
  const FitSettings quick{.huber = kHuber, .max_iterations = 12, .starts = 1};
  GemmCoefficients start;
  start.tiling = {64, 64, 64, 128, 128, 128, 1};
  Solution best = solve_from(problem, start, quick);
  const auto consider = [&](const GemmTiling& tiling) {
    GemmCoefficients next = best.coefficients;
    next.tiling = tiling;
    const Solution found = solve_from(problem, next, quick);
    if (found.loss < best.loss) best = found;
  };
  for (int round = 0; round < 2; ++round) {
    for (const TileShape& tile : kLargeTiles) {
      GemmTiling tiling = best.coefficients.tiling;
      tiling.rows = tile.rows, tiling.columns = tile.columns, tiling.cluster = tile.cluster;
      consider(tiling);
    }
    for (const TileShape& tile : kSmallTiles) {
      GemmTiling tiling = best.coefficients.tiling;
      tiling.rows_64 = tile.rows, tiling.columns_64 = tile.columns;
      consider(tiling);
      tiling = best.coefficients.tiling;
      tiling.rows_128 = tile.rows, tiling.columns_128 = tile.columns;
      consider(tiling);
    }
  }
  return best;
}

/// One format of a table: which rows, and why others are left out.
struct Group {
  std::string precision;
  GemmFormat format;
  std::vector<std::size_t> rows;  ///< of the table, those that count
  std::map<std::string, int> skipped;
};

/// Name of each row's group; empty where the law has no such format. The kernel is part of the name only where the
/// table has several for the format: then the choice belongs to the shape.
std::vector<std::string> group_names(const KernelTable& table) {
  const auto& formats = table.text("gemm_dtype");
  const bool has_source = table.texts.contains("kernel_source");
  std::map<std::string, std::map<std::string, int>> kernels;  // of a format
  for (std::size_t i = 0; i < table.rows; ++i) {
    ++kernels[formats[i]][has_source ? table.text("kernel_source")[i] : std::string()];
  }
  std::vector<std::string> out(table.rows);
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::string name = gemm_format_name(formats[i]);
    if (find_gemm_format(name) == nullptr) continue;
    out[i] = kernels[formats[i]].size() > 1 ? name + "." + kernel_word(table.text("kernel_source")[i]) : name;
  }
  return out;
}

GemmRow row_of(const KernelTable& table, std::size_t i) {
  return {table.number("m")[i], table.number("n")[i], table.number("k")[i], table.number("latency_ms")[i] * 1e3};
}

std::map<std::string, Group> groups_of(const KernelTable& table, const Accelerator& device) {
  const std::vector<std::string> names = group_names(table);
  std::map<std::string, Group> groups;
  for (std::size_t i = 0; i < table.rows; ++i) {
    if (!names[i].empty()) groups[names[i]].rows.push_back(i);
  }
  for (auto& [name, group] : groups) {
    group.precision = name;
    group.format = *find_gemm_format(name);
    std::vector<GemmRow> rows;
    for (const std::size_t i : group.rows) rows.push_back(row_of(table, i));
    const auto reasons = broken_gemm_rows(rows, gemm_device(device, group.format.precision), group.format);
    std::vector<std::size_t> kept;
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (reasons[j].empty()) {
        kept.push_back(group.rows[j]);
      } else {
        ++group.skipped[reasons[j]];
      }
    }
    group.rows = kept;
  }
  return groups;
}

CalibratedGroup fit_group(const KernelTable& table, const Accelerator& device, const Group& group) {
  std::vector<GemmRow> used, held_out;
  CalibratedGroup out;
  for (std::size_t j = 0; j < group.rows.size(); ++j) {
    const GemmRow row = row_of(table, group.rows[j]);
    // Every fourth row is never seen by the fit and says what error to expect.
    (j % 4 == 3 ? held_out : used).push_back(row);
    for (const auto& [name, value] : {std::pair{"m", row.m}, {"n", row.n}, {"k", row.k}}) {
      widen(out.fitted_on, name, value);
    }
  }
  const GemmDevice facts = gemm_device(device, group.format.precision);
  const GemmCoefficients coefficients = fit_gemm_rows(used, facts, group.format);
  const GemmLaw law(facts, group.format, coefficients);
  out.law = "gemm", out.device = device.id, out.engine = table.engine, out.version = table.version;
  out.precision = group.precision;
  out.coefficients = write_gemm_coefficients(coefficients);
  const auto time_of = [&](const GemmRow& row) { return law.microseconds(row.m, row.n, row.k); };
  out.used = errors_of(used, time_of), out.held_out = errors_of(held_out, time_of);
  out.skipped = group.skipped;
  return out;
}

class GemmFit final : public LawFit {
 public:
  std::string law() const override { return "gemm"; }
  bool accepts(const KernelTable& table) const override {
    return table.table == "gemm" && table.texts.contains("gemm_dtype") && table.numbers.contains("m") &&
           table.numbers.contains("n") && table.numbers.contains("k");
  }
  std::vector<Parameter> parameters() const override;
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override;
  std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const override;
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override;
};

std::vector<Parameter> GemmFit::parameters() const {
  std::vector<Parameter> out;
  for (const GemmField& f : gemm_fields()) {
    out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, f.lower > 0});
  }
  for (const auto& [name, meaning] : {std::pair{"tile_rows_64", "rows of the tile for up to 64 rows"},
                                      {"tile_columns_64", "its columns; absent: tiles are searched"},
                                      {"tile_rows_128", "rows of the tile for 65 to 128 rows"},
                                      {"tile_columns_128", "its columns"},
                                      {"tile_rows", "rows of the tile for more rows"},
                                      {"tile_columns", "its columns"}}) {
    out.push_back({name, "1", meaning, 64, 16, 256, true, true});
  }
  out.push_back({"tile_cluster", "1", "tiles that work as one down the rows", 1, 1, 2, true, true});
  return out;
}

std::vector<CalibratedGroup> GemmFit::fit(const KernelTable& table, const Accelerator& device) const {
  std::vector<CalibratedGroup> out;
  const auto groups = groups_of(table, device);
  const auto is_large = [](const auto& group) { return group.second.rows.size() >= kLeastRows; };
  const std::size_t least = std::any_of(groups.begin(), groups.end(), is_large) ? kLeastRows : kLeastAlone;
  for (const auto& [name, group] : groups) {
    if (group.rows.size() < least) continue;
    CalibratedGroup fitted = fit_group(table, device, group);
    if (group.rows.size() < kLeastRows && fitted.used.median_pct > kUnexplained) continue;
    out.push_back(std::move(fitted));
  }
  return out;
}

std::vector<LawFit::Call> GemmFit::calls(const KernelTable& table, const Accelerator& device) const {
  const std::vector<std::string> names = group_names(table);
  std::vector<Call> out(table.rows, {{}, {}, "the law has no such format"});
  for (std::size_t i = 0; i < table.rows; ++i) {
    if (names[i].empty()) continue;
    const GemmFormat& format = *find_gemm_format(names[i]);
    const GemmRow row = row_of(table, i);
    out[i] = {{}, names[i], broken_gemm_rows({row}, gemm_device(device, format.precision), format)[0]};
    // Weight-only formats multiply in 16 bits: an operator of that precision would read twice the weights.
    if (out[i].reason.empty() && format.weight_bytes < bytes_per_element(format.precision)) {
      out[i].reason = "weights narrower than the product: no operator of this format";
    }
    if (!out[i].reason.empty()) continue;
    Operator op;
    op.precision = format.precision, op.m = row.m, op.n = row.n, op.k = row.k;
    out[i].operators = {op};
  }
  return out;
}

std::vector<LawFit::Prediction> GemmFit::predict(const KernelTable& table, const Accelerator& device,
                                                 const std::vector<CalibratedGroup>& groups) const {
  const std::vector<std::string> names = group_names(table);
  std::map<std::string, std::vector<std::size_t>> rows;
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  std::vector<Prediction> out(table.rows, {nothing, "", "the law has no such format"});
  for (std::size_t i = 0; i < table.rows; ++i) {
    if (!names[i].empty()) rows[names[i]].push_back(i);
  }
  for (const auto& [name, of_group] : rows) {
    const GemmFormat format = *find_gemm_format(name);
    const GemmDevice facts = gemm_device(device, format.precision);
    const CalibratedGroup* group = group_for(groups, name);
    std::vector<GemmRow> shapes;
    for (const std::size_t i : of_group) shapes.push_back(row_of(table, i));
    const auto reasons = broken_gemm_rows(shapes, facts, format);
    for (std::size_t j = 0; j < shapes.size(); ++j) {
      Prediction& p = out[of_group[j]];
      p = {nothing, group != nullptr ? group->precision : name, reasons[j]};
      if (!reasons[j].empty() || group != nullptr) continue;
      p.reason = "no coefficients of this format";
    }
    if (group == nullptr || !(facts.peak > 0)) continue;
    const GemmLaw law(facts, format, read_gemm_coefficients(group->coefficients));
    for (std::size_t j = 0; j < shapes.size(); ++j) {
      const GemmRow& s = shapes[j];
      if (reasons[j].empty()) out[of_group[j]].milliseconds = law.microseconds(s.m, s.n, s.k) * 1e-3;
    }
  }
  return out;
}

bool asks_no_less(const GemmRow& other, const GemmRow& row) {
  return other.m >= row.m && other.n >= row.n && other.k >= row.k;
}

}  // namespace

std::string gemm_format_name(const std::string& table_name) {
  if (table_name == "bfloat16") return "bf16";
  if (table_name == "float16" || table_name == "half") return "fp16";
  if (table_name == "sq") return "int8";
  if (table_name == "int8_wo") return "int8_weight";
  if (table_name == "int4_wo") return "int4_weight";
  return table_name;
}

std::vector<std::string> broken_gemm_rows(const std::vector<GemmRow>& rows, const GemmDevice& device,
                                          const GemmFormat& format) {
  std::vector<std::string> reasons(rows.size());
  const auto by_time = sort_by_time(rows, [&](std::size_t i) { return rows[i].microseconds > 0; });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const GemmRow& row = rows[i];
    const double flops = 2 * row.m * row.n * row.k;
    // The last-level cache may hold as much as its size from the call before; what is beyond must cross the memory's
    // bus.
    const double bytes = row.m * row.k * format.activation_bytes + row.n * row.k * format.weight_bytes +
                         row.m * row.n * 2 - device.cache;
    if (!(row.microseconds > 0) || !(row.m >= 1) || !(row.n >= 1) || !(row.k >= 1)) {
      reasons[i] = "no time or no shape";
    } else if (!(device.peak > 0)) {
      reasons[i] = "the device has no rate for this format";
    } else if (flops > row.microseconds * device.peak * kFastest) {
      reasons[i] = "faster than the matrix units can be";
    } else if (bytes > row.microseconds * device.bandwidth) {
      reasons[i] = "faster than the memory can be, its cache taken off";
    } else if (is_disturbed(by_time, row, kDisturbed, asks_no_less)) {
      reasons[i] = "disturbed: over twice the time of two calls that ask for no less";
    }
  }
  return reasons;
}

GemmCoefficients fit_gemm_rows(const std::vector<GemmRow>& rows, const GemmDevice& device, const GemmFormat& format) {
  STARGATE_CHECK(!rows.empty(), "a fit needs rows");
  const Problem few(rows, device, format, kRowsToChoose), all(rows, device, format, rows.size());
  const FitSettings quick{.huber = kHuber, .max_iterations = 25, .starts = 2};
  Solution best = solve_from(few, {}, quick);
  // Two kinds of library are compared by loss; a tiling by rows must be clearly better, since it has more structure to
  // fit with.
  best.loss *= kClearlyBetter;
  if (rows.size() >= kLeastRows) {
    const Solution by_rows = choose_tiling(few);
    if (by_rows.loss < best.loss) best = by_rows;
  }
  // The structure was chosen on a sample; the coefficients are fitted to all rows, from several starts.
  return solve_from(all, best.coefficients, {.huber = kHuber, .max_iterations = 60, .starts = 8}).coefficients;
}

std::unique_ptr<LawFit> make_gemm_fit() { return std::make_unique<GemmFit>(); }

}  // namespace stargate
