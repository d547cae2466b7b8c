// How long an operator takes on a device. Where the catalogue has coefficients fitted to measured kernels of the
// device, or of one whose coefficients carry over (law_choice.hpp), the calibrated laws answer (gemm_law.hpp and its
// like); where it has none, this one does, from the data sheet and the literature (DeviceCoefficients):
//   gemm       t = launch + max(flops / rate(m,n,k), bytes / (share * bandwidth))
//              rate = peak * best * tiles/(waves * units) * k/(k + k_half)
//              (tile and wave quantisation, pipeline fill)
//   attention  t = launch + max(flops / (peak * share_attention), cache bytes / (share * bandwidth))
//   others     t = launch + bytes / (share * bandwidth)
// `origin` says which of these a time rests on.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stargate/perf/attention_law.hpp"
#include "stargate/perf/gemm_law.hpp"
#include "stargate/perf/law_choice.hpp"
#include "stargate/perf/mla_law.hpp"
#include "stargate/perf/moe_law.hpp"
#include "stargate/perf/operator.hpp"
#include "stargate/perf/power_law.hpp"

namespace stargate {

struct DeviceCoefficients {
  Duration launch = 4 * microsecond;  ///< start and drain of one kernel in a captured graph
  double best_gemm = 0.8;             ///< best share of peak over shapes, where no measurement of the device exists
  double usual_shape = 0.92;          ///< rate of the shapes of models over that of the best shape in a sweep
  double k_half = 256;                ///< depth at which a tile's pipeline has half its rate lost to fill and drain
  double tile = 128;                  ///< rows and columns of an output tile (fewer rows when m is small)
  double memory_share = 0.88;         ///< of the peak bandwidth a stream reaches
  double attention_forward = 0.6, attention_backward = 0.48;  ///< share of peak, long sequences
};

/// What one group of coefficients rests on.
struct LawBasis {
  std::string law, precision;  ///< "gemm", "fp8"
  LawOrigin origin = LawOrigin::specification;
  std::string lender;        ///< device or engine that coefficients are carried over from; empty when its own
  double expected_pct = -1;  ///< median error to expect; negative when not known
  int rows = 0;              ///< fitted to
};

/// Whose kernels are meant when nobody says: vLLM's, which calls the vendor's libraries and FlashAttention.
inline constexpr const char* kUsualEngine = "vllm";
/// Whose measured kernels stand for those of training frameworks: TensorRT-LLM multiplies with cuBLASLt and attends
/// with the vendor's own kernels, as Transformer Engine and cuDNN do.
inline constexpr const char* kTrainingKernels = "trtllm";

/// Why an operator takes as long as it does: the larger of the two, after the launch.
struct OperatorTime {
  Duration launch, compute, memory;
  Duration total() const { return launch + max(compute, memory); }
  bool memory_bound() const { return memory >= compute; }
};

/// Literature values for a vendor's devices; sources in the .cpp.
DeviceCoefficients literature_coefficients(const Accelerator& accelerator);

/// Whose kernels, and for which weights: fp8 with a scale for each block (DeepSeek) and 4 bits in the microscaling
/// format (gpt-oss) have kernels of their own.
struct KernelChoice {
  std::string engine = kUsualEngine;
  bool block_scaled = false, microscaled = false;
};

class DeviceLaw {
 public:
  DeviceLaw(const Accelerator& accelerator, const DeviceCoefficients& coefficients);
  explicit DeviceLaw(const Accelerator& accelerator) : DeviceLaw(accelerator, literature_coefficients(accelerator)) {}
  /// With the calibrated laws of the engine's kernels.
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels);
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const std::string& engine)
      : DeviceLaw(accelerator, catalogue, KernelChoice{engine, false, false}) {}

  Duration operator_time(const Operator& op) const { return operator_parts(op).total(); }
  OperatorTime operator_parts(const Operator& op) const;
  /// Both gradients of an operator: twice the products of a gemm, 2.5 times those of attention, twice the traffic.
  Duration backward_time(const Operator& op) const;
  Duration gemm_time(Precision precision, double m, double n, double k, double groups = 1) const {
    return gemm_parts(precision, {m, n, k, groups}).total();
  }
  Duration stream_time(Bytes traffic) const;
  /// Attention's backward pass: five products for the forward's two, each operation `slower` times as long.
  Duration backward_attention_time(const AttentionCall& call, double slower) const;
  /// Power while the operator runs (power_law.hpp) times its time.
  Energy operator_energy(const Operator& op) const;

  /// Whether the time of a product contains casting its activations from 16 bits.
  bool casts(Precision precision) const {
    const auto& law = gemm_[static_cast<std::size_t>(precision)];
    return law && law->format().quantises;
  }
  FlopRate peak(Precision precision) const { return peak_[static_cast<std::size_t>(precision)]; }
  ByteRate stream_bandwidth() const { return stream_bandwidth_; }

  /// Of each calibrated law; empty when there is none.
  const std::vector<LawBasis>& basis() const { return basis_; }
  /// The worst of those that multiplications in `used` and bf16 rest on: specification when there is none.
  LawOrigin origin(std::span<const Precision> used = {}) const;

 private:
  struct Shape {
    double m, n, k, groups;
  };
  OperatorTime gemm_parts(Precision precision, const Shape& shape) const;
  OperatorTime literature_gemm_parts(Precision precision, const Shape& shape) const;
  OperatorTime parts_of(Duration total, Duration launch, Flops flops, Bytes bytes, Precision precision) const;
  OperatorTime attention_parts(const AttentionCall& call) const;
  Duration experts_time(const ExpertCall& call, Precision precision) const;
  void calibrate_attention(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                           const std::vector<ChosenGroup>& decode);
  void calibrate_latent(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                        const std::vector<ChosenGroup>& decode);
  double latent_us(const AttentionCall& call, bool decode) const;
  void calibrate_experts(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                         const KernelChoice& kernels);
  void calibrate_gemm(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                      const KernelChoice& kernels);
  void note_basis(const ChosenGroup& chosen, const Accelerator& accelerator);
  OperatorTime literature_attention_parts(const AttentionCall& call, double flop_factor, double share) const;

  DeviceCoefficients coefficients_;
  PowerLaw power_;
  ByteRate bandwidth_;  // peak
  std::array<FlopRate, kPrecisionCount> peak_{};
  std::array<double, kPrecisionCount> best_{};
  ByteRate stream_bandwidth_;
  double units_ = 1;
  std::array<std::optional<GemmLaw>, kPrecisionCount> gemm_;
  std::array<Duration, kPrecisionCount> gemm_launch_{};
  struct ExpertLaw {
    MoeCoefficients coefficients;
    MoeDevice device;
    MoeFormat format;
  };
  std::array<std::optional<ExpertLaw>, kPrecisionCount> experts_;
  std::optional<AttentionLaw> attention_;
  template <class Coefficients>
  struct LatentLaw {
    Coefficients coefficients;
    MlaDevice device;
    MlaFormat format;
  };
  std::array<std::optional<LatentLaw<MlaPrefillCoefficients>>, 2> latent_prefill_;  // 16-bit cache, 8-bit cache
  std::array<std::optional<LatentLaw<MlaDecodeCoefficients>>, 2> latent_decode_;
  std::vector<LawBasis> basis_;
};

/// "gemm fitted (4 %), decode_attention carried over from h200-sxm (11 %)", or "specification only": for each law the
/// worst origin among multiplications in `used` and bf16, and the median error to expect of it (mean by rows).
std::string format_law_basis(const DeviceLaw& law, std::span<const Precision> used = {});

}  // namespace stargate
