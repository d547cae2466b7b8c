// The job's life event by event: run, fail, swap a node or wait for one, recover, run on from the last checkpoint that
// survived. Written from the story in goodput.hpp and not from its formulas, so that the two can judge each other.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>

#include "stargate/base/random.hpp"
#include "stargate/training/goodput.hpp"

namespace stargate {
namespace {

/// After this many failures a scenario's pace is known to about 1 %: the rest goes on at it.
constexpr int kMostFailures = 5'000;

/// One scenario. Times in plain seconds of wall-clock.
class JobLife {
 public:
  JobLife(const GoodputSpec& spec, std::uint64_t seed, std::uint32_t scenario, double rate_factor)
      : spec_(spec),
        rate_(spec.failures.base() * rate_factor),
        failures_(seed, scenario, "failures"),
        causes_(seed, scenario, "causes"),
        repairs_(seed, scenario, "repairs"),
        planned_(seed, scenario, "planned"),
        stragglers_(seed, scenario, "stragglers"),
        next_planned_(draw_planned()) {}

  /// Seconds of wall-clock until `work` seconds of undisturbed work are done.
  double run(double work) {
    double done = 0;
    for (;;) {
      // A period runs from one recovery to the next failure: the nodes are the same in it, so its pace is too.
      const bool slow = stragglers_.uniform() < spec_.straggler_chance;
      const double pace = slow ? 1 / (1 + spec_.straggler_slowdown) : 1;
      // Exponential times have no memory, so the next failure is drawn anew after each recovery.
      const double needed = time_for((work - done) / pace), alive = next_failure();
      if (needed <= alive) {
        pass(needed);
        return now_;
      }
      pass(alive);
      done += pace * surviving_work(alive);
      lose_node();
      recover();
      // A job that hardly moves would be simulated for ever: its pace so far is taken for the rest, and no progress at
      // all is an infinite run time.
      if (seen_ >= kMostFailures) return done > 0 ? now_ * work / done : std::numeric_limits<double>::infinity();
    }
  }

 private:
  double next_failure() {
    return rate_ > 0 ? failures_.exponential() / rate_ : std::numeric_limits<double>::infinity();
  }
  double draw_planned() {
    const double rate = spec_.planned.base();
    return rate > 0 ? planned_.exponential() / rate : std::numeric_limits<double>::infinity();
  }
  /// Uptime until `work` is done, with the stalls on the way; the last checkpoint is not waited for.
  double time_for(double work) const {
    const double t = spec_.interval.base();
    return work + std::max(0.0, std::ceil(work / t) - 1) * spec_.stall.base();
  }
  /// Work whose checkpoint was written when the job failed after `alive`.
  double surviving_work(double alive) const {
    const double t = spec_.interval.base(), cycle = t + spec_.stall.base();
    return t * std::floor(std::max(0.0, alive - spec_.write.base()) / cycle);
  }
  /// Time passes, planned stops on top of it.
  void pass(double time) {
    now_ += time;
    for (next_planned_ -= time; next_planned_ < 0; next_planned_ += draw_planned()) now_ += spec_.planned_stop.base();
  }
  /// A node that is away takes a spare; beyond them the job waits for the first that comes back.
  void lose_node() {
    ++seen_;
    if (causes_.uniform() >= spec_.node_share) return;
    const double repair = spec_.repair.base() * repairs_.exponential();
    while (!away_.empty() && away_.top() <= now_) away_.pop();
    away_.push(now_ + repair);
    if (static_cast<int>(away_.size()) > spec_.spares) {  // nothing to swap in: wait for the first that comes back
      now_ = away_.top();
      away_.pop();
    }
  }
  /// Notice, restart and load; a failure meanwhile begins it again, and may take another node.
  void recover() {
    const double needed = spec_.recovery.base();
    while (seen_ < kMostFailures) {
      const double alive = next_failure();
      pass(std::min(alive, needed));
      if (alive >= needed) return;
      lose_node();
    }
  }

  const GoodputSpec& spec_;
  double rate_, now_ = 0;
  int seen_ = 0;  ///< failures
  RandomStream failures_, causes_, repairs_, planned_, stragglers_;
  double next_planned_;
  std::priority_queue<double, std::vector<double>, std::greater<>> away_;  ///< when each node comes back
};

}  // namespace

Duration GoodputDistribution::quantile(double share) const {
  STARGATE_CHECK(!run_times.empty(), "a quantile of no scenarios");
  const auto last = static_cast<double>(run_times.size() - 1);
  return run_times[static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * last))];
}

GoodputDistribution simulate_goodput(const GoodputSpec& spec, Duration work, const SimulationSpec& simulation) {
  STARGATE_CHECK(spec.interval.base() > 0 && simulation.scenarios > 0, "a checkpoint interval and scenarios");
  GoodputDistribution out;
  double sum = 0, squares = 0;
  for (int scenario = 0; scenario < simulation.scenarios; ++scenario) {
    RandomStream rate(simulation.seed, static_cast<std::uint32_t>(scenario), "rate");
    // One factor a scenario: fleets differ, a fleet's own rate does not change from month to month.
    const double factor = simulation.rate_spread > 0 ? std::exp(simulation.rate_spread * rate.normal()) : 1;
    JobLife life(spec, simulation.seed, static_cast<std::uint32_t>(scenario), factor);
    out.run_times.push_back(life.run(work.base()) * second);
    const double ettr = work / out.run_times.back();
    sum += ettr, squares += ettr * ettr;
  }
  const double n = simulation.scenarios;
  out.mean_ettr = sum / n;
  out.standard_error = n > 1 ? std::sqrt(std::max(0.0, squares / n - out.mean_ettr * out.mean_ettr) / (n - 1)) : 0;
  std::sort(out.run_times.begin(), out.run_times.end());
  return out;
}

}  // namespace stargate
