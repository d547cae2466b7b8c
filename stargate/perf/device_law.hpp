// How long an operator takes on a device. Where the catalogue has coefficients fitted to measured kernels of the
// device, or of one whose coefficients carry over (law_choice.hpp), the calibrated laws answer (gemm_law.hpp and its
// like); where it has none, the data sheet and the literature do (literature_law.hpp). `origin` says which of these a
// time rests on.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stargate/perf/attention_law.hpp"
#include "stargate/perf/gemm_law.hpp"
#include "stargate/perf/kernel_groups.hpp"
#include "stargate/perf/law_basis.hpp"
#include "stargate/perf/literature_law.hpp"
#include "stargate/perf/mla_law.hpp"
#include "stargate/perf/moe_law.hpp"
#include "stargate/perf/operator.hpp"
#include "stargate/perf/power_law.hpp"
#include "stargate/perf/recurrent_law.hpp"
#include "stargate/perf/sparse_law.hpp"

namespace stargate {

class DeviceLaw {
 public:
  /// From the data sheet and what the literature says of the family; without one, of the usual chip.
  explicit DeviceLaw(const Accelerator& accelerator, const KernelShares& family = {});
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
  Duration stream_time(Bytes traffic) const { return literature_.stream_time(traffic); }
  /// Attention's backward pass: five products for the forward's two, each operation `slower` times as long.
  Duration backward_attention_time(const AttentionCall& call, double slower) const;
  /// Power while the operator runs (power_law.hpp) times its time.
  Energy operator_energy(const Operator& op) const;

  /// Whether the time of a product contains casting its activations from 16 bits.
  bool casts(Precision precision) const {
    const auto& law = gemm_[static_cast<std::size_t>(precision)];
    return law && law->format().quantises;
  }
  FlopRate peak(Precision precision) const { return literature_.peak(precision); }
  ByteRate stream_bandwidth() const { return literature_.stream_bandwidth(); }

  /// Of each calibrated law; empty when there is none.
  const std::vector<LawBasis>& basis() const { return basis_; }
  /// The worst of those that multiplications in `used` and bf16 rest on: specification when there is none.
  LawOrigin origin(std::span<const Precision> used = {}) const { return worst_origin(basis_, used); }

 private:
  OperatorTime gemm_parts(Precision precision, const GemmShape& shape) const;
  OperatorTime parts_of(Duration total, Duration launch, Flops flops, Bytes bytes, Precision precision) const;
  OperatorTime attention_parts(const AttentionCall& call) const;
  Duration experts_time(const ExpertCall& call, Precision precision) const;
  void calibrate_attention(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                           const std::vector<ChosenGroup>& decode);
  void calibrate_latent(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                        const std::vector<ChosenGroup>& decode);
  double latent_us(const AttentionCall& call, bool decode) const;
  void calibrate_recurrent(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  OperatorTime recurrent_parts(RecurrentCall call) const;
  void calibrate_sparse(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  OperatorTime sparse_parts(const SparseCall& call) const;
  void calibrate_experts(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                         const KernelChoice& kernels);
  void calibrate_gemm(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                      const KernelChoice& kernels);
  void note_basis(const ChosenGroup& chosen, const Accelerator& accelerator);

  LiteratureLaw literature_;
  PowerLaw power_;
  ByteRate bandwidth_;  // peak
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
  struct RecurrentLaw {
    RecurrentCoefficients coefficients;
    RecurrentDevice device;
  };
  using RecurrentLaws = std::array<std::optional<RecurrentLaw>, kRecurrentKernelCount>;
  std::array<RecurrentLaws, kRecurrentRuleCount> recurrent_, recurrent_verify_;  // of one new token, of several
  struct SparseLaw {
    SparseCoefficients coefficients;
    SparseDevice device;
  };
  /// By family; prefill and decode; 16-bit cache, 8-bit cache.
  std::array<std::array<std::array<std::optional<SparseLaw>, 2>, 2>, kSparseFamilyCount> sparse_;
  std::vector<LawBasis> basis_;
};

/// Of the law's own parts (law_basis.hpp).
inline std::string format_law_basis(const DeviceLaw& law, std::span<const Precision> used = {}) {
  return format_law_basis(law.basis(), used);
}

}  // namespace stargate
