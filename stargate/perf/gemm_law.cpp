// Evaluation is a walk over at most a dozen tiles with everything that does not depend on the shape worked out before.
#include "stargate/perf/gemm_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "stargate/base/check.hpp"
#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kDepthBlock = 64;    // elements of depth a kernel takes at once; also the least it works on
constexpr double kEnoughWaves = 4;    // of middling tiles, beyond which smaller ones are not tried
constexpr double kLeastSlice = 256;   // depth worth a slice of its own
constexpr double kOutputBytes = 2;    // results are 16 bits wide
constexpr double kPartialBytes = 4;   // partial sums of a slice are 32 bits wide

/// For positive values below 2^31; std::ceil is a library call on the plainest x86-64.
double whole(double x) {
  const double down = static_cast<double>(static_cast<std::int32_t>(x));
  return down < x ? down + 1 : down;
}

double fourth_power(double x) { return (x * x) * (x * x); }

/// The greater of two, rounded off where they are close.
double eighth_norm(double a, double b) {
  const double greater = std::max(a, b), ratio = fourth_power(std::min(a, b) / greater);
  return greater * std::sqrt(std::sqrt(std::sqrt(1 + ratio * ratio)));
}

/// Share of `bytes` found in a cache that keeps about 1 / inverse of them: all far below, none far above.
double share_found(double bytes, double inverse) { return 1 / (1 + fourth_power(bytes * inverse)); }

struct NamedFormat {
  const char* name;
  GemmFormat format;
};

// nvfp4 has one 8-bit scale for 16 elements, mxfp4 for 32. Weight-only formats multiply in 16 bits.
constexpr std::array kFormats = {
    NamedFormat{"bf16", {Precision::bf16, 2, 2, false}},
    NamedFormat{"fp16", {Precision::bf16, 2, 2, false}},
    NamedFormat{"fp8", {Precision::fp8, 1, 1, true}},
    NamedFormat{"fp8_block", {Precision::fp8, 1, 1, true}},
    NamedFormat{"mxfp8", {Precision::fp8, 1.03125, 1.03125, true}},
    NamedFormat{"nvfp4", {Precision::fp4, 0.5625, 0.5625, true}},
    NamedFormat{"mxfp4", {Precision::fp4, 0.53125, 0.53125, true}},
    NamedFormat{"int8", {Precision::int8, 1, 1, true}},
    NamedFormat{"int8_weight", {Precision::bf16, 2, 1, false}},
    NamedFormat{"int4_weight", {Precision::bf16, 2, 0.5, false}},
};

/// A tile of the family, and the rows and columns up to which another of it does the same with less.
struct FamilyTile {
  double rows, columns, beyond_rows, beyond_columns;
};
constexpr std::array kFamily = {
    FamilyTile{256, 128, 128, 0}, FamilyTile{128, 256, 0, 128}, FamilyTile{128, 128, 64, 64},
    FamilyTile{128, 64, 64, 0},   FamilyTile{64, 128, 0, 64},   FamilyTile{64, 64, 16, 32},
    FamilyTile{64, 32, 16, 0},    FamilyTile{16, 64, 0, 32},    FamilyTile{16, 32, 0, 0}};

struct TilingField {
  const char* name;
  double GemmTiling::*member;
};
constexpr std::array kTilingFields = {
    TilingField{"tile_rows_64", &GemmTiling::rows_64},   TilingField{"tile_columns_64", &GemmTiling::columns_64},
    TilingField{"tile_rows_128", &GemmTiling::rows_128}, TilingField{"tile_columns_128", &GemmTiling::columns_128},
    TilingField{"tile_rows", &GemmTiling::rows},         TilingField{"tile_columns", &GemmTiling::columns},
    TilingField{"tile_cluster", &GemmTiling::cluster}};

}  // namespace

