// How long out[m,n] = a[m,k] w[k,n] takes on one device, as GPU libraries do it: output tiles spread over the compute
// units, each walking the depth k, in one launch.
//   t      = max8(host, launch + quantise + work (1 + throttle u^3))
//   work   = max(body, memory) + unhidden min(body, memory)
//   body   = min over tiles (r x c) and slices s of the depth of
//            waves (step(r, c) k / s + r c store) + [s > 1] (split + s merge(r, c))
//   step   = max8(2 r c / rate, (a r + w c) / feed, latency): an element of depth on one unit: matrix unit,
//            operands from cache, pipeline
//   waves  = tiles / units, at least 1, between smooth and whole by `wave_share`; tiles count edges between exact and
//            whole by `edge_share` (libraries with kernels of many shapes waste less)
//   memory = (activations not in cache + weights not in cache) / bandwidth
//   u      = time the matrix units need at the least / work: clocks fall when they are all busy (power)
// Tiles: the best of a small family (cuBLAS, cuBLASLt and autotuned kernels search), or given by the number of rows
// (CUTLASS as vLLM and SGLang call it). Quantise: the launch before that turns 16-bit activations into 8 or 4 bits.
// Sources of the form: NVIDIA, "Matrix Multiplication Background User's Guide" (tile and wave quantisation); M. Osama
// et al., "Stream-K", PPoPP 2023 (splitting the depth); S. Williams et al., "Roofline", CACM 2009 (the two sides).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// Bytes an element takes, and which peak applies.
struct GemmFormat {
  Precision precision = Precision::bf16;          ///< of the matrix units
  double activation_bytes = 2, weight_bytes = 2;  ///< of an element, scales of blocks included
  bool quantises = false;  ///< the measured operation includes turning 16-bit activations into this format
};

/// The format of a name used in tables and calibrations ("bf16", "fp8", "fp8_block", "nvfp4", "int8_weight", ...; what
/// follows a dot is ignored), or null. Bytes an element include the scales of block formats: 0.5625 of nvfp4 is 4 bits
/// and an 8-bit scale for 16.
const GemmFormat* find_gemm_format(const std::string& name);

/// Facts of a device a law needs, in microseconds, bytes and flops.
struct GemmDevice {
  double units = 1;      ///< as in kernel_units.hpp
  double peak = 0;       ///< flop a microsecond, of the precision
  double bandwidth = 0;  ///< bytes a microsecond
  double cache = 0;      ///< bytes of the last level
  double clock = 0;      ///< clocks a microsecond
};
/// Where the catalogue names no units, clock or cache, usual ones.
GemmDevice gemm_device(const Accelerator& accelerator, Precision precision);

/// Tiles by the number of rows: up to 64, up to 128, more. Columns of 0: the best of a family instead. Rows and columns
/// in elements; found by the fit among those the library is compiled with.
struct GemmTiling {
  double rows_64 = 64, columns_64 = 0;    ///< of the tile for up to 64 rows
  double rows_128 = 64, columns_128 = 0;  ///< for up to 128 rows
  double rows = 128, columns = 0;         ///< for more
  double cluster = 1;  ///< tiles of the last kind that work as one down the rows: edges are as coarse as all of them
  bool searched() const { return !(columns > 0); }
};

struct GemmCoefficients {
  double launch = 5;             ///< thousand clocks: start and drain of a launch
  double peak_share = 0.9;       ///< of the data-sheet rate, before clocks fall
  double throttle = 0.15;        ///< share by which time grows when the matrix units are always busy
  double bandwidth_share = 0.8;  ///< of the data-sheet memory bandwidth
  double feed = 70;              ///< bytes a clock a unit takes from cache; multicast counts for each receiver
  double store = 30;             ///< bytes a clock a unit writes of its finished tile
  double latency = 100;     ///< clocks of 64 elements of depth when nothing else limits: what a pipeline cannot hide
  double wave_share = 0.3;  ///< of a partly filled last wave that is lost
  double edge_share = 0.8;  ///< of what tiles stick out over the matrix that is lost
  double split = 6;         ///< thousand clocks: the second pass that adds slices of the depth
  double weight_residency = 0.01;     ///< share of the cache in which repeated calls find their weights again
  double activation_residency = 0.5;  ///< likewise, what was just written or read by others
  double unhidden = 0.3;              ///< share of the lesser of tiles and memory that the greater does not hide
  double row = 0;                     ///< clocks; quantising: least time a row
  double quantise_share = 1;          ///< quantising: share of the memory bandwidth
  double host_us = 0;                 ///< floor set by the host that launches
  GemmTiling tiling;
};

/// Names, meanings and physical bounds, for fits, files and pages. `unit` as calibration files write it.
struct GemmField {
  const char* name;
  const char* unit;
  const char* meaning;
  /// Where a fit begins, and the bounds it cannot leave.
  double start, lower, upper;
  double GemmCoefficients::*member;
};
const std::vector<GemmField>& gemm_fields();

/// By the names of gemm_fields() and "tile_rows_64", ...; what is missing keeps its default.
GemmCoefficients read_gemm_coefficients(const std::map<std::string, double>& values);
std::map<std::string, double> write_gemm_coefficients(const GemmCoefficients& coefficients);

/// Immutable and thread-safe; a call is some dozen multiplications.
class GemmLaw {
 public:
  GemmLaw(const GemmDevice& device, const GemmFormat& format, const GemmCoefficients& coefficients);

  /// Microseconds. All three at least 1. m rows of activations, n columns, depth k. Weights are as warm as repeated
  /// measurements find them.
  double microseconds(double m, double n, double k) const;
  /// No more than microseconds(), for a few multiplications: tells that a law cannot be the fastest.
  double least_microseconds(double m, double n, double k) const;
  Duration time(double m, double n, double k) const { return microseconds(m, n, k) * microsecond; }
  /// The same with weights read from memory, as in a model whose layers follow each other. Benchmarks repeat one
  /// product and find its weights in the cache; a model's layers follow each other and do not.
  GemmLaw with_cold_weights() const;
  const GemmFormat& format() const { return format_; }

 private:
  struct Tile {
    /// Those named per_ are inverses, so that evaluation multiplies.
    double rows, columns, area, per_wave, per_row, per_column, cluster;
    double beyond_rows, beyond_columns;  ///< up to which another tile does the same with less
    double step, finish, merge;  ///< microseconds of one element of depth; of writing the tile; of adding up one slice
  };
  Tile make_tile(double rows, double columns, double cluster = 1) const;  ///< with all that depends on the tile alone
  /// Microseconds of all tiles, without memory.
  double tile_time(const Tile& tile, double m, double n, double k) const;
  double body_time(double m, double n, double k) const;  ///< of the best tile, or the rule's

  GemmDevice device_;
  GemmFormat format_;
  GemmCoefficients coefficients_;
  std::vector<Tile> family_;                          ///< largest first; by rows: up to 64, up to 128, more
  double launch_us_ = 0, split_us_ = 0, row_us_ = 0;  ///< coefficients at this device's clock
  double per_unit_ = 0, per_byte_ = 0, per_flop_ = 0, per_quantised_byte_ = 0;  ///< microseconds, but the first
  double per_depth_ = 0, least_finish_ = 0;  ///< of the best tile with all units busy, a result and depth; of a tile
  double weight_cache_ = 0, activation_cache_ = 0;                              ///< 1 / bytes
};

}  // namespace stargate
