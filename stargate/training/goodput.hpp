// The share of the wall-clock in which a job makes progress that lasts: its effective training time ratio (ETTR,
// "goodput"), from failures, checkpoints, restarts, spares and stragglers. Two answers that must agree: a closed form
// here and a simulation (simulate_goodput), which also gives the distribution.
//
// Failures come as a Poisson process of rate l whenever the job holds its nodes. After one, recovery takes R (notice,
// restart, load) and begins again when it fails itself. Then come intervals of t of work and a stall s for a
// checkpoint, which survives failures only w after its stall ended (w = 0: the write blocks). Renewal-reward over the
// time between failures gives the exact ratio
//     ETTR = l t exp(-l (R + w)) / (exp(l (t + s)) - 1),
// for w = 0 Daly's complete model (J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart
// dumps", FGCS 22, 2006, eq. 20). Best interval: Young (CACM 17, 1974) sqrt(2 s / l); Daly 2006 eq. 37; exactly the
// root of l t = 1 - exp(-l (t + s)), never below w - s, for one write must end before the next begins. A failure that
// takes a node swaps in a spare; with k spares and nodes away for D on average the job waits a share B(k + 1, l_node D)
// of the time, Erlang's loss formula, whatever the distribution of D. Planned stops of length p at rate q leave 1 / (1
// + q p). A straggler, present in a period with chance c, slows it by g: 1 - c g / (1 + g).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "stargate/training/failures.hpp"

namespace stargate {

/// Times and rates are of the whole job, not of an accelerator. A rate or a length of zero leaves that effect out; the
/// interval must be above zero.
struct GoodputSpec {
  Frequency failures;     ///< unexpected, of the job
  double node_share = 1;  ///< of them, those that take a node away
  Duration recovery;      ///< R: notice, restart, load
  Duration repair;        ///< mean time a node is away
  int spares = 0;         ///< nodes
  Duration interval;      ///< t: work between checkpoints
  Duration stall;         ///< s
  Duration write;         ///< w: from the stall's end until the checkpoint survives; 0 when the write blocks
  Frequency planned;      ///< q
  Duration planned_stop;  ///< p
  /// That at least one is there in a period; by how much longer a step then takes.
  double straggler_chance = 0, straggler_slowdown = 0;
};

/// Effective training first, then what is lost, from the checkpoint's stall to slow nodes; the shares add up to 1.
enum class GoodputPart { effective, checkpoint, lost_work, recovery, waiting, planned, stragglers };
inline constexpr int kGoodputParts = 7;
const char* goodput_part_name(GoodputPart part);

/// Shares of the wall-clock; their sum is 1.
struct GoodputReport {
  std::array<double, kGoodputParts> shares{};  ///< by GoodputPart
  double first_order = 0, second_order = 0;    ///< expansions of the ratio in l, for comparison

  double operator[](GoodputPart part) const { return shares[static_cast<std::size_t>(part)]; }
  double& operator[](GoodputPart part) { return shares[static_cast<std::size_t>(part)]; }
  double ettr() const { return (*this)[GoodputPart::effective]; }
};
/// Closed form. A job that makes no headway has an effective share near zero, never a negative one.
GoodputReport goodput(const GoodputSpec& spec);

/// Both are approximations for comparison; best_interval is exact.
Duration young_interval(Duration stall, Frequency failures);
Duration daly_interval(Duration stall, Frequency failures);
/// The interval of the highest ETTR, at least `shortest` (a step) and long enough for one write. Without failures a
/// year, which stands for "never".
Duration best_interval(const GoodputSpec& spec, Duration shortest);

/// Erlang's B: share of time in which all of `places` are taken under offered load `load`. `load` is arrivals a second
/// times mean holding time (Erlang), without unit. Linear in places.
double erlang_loss(int places, double load);
/// The fewest spare nodes that keep the share of time spent waiting at or below `waiting`. `waiting` above 0; it is
/// reached for any load, since the loss falls to zero with the number of places.
int enough_spares(const GoodputSpec& spec, double waiting);
/// Chance that at least one of `nodes` is a straggler. 1 - (1 - share)^nodes, nodes taken as independent.
double straggler_chance(double share_of_nodes, std::int64_t nodes);

/// What a checkpoint holds: weights and optimiser states; gradients are not kept. Of the whole model, each parameter
/// once: copies of other data-parallel ranks are not written.
Bytes checkpoint_bytes(double parameters, double state_bytes_per_parameter);

struct SimulationSpec {
  std::uint64_t seed = 1;  ///< of all streams
  int scenarios = 1000;    ///< at least 1
  double rate_spread = 0;  ///< standard deviation of the logarithm of the failure rate, drawn once a scenario
};

struct GoodputDistribution {
  std::vector<Duration> run_times;  ///< wall-clock of each scenario, ascending; infinite when it makes no headway
  /// Over scenarios.
  double mean_ettr = 0, standard_error = 0;  ///< of the ratio, and of its mean

  /// The run time that `share` of the scenarios do not exceed; `share` is brought into 0 to 1.
  Duration quantile(double share) const;
};
/// `work` is the time the job takes when nothing fails. Streams "failures", "causes", "repairs", "planned",
/// "stragglers" and "rate" of each scenario. Scenarios are independent and deterministic by seed; run on one thread.
GoodputDistribution simulate_goodput(const GoodputSpec& spec, Duration work, const SimulationSpec& simulation);

}  // namespace stargate