const GemmFormat* find_gemm_format(const std::string& name) {
  const std::string base = name.substr(0, name.find('.'));
  for (const NamedFormat& known : kFormats) {
    if (base == known.name) return &known.format;
  }
  return nullptr;
}

GemmDevice gemm_device(const Accelerator& accelerator, Precision precision) {
  GemmDevice device;
  device.units = kernel_units(accelerator);
  device.peak = accelerator.peak_rate(precision).base() * 1e-6;
  device.bandwidth = accelerator.memory_bandwidth.base() * 1e-6;
  device.cache = accelerator.last_level_cache.value_or(Bytes{}).base();
  device.clock = accelerator.clock.base() * 1e-6;
  return device;
}

const std::vector<GemmField>& gemm_fields() {
  using C = GemmCoefficients;
  static const std::vector<GemmField> fields = {
      {"launch", "1000 clocks", "start and drain of a launch", 5, 1, 80, &C::launch},
      {"peak_share", "1", "share of the data-sheet rate the matrix units reach before clocks fall", 0.9, 0.15, 1,
       &C::peak_share},
      {"throttle", "1", "share by which time grows when the matrix units are always busy: clocks held by power", 0.15,
       0, 1, &C::throttle},
      {"bandwidth_share", "1", "share of the data-sheet memory bandwidth", 0.8, 0.3, 1, &C::bandwidth_share},
      {"feed", "B/clock", "operands a compute unit takes from cache; what is multicast counts for each receiver", 70, 4,
       400, &C::feed},
      {"store", "B/clock", "results a compute unit writes at the end of a tile", 30, 2, 400, &C::store},
      {"latency", "clocks", "time of 64 elements of depth that a pipeline cannot hide", 100, 0, 800, &C::latency},
      {"wave_share", "1", "share of a partly filled last wave that is lost", 0.3, 0, 1, &C::wave_share},
      {"edge_share", "1", "share lost of what tiles stick out over the matrix", 0.8, 0, 1, &C::edge_share},
      {"split", "1000 clocks", "splitting the depth: the second pass that adds the slices", 6, 0.4, 200, &C::split},
      {"weight_residency", "1", "share of the last-level cache in which repeated calls find their weights again", 0.05,
       0.002, 1, &C::weight_residency},
      {"activation_residency", "1", "share of the last-level cache that keeps activations and results", 0.5, 0.01, 1,
       &C::activation_residency},
      {"unhidden", "1", "share of the lesser of tiles and memory that the greater does not hide", 0.3, 0, 1,
       &C::unhidden},
      {"row", "clocks", "quantising activations: least time a row", 6, 0, 80, &C::row},
      {"quantise_share", "1", "quantising activations: share of the memory bandwidth (above 1: from cache)", 0.5, 0.01,
       3, &C::quantise_share},
      {"host_us", "us", "floor set by the host that launches", 100, 5, 1000, &C::host_us},
  };
  return fields;
}

GemmCoefficients read_gemm_coefficients(const std::map<std::string, double>& values) {
  GemmCoefficients out;
  for (const GemmField& field : gemm_fields()) {
    if (const auto it = values.find(field.name); it != values.end()) out.*field.member = it->second;
  }
  for (const TilingField& field : kTilingFields) {
    if (const auto it = values.find(field.name); it != values.end()) out.tiling.*field.member = it->second;
  }
  return out;
}

std::map<std::string, double> write_gemm_coefficients(const GemmCoefficients& coefficients) {
  std::map<std::string, double> out;
  for (const GemmField& field : gemm_fields()) out[field.name] = coefficients.*field.member;
  if (coefficients.tiling.searched()) return out;
  for (const TilingField& field : kTilingFields) out[field.name] = coefficients.tiling.*field.member;
  return out;
}

