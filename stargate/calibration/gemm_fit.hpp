// Fits the GEMM law to the tables `gemm`: m, n, k, gemm_dtype and latency_ms. A group is a format and, where the table
// has several kernels for a format, the kernel ("fp8_block.deepgemm"): the engine chooses it by shape and device, and
// its host cost differs tenfold. Rows left out by rule: no time; a format that the law or the device has no rate for;
// faster than the chip can be; disturbed, which is over twice the time of two calls that ask for no less.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/gemm_law.hpp"

namespace stargate {

/// One measured product.
struct GemmRow {
  double m = 0, n = 0, k = 0, microseconds = 0;  ///< rows, columns, depth; of one product
};

/// "bfloat16" as "bf16", "sq" (SmoothQuant) as "int8", "int8_wo" as "int8_weight"; others as they are.
std::string gemm_format_name(const std::string& table_name);

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_gemm_rows(const std::vector<GemmRow>& rows, const GemmDevice& device,
                                          const GemmFormat& format);

/// Coefficients from all rows given (none held out). Tiles: searched, or the rule by rows that explains them best.
GemmCoefficients fit_gemm_rows(const std::vector<GemmRow>& rows, const GemmDevice& device, const GemmFormat& format);

/// The fit behind LawFit, law "gemm".
std::unique_ptr<LawFit> make_gemm_fit();

}  // namespace stargate
