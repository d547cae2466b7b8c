// The calibrated laws of one lender's kernels on one device: the device's own kernels, those of a chip of its
// architecture, or what the kernels of another architecture would take on it. Weights and caches are cold, as in a
// model whose layers follow each other, and launches come from a captured graph.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "stargate/perf/attention_law.hpp"
#include "stargate/perf/gemm_law.hpp"
#include "stargate/perf/hyper_connection_law.hpp"
#include "stargate/perf/kernel_groups.hpp"
#include "stargate/perf/law_basis.hpp"
#include "stargate/perf/literature_law.hpp"
#include "stargate/perf/mla_law.hpp"
#include "stargate/perf/moe_law.hpp"
#include "stargate/perf/operator.hpp"
#include "stargate/perf/recurrent_law.hpp"
#include "stargate/perf/sparse_law.hpp"

namespace stargate {

/// What one lender has for a device, a list a law.
struct KernelGroups {
  std::vector<ChosenGroup> gemm, prefill, decode, latent_prefill, latent_decode, experts, recurrent, sparse, mixing,
      encoder, exchanged;
};

/// What a lender's law says of a call: no time where it has none.
struct KernelTime {
  double us = 0;
  LawOrigin origin = LawOrigin::specification;  ///< of the coefficients

  bool known() const { return us > 0; }
  /// The lesser of two, of those that are known.
  friend KernelTime least(const KernelTime& a, const KernelTime& b) {
    return b.known() && (!a.known() || b.us < a.us) ? b : a;
  }
};

class KernelLaws {
 public:
  KernelLaws() = default;
  KernelLaws(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels,
             const KernelGroups& groups);

  bool has_gemm(Precision precision) const { return gemm_[index_of(precision)].has_value(); }
  KernelTime gemm_time(Precision precision, const GemmShape& shape) const;
  /// No more microseconds than that law says, for a fraction of its cost; 0 without a law.
  double least_gemm_us(Precision precision, const GemmShape& shape) const;
  double gemm_launch_us(Precision precision) const { return gemm_launch_us_[index_of(precision)]; }
  /// Whether the time of a product contains casting its activations from 16 bits.
  bool casts(Precision precision) const;
  KernelTime attention_time(const AttentionCall& call, bool decode) const;
  /// As least_gemm_us, of decoding over caches of keys and values; 0 of anything else.
  double least_decode_us(const AttentionCall& call) const;
  bool has_experts(Precision precision) const { return !experts_[index_of(precision)].empty(); }
  /// Of the fused kernel that is fastest at the shape, as engines choose theirs; an imbalance beyond the skew of
  /// routing is in the call's tokens.
  KernelTime experts_time(const MoeShape& shape, const RoutedLoad& load, Precision precision) const;
  /// The same of a kernel that takes the tokens to their experts' ranks and brings them back as well; nothing where the
  /// engine has none.
  KernelTime exchanged_experts_time(const MoeShape& shape, const RoutedLoad& load, Precision precision) const;
  bool has_exchanged_experts(Precision precision) const { return !exchanged_[index_of(precision)].empty(); }
  /// Walks count a decoding step and its convolution apart: where they are one kernel, its time is the step's and the
  /// convolution's is next to nothing.
  KernelTime recurrent_time(const RecurrentCall& call) const;
  /// Without a law for one width of the cache that for the other serves.
  KernelTime sparse_time(const SparseCall& call) const;
  KernelTime mixing_time(const MixingCall& call) const;

  /// Of each law there is.
  const std::vector<LawBasis>& basis() const { return basis_; }

 private:
  static std::size_t index_of(Precision precision) { return static_cast<std::size_t>(precision); }
  void calibrate_gemm(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                      const KernelChoice& kernels);
  void calibrate_attention(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                           const std::vector<ChosenGroup>& decode);
  void calibrate_latent(const Accelerator& accelerator, const KernelGroups& groups);
  struct ExpertLaw {
    MoeCoefficients coefficients;
    MoeDevice device;
    MoeFormat format;
    LawOrigin origin;
  };
  /// By precision; of each the kernels an engine takes the fastest of.
  using ExpertLaws = std::array<std::vector<ExpertLaw>, kPrecisionCount>;
  void calibrate_experts(const Accelerator& accelerator, const Catalogue& catalogue,
                         const std::vector<ChosenGroup>& groups, const KernelChoice& kernels, ExpertLaws& laws);
  static KernelTime fastest_experts(const std::vector<ExpertLaw>& laws, const MoeShape& shape, const RoutedLoad& load);
  void calibrate_recurrent(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  void calibrate_sparse(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  void calibrate_mixing(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  void calibrate_encoder(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups);
  void note_basis(const ChosenGroup& chosen, const Accelerator& accelerator);
  KernelTime latent_time(const AttentionCall& call, bool decode) const;
  KernelTime encoder_time(const AttentionCall& call) const;

  std::array<std::optional<GemmLaw>, kPrecisionCount> gemm_;  ///< by precision
  std::array<double, kPrecisionCount> gemm_launch_us_{};      ///< of the same
  std::array<LawOrigin, kPrecisionCount> gemm_origin_{};
  ExpertLaws experts_, exchanged_;
  std::optional<AttentionLaw> attention_;                        ///< all groups of prefill and decode
  LawOrigin prefill_origin_{}, decode_origin_{};  ///< the worst of its groups
  template <class Coefficients>
  struct LatentLaw {
    Coefficients coefficients;
    MlaDevice device;
    MlaFormat format;
    LawOrigin origin;
  };
  std::array<std::optional<LatentLaw<MlaPrefillCoefficients>>, 2> latent_prefill_;  // 16-bit cache, 8-bit cache
  std::array<std::optional<LatentLaw<MlaDecodeCoefficients>>, 2> latent_decode_;
  struct RecurrentLaw {
    RecurrentCoefficients coefficients;
    RecurrentDevice device;
    LawOrigin origin;
  };
  using RecurrentLaws = std::array<std::optional<RecurrentLaw>, kRecurrentKernelCount>;
  std::array<RecurrentLaws, kRecurrentRuleCount> recurrent_, recurrent_verify_;  // of one new token, of several
  struct SparseLaw {
    SparseCoefficients coefficients;
    SparseDevice device;
    LawOrigin origin;
  };
  /// By family; prefill and decode; 16-bit cache, 8-bit cache.
  std::array<std::array<std::array<std::optional<SparseLaw>, 2>, 2>, kSparseFamilyCount> sparse_;
  struct MixingLaw {
    MixingCoefficients coefficients;
    MixingDevice device;
    LawOrigin origin;
  };
  std::array<std::optional<MixingLaw>, 2> mixing_;  ///< behind a branch, before it
  struct EncoderLaw {
    PrefillCoefficients coefficients;
    AttentionDevice device;
    double head_dim;  ///< of the heads it was measured on; other widths take the nearest
    int rows;         ///< fitted to
    LawOrigin origin;
  };
  std::vector<EncoderLaw> encoder_;  ///< attention that is not causal, by width
  std::vector<LawBasis> basis_;
};

}  // namespace stargate
