// Number formats of weights, activations and caches, and the bytes an element takes with its share of scales.
#pragma once

#include "stargate/config/codec.hpp"

namespace stargate {

/// By what the matrix units multiply; tf32 is fp32 in memory.
enum class Precision { fp32, tf32, bf16, fp8, int8, fp4, int4 };
inline constexpr int kPrecisionCount = 7;

/// fp4 counts NVFP4's one fp8 scale for 16 elements (0.5625 B); block-scaled fp8 scales (1/128^2) are left out.
constexpr double bytes_per_element(Precision precision) {
  switch (precision) {
    case Precision::fp32:
    case Precision::tf32:
      return 4;
    case Precision::bf16:
      return 2;
    case Precision::fp8:
    case Precision::int8:
      return 1;
    case Precision::fp4:
      return 0.5625;
    case Precision::int4:
      return 0.5;
  }
  return 4;
}

template <>
struct EnumNames<Precision> {
  static constexpr std::pair<const char*, Precision> names[] = {
      {"fp32", Precision::fp32}, {"tf32", Precision::tf32}, {"bf16", Precision::bf16}, {"fp8", Precision::fp8},
      {"int8", Precision::int8}, {"fp4", Precision::fp4},   {"int4", Precision::int4}};
};

/// As files and flags write it.
constexpr const char* precision_name(Precision precision) {
  for (const auto& [name, value] : EnumNames<Precision>::names) {
    if (value == precision) return name;
  }
  return "?";
}

}  // namespace stargate
