// How long an operator takes on a device: launch, compute and memory, each with an efficiency that depends on the
// shape.
//   gemm       t = launch + max(flops / rate(m,n,k), bytes / (share * bandwidth))
//              rate = peak * best * tiles/(waves * units) * k/(k + k_half)      (tile and wave quantisation, pipeline
//              fill)
//   attention  t = launch + max(flops / (peak * share_attention), cache bytes / (share * bandwidth))
//   others     t = launch + bytes / (share * bandwidth)
// The coefficients are of a device and come from the catalogue and the literature (DeviceCoefficients); fitted ones
// will replace them without a change to any caller. `origin` says which of these a time rests on.
#pragma once

#include <array>

#include "stargate/catalogue/hardware.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// What a predicted time rests on, from best to worst.
enum class LawOrigin { fitted, carried_over, specification };
const char* law_origin_name(LawOrigin origin);

struct DeviceCoefficients {
  Duration launch = 4 * microsecond;  ///< start and drain of one kernel in a captured graph
  double best_gemm = 0.8;             ///< best share of peak over shapes, where no measurement of the device exists
  double k_half = 256;                ///< depth at which a tile's pipeline has half its rate lost to fill and drain
  double tile = 128;                  ///< rows and columns of an output tile (fewer rows when m is small)
  double memory_share = 0.88;         ///< of the peak bandwidth a stream reaches
  double attention_forward = 0.6, attention_backward = 0.48;  ///< share of peak, long sequences
  LawOrigin origin = LawOrigin::specification;
};

/// Why an operator takes as long as it does: the larger of the two, after the launch.
struct OperatorTime {
  Duration launch, compute, memory;
  Duration total() const { return launch + max(compute, memory); }
  bool memory_bound() const { return memory >= compute; }
};

/// Literature values for a vendor's devices; sources in the .cpp.
DeviceCoefficients literature_coefficients(const Accelerator& accelerator);

class DeviceLaw {
 public:
  DeviceLaw(const Accelerator& accelerator, const DeviceCoefficients& coefficients);
  explicit DeviceLaw(const Accelerator& accelerator) : DeviceLaw(accelerator, literature_coefficients(accelerator)) {}

  Duration operator_time(const Operator& op) const { return operator_parts(op).total(); }
  OperatorTime operator_parts(const Operator& op) const;
  /// Both gradients of an operator: twice the products of a gemm, 2.5 times those of attention, twice the traffic.
  Duration backward_time(const Operator& op) const;
  Duration gemm_time(Precision precision, double m, double n, double k, double groups = 1) const {
    return gemm_parts(precision, m, n, k, groups).total();
  }
  Duration stream_time(Bytes traffic) const;

  FlopRate peak(Precision precision) const { return peak_[static_cast<std::size_t>(precision)]; }
  ByteRate stream_bandwidth() const { return stream_bandwidth_; }
  LawOrigin origin() const { return coefficients_.origin; }

 private:
  OperatorTime gemm_parts(Precision precision, double m, double n, double k, double groups) const;
  OperatorTime attention_parts(const AttentionCall& call, double flop_factor, double share) const;

  DeviceCoefficients coefficients_;
  std::array<FlopRate, kPrecisionCount> peak_{};
  std::array<double, kPrecisionCount> best_{};
  ByteRate stream_bandwidth_;
  double units_ = 1;
};

}  // namespace stargate
