// How long an operator takes on a device, after what is known of it:
//   measured     coefficients fitted to kernels of the device, of its architecture or its family (law_choice.hpp)
//   typical      nobody measured its family: the median of what the kernels of every measured architecture would take
//                on it, each weighed by how near its chips are; for a low or high confidence the 84 or 16 % quantile
//   literature   shares of the data sheet (literature_law.hpp): families known from whole runs, and element-wise work
// In each case no more than
//   - the time on another device of the catalogue that is no better in any figure that bears on it (dominance.hpp): its
//     kernels can be run as they are;
//   - the time in a wider format: engines take the wider kernel where their narrow one is slower.
// `origin` says which of these a time rests on.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stargate/perf/kernel_laws.hpp"
#include "stargate/perf/literature_law.hpp"
#include "stargate/perf/power_law.hpp"

namespace stargate {

class LawShelf;

/// Made once for a device and an engine (some milliseconds), asked millions of times: evaluation allocates nothing and
/// is thread-safe. Owns all it needs: accelerator and catalogue may go.
class DeviceLaw {
 public:
  /// From the data sheet and what the literature says of the family; without one, of the usual chip.
  explicit DeviceLaw(const Accelerator& accelerator, const KernelShares& family = {});
  /// With the calibrated laws of the engine's kernels.
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels);
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const std::string& engine)
      : DeviceLaw(accelerator, catalogue, KernelChoice{engine, false, false}) {}

  Duration operator_time(const Operator& op) const { return operator_parts(op).total(); }
  /// Launch, and of arithmetic and traffic the one that binds with what is left of the time; the other as it would take
  /// alone.
  OperatorTime operator_parts(const Operator& op) const;
  /// From now on times that rest on it are `factor` times as long (law_shares.hpp).
  void stretch(LawOrigin origin, double factor) { stretch_[static_cast<std::size_t>(origin)] = factor; }
  /// Both gradients of an operator: twice the products of a gemm, 2.5 times those of attention, twice the traffic.
  Duration backward_time(const Operator& op) const;
  /// Of [m,k] by [k,n], `groups` of them side by side.
  Duration gemm_time(Precision precision, double m, double n, double k, double groups = 1) const {
    return gemm_parts(precision, {m, n, k, groups}).total();
  }
  Duration stream_time(Bytes traffic) const {
    return stretch_of(LawOrigin::specification) * literature_.stream_time(traffic);
  }
  /// Attention's backward pass: five products for the forward's two, each operation `slower` times as long.
  Duration backward_attention_time(const AttentionCall& call, double slower) const;
  /// From now on kernels run on and on: each takes as much longer as the power limit lowers its clock (power_law.hpp).
  /// `activity`: what their tensors switch over what the inputs of kernel benchmarks do; 0: bursts, as at first.
  void set_activity(double activity);
  /// Power while the operator runs (power_law.hpp) times its time.
  Energy operator_energy(const Operator& op) const;
  /// Of one kernel that takes a layer's tokens to their experts' ranks of one scale-up domain, multiplies there and
  /// brings them back, as DeepGEMM's for DeepSeek-V4 does; nothing where the engine has none for the format.
  std::optional<Duration> exchanged_experts_time(const ExpertCall& call, Precision precision) const;

  /// Whether products rest on measured kernels, the device's own or others'.
  bool measured(Precision precision) const;
  /// Whether the time of a product contains casting its activations from 16 bits.
  bool casts(Precision precision) const;
  FlopRate peak(Precision precision) const { return literature_.peak(precision); }
  /// What element-wise kernels reach of the memory's bandwidth, not the data sheet's figure.
  ByteRate stream_bandwidth() const { return literature_.stream_bandwidth(); }

  /// Which time of the lenders' is taken.
  Confidence confidence() const { return confidence_; }
  /// Of each calibrated law; empty when there is none.
  const std::vector<LawBasis>& basis() const { return basis_; }
  /// The worst of those that multiplications in `used` and bf16 rest on: specification when there is none.
  LawOrigin origin(std::span<const Precision> used = {}) const { return worst_origin(basis_, used); }

 private:
  enum class Alone { yes };  ///< without looking at other devices
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels, Alone);
  DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels, LawShelf& shelf);
  /// From the shelf where the accelerator is as its file has it.
  static std::shared_ptr<const DeviceLaw> make_alone(const Accelerator& accelerator, const Catalogue& catalogue,
                                                     const KernelChoice& kernels, LawShelf& shelf);

  double stretch_of(LawOrigin origin) const { return stretch_[static_cast<std::size_t>(origin)]; }
  OperatorTime stretched(OperatorTime time) const;
  /// What `time_of` says of each lender, as one; nothing when none says anything.
  template <class TimeOf>
  KernelTime typical_time(const TimeOf& time_of) const;
  void note_typical();
  OperatorTime gemm_parts(Precision precision, const GemmShape& shape) const;        ///< bounded by devices no better
  OperatorTime gemm_parts_alone(Precision precision, const GemmShape& shape) const;  ///< own, typical or literature
  KernelTime gemm_kernel(Precision precision, const GemmShape& shape) const;
  /// No more microseconds than gemm_parts_alone and attention_parts_alone take; 0 where that is not known.
  double least_gemm_us(Precision precision, const GemmShape& shape) const;
  double least_gemm_us_in(Precision precision, const GemmShape& shape) const;  ///< without wider formats
  double least_attention_us(const AttentionCall& call) const;
  struct Work {
    Flops flops;  ///< of the operator
    Bytes bytes;  ///< it has to move at the least
    Precision precision;
    double draw = 1;  ///< of an operation, over that of a product's
  };
  double slowdown(Duration time, const Work& work) const;                          ///< by the power limit, at least 1
  OperatorTime parts_of(const KernelTime& burst, Duration launch, const Work& work) const;
  Duration sustain(Duration burst, const Work& work) const;                        ///< of a measured kernel
  OperatorTime sustain(OperatorTime listed, const Work& work) const;               ///< of the literature's rates
  OperatorTime attention_parts(const AttentionCall& call) const;
  OperatorTime attention_parts_alone(const AttentionCall& call) const;
  OperatorTime attention_bounded(const AttentionCall& call) const;
  KernelTime attention_kernel(const AttentionCall& call) const;
  OperatorTime recurrent_parts(const RecurrentCall& call) const;
  OperatorTime recurrent_parts_alone(const RecurrentCall& call) const;
  OperatorTime sparse_parts(const SparseCall& call) const;
  OperatorTime sparse_parts_alone(const SparseCall& call) const;
  OperatorTime mixing_parts(const MixingCall& call) const;
  OperatorTime mixing_parts_alone(const MixingCall& call) const;
  bool knows_experts(Precision precision) const;  ///< somebody measured fused experts in it
  KernelTime experts_kernel(const ExpertCall& call, Precision precision) const;
  KernelTime experts_alone(const MoeShape& shape, const RoutedLoad& load, Precision precision) const;
  KernelTime exchanged_alone(const MoeShape& shape, const RoutedLoad& load, Precision precision) const;

  LiteratureLaw literature_;                      ///< where nothing was measured
  PowerLaw power_;                                ///< what the limit does to clocks
  double activity_ = 0;                           ///< 0: bursts
  ByteRate bandwidth_;                            // peak
  std::array<bool, kPrecisionCount> has_rate_{};  // matrix units of the format
  KernelLaws own_;                                ///< of the device, its architecture or family
  struct Lender {
    KernelLaws laws;    ///< on this device's figures
    double weight = 1;  ///< of an architecture, by how near its chips are (law_choice.hpp)
  };
  /// Copies share them.
  class Lenders {
   public:
    void push_back(Lender lender) { list_->push_back(std::move(lender)); }
    auto begin() const { return std::as_const(*list_).begin(); }
    auto end() const { return std::as_const(*list_).end(); }

   private:
    std::shared_ptr<std::vector<Lender>> list_ = std::make_shared<std::vector<Lender>>();
  };
  Lenders lenders_;              ///< measured architectures that stand for an unmeasured one
  Confidence confidence_ = Confidence::mid;  ///< in the range of the lenders' times
  struct NoBetter {
    std::shared_ptr<const DeviceLaw> law;    ///< of a device that is no better
    std::array<bool, kPrecisionCount> in{};  ///< by the precision of an operator
  };
  std::vector<NoBetter> no_better_;  ///< each bounds the times from above
  std::vector<LawBasis> basis_;      ///< for answers: what the times rest on
  std::array<double, kLawOriginCount> stretch_{1, 1, 1, 1};  ///< by origin
};

/// Of the law's own parts (law_basis.hpp).
inline std::string format_law_basis(const DeviceLaw& law, std::span<const Precision> used = {}) {
  return format_law_basis(law.basis(), used);
}

}  // namespace stargate
