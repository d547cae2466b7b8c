// How long an operator takes on a device nobody has measured, from its data sheet and what the literature says of its
// family (catalogue/architectures/):
//   gemm       t = launch + max(flops / rate(m,n,k), bytes / (memory_share bandwidth))
//              rate = peak best tiles / (waves units) k / (k + k_half)   (tile and wave quantisation, pipeline fill)
//              of a layer's experts: rate times expert_rate, bandwidth times expert_stream
//   attention  t = launch + max(flops / (peak attention_forward), cache bytes / (memory_share bandwidth))
//   others     t = launch + bytes / (memory_share bandwidth)
// `best` is the accelerator's own best_share times usual_shape where it is known, else the family's best_gemm. After
// S. Williams et al., "Roofline", CACM 2009.
#pragma once

#include <array>

#include "stargate/catalogue/architecture.hpp"
#include "stargate/catalogue/hardware.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Why an operator takes as long as it does: the larger of the two, after the launch.
struct OperatorTime {
  /// Compute and memory run beside each other, after the launch.
  Duration launch, compute, memory;
  Duration total() const { return launch + max(compute, memory); }
  bool memory_bound() const { return memory >= compute; }
};

/// [m,k] by [k,n], `groups` of them side by side.
struct GemmShape {
  double m, n, k, groups;  ///< rows, columns, depth; products side by side
};

/// Bytes an operator has to move: each input and output once (outputs in 16 bits), a cache once for every sequence.
/// Weights once a call, whatever their number of rows.
double gemm_bytes(Precision precision, const GemmShape& shape);
double attention_bytes(const AttentionCall& call);

/// Immutable; a call is a few multiplications.
class LiteratureLaw {
 public:
  /// `family` is the architecture's record, or the usual chip's shares. All of it is copied.
  LiteratureLaw(const Accelerator& accelerator, const KernelShares& family);

  OperatorTime gemm_parts(Precision precision, const GemmShape& shape) const;
  /// The same of a layer's experts, whose many small products reach less.
  OperatorTime expert_parts(Precision precision, const GemmShape& shape) const;
  /// Of the forward pass.
  OperatorTime attention_parts(const AttentionCall& call) const;
  /// Of a kernel of a recurrent layer or of sparse attention: products at the rate of attention's. A first guess until
  /// such a kernel is measured: an assumption, not a published figure.
  OperatorTime core_parts(Flops flops, Bytes bytes) const;
  Duration stream_time(Bytes traffic) const { return family_.launch + traffic / stream_bandwidth_; }
  Duration launch() const { return family_.launch; }
  ByteRate stream_bandwidth() const { return stream_bandwidth_; }
  /// How much longer an operation of attention's backward pass takes than one of its forward pass.
  double backward_slower() const { return family_.attention_forward / family_.attention_backward; }
  FlopRate peak(Precision precision) const { return peak_[static_cast<std::size_t>(precision)]; }

 private:
  KernelShares family_;
  std::array<FlopRate, kPrecisionCount> peak_{};  ///< by precision
  std::array<double, kPrecisionCount> best_{};    ///< share of it that large products reach
  ByteRate stream_bandwidth_;                     ///< memory_share of the data sheet's
  double units_ = 1;                              ///< compute units
};

}  // namespace stargate