GemmLaw::GemmLaw(const GemmDevice& device, const GemmFormat& format, const GemmCoefficients& coefficients)
    : device_(device), format_(format), coefficients_(coefficients) {
  STARGATE_CHECK(device.peak > 0 && device.bandwidth > 0 && device.units >= 1, "a device with a rate for the format");
  const GemmTiling& tiling = coefficients.tiling;
  launch_us_ = coefficients.launch * 1e3 / device.clock;
  split_us_ = coefficients.split * 1e3 / device.clock;
  row_us_ = coefficients.row / device.clock;
  per_unit_ = 1 / device.units;
  per_byte_ = 1 / (device.bandwidth * coefficients.bandwidth_share);
  per_flop_ = 1 / (device.peak * coefficients.peak_share);
  per_quantised_byte_ = 1 / (device.bandwidth * coefficients.quantise_share);
  const double cache = std::max(device.cache, 1.0);
  weight_cache_ = 1 / (cache * std::max(coefficients.weight_residency, 1e-9));
  activation_cache_ = 1 / (cache * std::max(coefficients.activation_residency, 1e-9));
  if (tiling.searched()) {
    for (const FamilyTile& tile : kFamily) {
      family_.push_back(make_tile(tile.rows, tile.columns));
      family_.back().beyond_rows = tile.beyond_rows, family_.back().beyond_columns = tile.beyond_columns;
    }
  } else {
    family_ = {make_tile(tiling.rows_64, tiling.columns_64), make_tile(tiling.rows_128, tiling.columns_128),
               make_tile(tiling.rows, tiling.columns, tiling.cluster)};
  }
  per_depth_ = least_finish_ = 1e300;
  for (const Tile& tile : family_) {
    per_depth_ = std::min(per_depth_, tile.per_wave * tile.step);
    least_finish_ = std::min(least_finish_, tile.finish);
  }
}

/// Tiles share out evenly among all units; weights come from memory where next to none are found in the cache.
double GemmLaw::least_microseconds(double m, double n, double k) const {
  constexpr double kRounding = 1 - 1e-7;  // and what is found in a cache of a hundredth of the weights
  const double depth = std::max(k, kDepthBlock), weights = n * k * format_.weight_bytes;
  const double body = m * n * depth * per_depth_ + least_finish_;
  const double memory = weights * weight_cache_ > 100 ? weights * per_byte_ : 0;
  const double work = std::max(body, memory) + coefficients_.unhidden * std::min(body, memory);
  const double quantise =
      format_.quantises ? std::max(m * row_us_, m * k * (2 + format_.activation_bytes) * per_quantised_byte_) : 0;
  return (launch_us_ + quantise + work) * kRounding;
}

GemmLaw::Tile GemmLaw::make_tile(double rows, double columns, double cluster) const {
  // Microseconds of one element of depth on one unit: arithmetic; operands from cache; what the pipeline cannot hide.
  // The greatest of the three binds, rounded off where two are close.
  const double matrix = 2 * rows * columns * per_flop_ * device_.units;
  const double operands =
      (rows * format_.activation_bytes + columns * format_.weight_bytes) / (coefficients_.feed * device_.clock);
  const double latency = coefficients_.latency / (device_.clock * kDepthBlock);
  const double area = rows * columns;
  return {.rows = rows,
          .columns = columns,
          .area = area,
          .per_wave = per_unit_ / area,
          .per_row = 1 / (rows * cluster),
          .per_column = 1 / columns,
          .cluster = cluster,
          .beyond_rows = 0,
          .beyond_columns = 0,
          .step = eighth_norm(eighth_norm(matrix, operands), latency),
          .finish = area * kOutputBytes / (coefficients_.store * device_.clock),
          .merge = area * kPartialBytes / (coefficients_.feed * device_.clock)};
}

GemmLaw GemmLaw::with_cold_weights() const {
  GemmCoefficients cold = coefficients_;
  cold.weight_residency = 0;
  return {device_, format_, cold};
}

