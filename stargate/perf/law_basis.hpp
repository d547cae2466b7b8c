// What a device's times rest on: for each law, whose measured kernels, and the error to expect of them.
#pragma once

#include <span>
#include <string>

#include "stargate/perf/law_choice.hpp"

namespace stargate {

/// What one group of coefficients rests on.
struct LawBasis {
  std::string law, precision;  ///< "gemm", "fp8"
  LawOrigin origin = LawOrigin::specification;
  std::string lender;        ///< device or engine that coefficients are carried over from; empty when its own
  double expected_pct = -1;  ///< median error to expect; negative when not known
  int rows = 0;              ///< fitted to
};

/// The worst of those that multiplications in `used` and bf16 rest on: specification when there is none. Precisions
/// that are not used are not looked at.
LawOrigin worst_origin(std::span<const LawBasis> basis, std::span<const Precision> used);

/// "gemm fitted (4 %), decode_attention carried over from h200-sxm (11 %)", or "specification only": for each law the
/// worst origin among multiplications in `used` and bf16, and the median error to expect of it (mean by rows). Errors
/// without a measurement are left out of the text.
std::string format_law_basis(std::span<const LawBasis> basis, std::span<const Precision> used);

}  // namespace stargate
