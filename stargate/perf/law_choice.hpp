// Which calibrated coefficients a device's law takes, and what that makes its times worth. The rule, in this order:
//   1. the device itself; 2. a device of the same architecture; 3. one of the same family of architectures (TPUs).
// Among equals: the same engine, the nearest specification (sum of |log ratio| of peak, bandwidth, compute units and
// last-level cache), the nearest version. Of another architecture the nearest specification goes before the engine.
// Coefficients are shares of a specification or times of a generation, so the device that takes them scales them by its
// own specification. Other architectures' kernels are other programs: they lend only together, to a device that nobody
// near was measured of (lending_architectures), and what a unit takes from its cache is scaled by what it multiplies.
// Collectives are the network's: any chip of the vendor lends, the nearest first.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/law_origin.hpp"

namespace stargate {

/// What is asked of the calibrations.
struct LawQuery {
  std::string law;                        ///< "gemm"
  std::string engine = {}, version = {};  ///< empty: any
  std::string without = {};               ///< id of a device whose coefficients are not to be taken; empty: none
  std::string architecture = {};          ///< those of this one's devices that rest on many rows, not the rule's
  bool without_family = false;            ///< nothing of the device's own architecture or family
};

/// `group` points into the catalogue, which must outlive it.
struct ChosenGroup {
  const CalibratedGroup* group = nullptr;
  LawOrigin origin = LawOrigin::fitted;  ///< fitted on this very device and engine, or carried over
  /// Median error to expect, in percent: on rows held out of the fit, or, carried over, of the device it is taken from
  /// when its own coefficients are left out. Negative when it was never measured.
  double expected_pct = -1;
  int place = 0;          ///< among all candidates, best first
  double unit_ratio = 1;  ///< what feeds one of the borrower's units over what feeds one of the lender's, a clock
  double stream_ratio = 1;  ///< likewise of a unit's share of the memory bandwidth
};

/// The group's coefficients for the borrower's units: bytes a clock a unit takes and writes grow with its operations to
/// the power of 2/3, and latency, in clocks of 64 elements of depth, falls with them; the time of a block of cached
/// tokens on one unit falls as the unit's share of the bandwidth grows.
std::map<std::string, double> scaled_coefficients(const ChosenGroup& chosen);

/// The record of the accelerator's architecture; null where it names none.
const Architecture* find_architecture(const Catalogue& catalogue, const Accelerator& accelerator);
/// Whether its architecture's shares were found from published runs of its chips: nobody lends to it. False where the
/// architecture has no record.
bool is_known_from_whole_runs(const Catalogue& catalogue, const Accelerator& accelerator);

/// The accelerator as its file has it, before the question changed it; null when there is none of this id. What
/// coefficients are taken from does not depend on what a question changes, so that more bandwidth is never slower.
const Accelerator* find_listed(const Catalogue& catalogue, const std::string& id);

/// An architecture whose measured chips stand, with others, for one that nobody measured.
struct LendingArchitecture {
  std::string id;     ///< of the architecture's record
  double weight = 1;  ///< by how near the specification of its nearest measured chip is
};
/// Those of kernels, but for the device's own architecture and family. Weights fall with distance and do not add up to
/// one.
std::vector<LendingArchitecture> lending_architectures(const Catalogue& catalogue, const Accelerator& device);

/// At most one group for each precision any candidate has, in order of precision. Pointers are into the catalogue.
/// Deterministic: ties go by id. Linear in all groups of the catalogue, so for constructors and not for the evaluation
/// of a law.
std::vector<ChosenGroup> choose_groups(const Catalogue& catalogue, const Accelerator& device, const LawQuery& query);

/// The part of a group's name that is its precision: "fp8_block" of "fp8_block.deepgemm", "bf16" of "bf16/fa3/128".
std::string base_precision(const std::string& group);
/// For each base precision only the groups of one device, engine and version, the first by place: kernels of different
/// engines do not mix in one model.
std::vector<ChosenGroup> keep_one_lender(const std::vector<ChosenGroup>& groups);

/// The accelerator a collected table means by its device's name ("h100_sxm"), or null.
const Accelerator* find_table_device(const Records<Accelerator>& accelerators, const std::string& name);

}  // namespace stargate