/// Of the equations in gemm_law.hpp: waves of tiles, or slices of the depth where tiles fill at most half of the units.
double GemmLaw::tile_time(const Tile& tile, double m, double n, double k) const {
  const double edge = coefficients_.edge_share, wave = coefficients_.wave_share;
  // Tiles that stick out over the matrix do their work for nothing as far as edge_share says; at least one each way.
  const double down = m * tile.per_row, across = n * tile.per_column;
  const double tiles = tile.cluster * std::max(1.0, down + edge * (whole(down) - down)) *
                       std::max(1.0, across + edge * (whole(across) - across));
  const double filled = tiles * per_unit_;
  // A last wave that is not full still takes a wave's time, as far as wave_share says.
  const double waves = filled <= 1 ? 1 : filled + wave * (whole(filled) - filled);
  const double one = waves * (tile.step * k + tile.finish);
  // Splitting the depth helps where more than half of the units would stand idle and the depth gives two slices;
  // kernels with tiles by rule do not split.
  if (filled > 0.5 || k < 2 * kLeastSlice || !coefficients_.tiling.searched()) return one;
  // Slices work side by side; what then adds them up reads them one after the other.
  const double most = std::min(device_.units / tiles, k / kLeastSlice);
  // The derivative of step k / s + s merge vanishes at s = sqrt(step k / merge).
  const double slices = std::min(most, std::sqrt(tile.step * k / tile.merge));
  if (slices < 2) return one;
  return std::min(one, tile.step * k / slices + tile.finish + tile.merge * slices + split_us_);
}

/// Lower bounds spare most of the family its exact time.
double GemmLaw::body_time(double m, double n, double k) const {
  if (!coefficients_.tiling.searched()) return tile_time(family_[m <= 64 ? 0 : m <= 128 ? 1 : 2], m, n, k);
  double best = 1e300;
  for (const Tile& tile : family_) {
    // A smaller tile of the family covers so few rows or columns with less.
    if (m <= tile.beyond_rows || n <= tile.beyond_columns) continue;
    const double filled = m * n * tile.per_wave, walk = tile.step * k;  // without the edges: no slower than this
    // A lower bound of tile_time: no edges, no partial wave. Split, no less than all units sharing the walk.
    const double one = std::max(filled, 1.0) * (walk + tile.finish);
    const double split = filled > 0.5 ? one : walk * filled + tile.finish + split_us_;
    if (std::min(one, split) < best) best = std::min(best, tile_time(tile, m, n, k));
    // Waves of smaller tiles would only read more.
    if (filled > kEnoughWaves && tile.area <= 128 * 128) break;
  }
  return best;
}

/// See gemm_law.hpp; `traffic` is `missed`.
double GemmLaw::microseconds(double m, double n, double k) const {
  const GemmCoefficients& c = coefficients_;
  const double depth = std::max(k, kDepthBlock);
  const double body = body_time(m, n, depth);
  const double weights = n * k * format_.weight_bytes;
  const double activations = m * k * format_.activation_bytes + m * n * kOutputBytes;
  const double traffic = weights * (1 - share_found(weights, weight_cache_)) +
                         activations * (1 - share_found(activations, activation_cache_));
  const double memory = traffic * per_byte_;
  double work = std::max(body, memory) + c.unhidden * std::min(body, memory);
  // Power rises with use and the clock falls with power: nearly nothing at half use, `throttle` at full use.
  const double busy = std::min(1.0, 2 * m * n * k * per_flop_ / work);
  work *= 1 + c.throttle * busy * busy * busy;
  double quantise = 0;
  if (format_.quantises) {
    // Reads 16 bits and writes the narrow format; few long rows are bound by the time of a row, many by bandwidth.
    quantise = std::max(m * row_us_, m * k * (2 + format_.activation_bytes) * per_quantised_byte_);
  }
  const double device = launch_us_ + quantise + work;
  if (!(c.host_us > 0)) return device;
  // The host launches the next call while this one runs: the longer of both counts.
  return eighth_norm(device, c.host_us);
}

}  // namespace stargate
