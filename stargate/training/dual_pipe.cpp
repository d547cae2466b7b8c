// The recurrence of schedule.hpp for DualPipe, rank by rank, each as far as it can go. Rounds of the body repeat after
// one or several, as the slowest circle of waits goes through as many; once so many have moved every number by the same
// amount, all later ones do. At the end of its rounds a rank has at most one boundary of each flow on its way,
// which the round before has sent, so the rounds are all the state.
#include "stargate/training/dual_pipe.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "stargate/training/schedule_order.hpp"

namespace stargate {
namespace {

enum class Op : std::uint8_t {
  near_forward,
  far_forward,
  near_backward,
  far_backward,
  near_input,
  far_input,
  near_weight,
  far_weight,
  near_pair,  ///< near forward beside far backward
  far_pair,
};

class OpList {
 public:
  explicit OpList(std::size_t size) { ops_.reserve(size); }
  void forward(bool near) { ops_.push_back(near ? Op::near_forward : Op::far_forward); }
  void backward(bool near) { ops_.push_back(near ? Op::near_backward : Op::far_backward); }
  void both(bool near) { ops_.push_back(near ? Op::near_pair : Op::far_pair); }
  void input(bool near) {
    ops_.push_back(near ? Op::near_input : Op::far_input);
    kept_.push_back(near ? Op::near_weight : Op::far_weight);
  }
  void weight() { ops_.push_back(kept_[given_++]); }

  const std::vector<Op>& ops() const { return ops_; }
  std::size_t begin_rank() {
    kept_.clear(), given_ = 0;
    return ops_.size();
  }

 private:
  std::vector<Op> ops_, kept_;
  std::size_t given_ = 0;
};

constexpr int kMostRounds = 16;  ///< of a period that is looked for

/// A flow of boundaries: near or far, there or back.
enum Flow { near_ahead, far_ahead, near_back, far_back, kFlows };

class HalfPipe {
 public:
  HalfPipe(const PassTimes& times, const PipelineWork& work)
      : half_(work.stages / 2),
        each_(work.micro_batches / 2),
        send_(times.send, 0),
        ranks_(static_cast<std::size_t>(half_)),
        arrivals_(static_cast<std::size_t>(half_ * kFlows * each_), Lanes::both(kUnknown)),
        ops_(static_cast<std::size_t>(half_ * (4 * each_ + 2 * half_))) {
    for (int r = 0; r < half_; ++r) {
      Rank& rank = ranks_[static_cast<std::size_t>(r)];
      const DualPipeSequence sequence(work.stages, work.micro_batches, r);
      rank.at = ops_.begin_rank();
      sequence.write(ops_);
      rank.end = ops_.ops().size();
      rank.body_end = rank.at + sequence.body_end();
      set_lengths(times, work.stages, r, rank);
      for (int flow = 0; flow < kFlows; ++flow) rank.arrived[flow] = arrivals_of(r, static_cast<Flow>(flow));
    }
    std::fill_n(arrivals_of(0, near_ahead), each_, Lanes{});
    std::fill_n(arrivals_of(0, far_back), each_, Lanes{});
  }

  Lanes run() {
    for (bool waits = true; waits;) {
      waits = false;
      for (int r = 0; r < half_; ++r) {
        Rank& rank = ranks_[static_cast<std::size_t>(r)];
        while (rank.at < rank.end && step(r, rank)) ++rank.at;
        waits = waits || rank.at < rank.end;
      }
    }
    Lanes latest;
    for (const Rank& rank : ranks_) latest = later(latest, rank.free);
    return latest;
  }

  struct Period {
    int rounds = 0;  ///< 0: not found
    Lanes length;
  };
  /// The rounds after which all ranks do the same again, at most `most` and half of what the outermost rank has.
  Period period(int most) const {
    for (int rounds = 1; rounds <= most; ++rounds) {
      const Lanes length = ranks_[0].body[kRecorded - 1].free - ranks_[0].body[kRecorded - 1 - passes_of(rounds)].free;
      const bool all = std::all_of(ranks_.begin(), ranks_.end(),
                                   [&](const Rank& rank) { return repeats(rank, passes_of(rounds), length); });
      if (all) return {rounds, length};
    }
    return {};
  }

 private:
  static constexpr double kUnknown = -1;
  static constexpr std::size_t kRecorded = 4 * kMostRounds;  ///< passes at the end of a body: twice the longest period
  struct Times {
    Lanes free, up, down;
  };
  struct Rank {
    std::size_t at = 0, end = 0, body_end = 0;
    Lanes free, up, down;
    std::array<double, 10> length{};
    std::array<Lanes*, kFlows> arrived{};
    std::array<std::int64_t, kFlows> passed{};
    std::array<Times, kRecorded> body{};
  };

  static std::size_t passes_of(int rounds) { return 2 * static_cast<std::size_t>(rounds); }
  static bool repeats(const Rank& rank, std::size_t passes, Lanes period) {
    const Lanes none;
    for (std::size_t i = kRecorded - passes; i < kRecorded; ++i) {
      const Times &now = rank.body[i], &before = rank.body[i - passes];
      const bool shifted = now.free - before.free == period && (now.up == none || now.up - before.up == period) &&
                           (now.down == none || now.down - before.down == period);
      if (!shifted) return false;
    }
    return true;
  }

  Lanes* arrivals_of(int rank, Flow flow) { return arrivals_.data() + (rank * kFlows + flow) * each_; }

  static void set_lengths(const PassTimes& times, int stages, int r, Rank& rank) {
    const auto near = static_cast<std::size_t>(r), far = static_cast<std::size_t>(stages - 1 - r);
    const std::vector<double>* of[] = {&times.forward, &times.backward, &times.input, &times.weight, &times.pair};
    for (std::size_t i = 0; i < 5; ++i) rank.length[2 * i] = (*of[i])[near], rank.length[2 * i + 1] = (*of[i])[far];
  }

  /// Boundaries of a rank go up (near ones there, far ones back) or down. Past the middle they are the mirror image's,
  /// whose own come back at the same time as what is far to one is near to the other.
  void send(int r, Rank& rank, Flow flow) {
    const std::int64_t k = rank.passed[flow]++;
    const bool up = flow == near_ahead || flow == far_back;
    if (!up && r == 0) return;
    Lanes& link = up ? rank.up : rank.down;
    link = later(rank.free, link) + send_;
    if (up && r == half_ - 1) {
      rank.arrived[flow == near_ahead ? far_ahead : near_back][k] = link;
    } else {
      ranks_[static_cast<std::size_t>(up ? r + 1 : r - 1)].arrived[flow][k] = link;
    }
  }

  /// Flows an operation needs and sends on, there and back.
  struct Flows {
    int ahead, back;
  };
  static constexpr Flows kFlowsOf[] = {{near_ahead, kFlows}, {far_ahead, kFlows}, {kFlows, near_back}, {kFlows, far_back},
                                       {kFlows, near_back},  {kFlows, far_back},  {kFlows, kFlows},    {kFlows, kFlows},
                                       {near_ahead, far_back}, {far_ahead, near_back}};

  bool step(int r, Rank& rank) {
    const Op op = ops_.ops()[rank.at];
    const auto [ahead, back] = kFlowsOf[static_cast<std::size_t>(op)];
    Lanes start = rank.free;
    for (const int flow : {ahead, back}) {
      if (flow == kFlows) continue;
      const Lanes arrived = rank.arrived[static_cast<std::size_t>(flow)][rank.passed[static_cast<std::size_t>(flow)]];
      if (arrived.with_sends() == kUnknown) return false;
      start = later(start, arrived);
    }
    rank.free = start + Lanes::both(rank.length[static_cast<std::size_t>(op)]);
    if (ahead != kFlows) send(r, rank, static_cast<Flow>(ahead));
    if (back != kFlows) send(r, rank, static_cast<Flow>(back));
    const std::size_t left = rank.body_end - rank.at;
    if (left >= 1 && left <= kRecorded) rank.body[kRecorded - left] = {rank.free, rank.up, rank.down};
    return true;
  }

  int half_;
  std::int64_t each_;
  Lanes send_;
  std::vector<Rank> ranks_;
  std::vector<Lanes> arrivals_;
  OpList ops_;
};

}  // namespace

/// First as many micro-batches as the outermost rank needs for twice four rounds, then for twice the longest period; few
/// more are walked at once. What is left must be whole periods.
Lanes dual_pipe_makespan(const PassTimes& times, const PipelineWork& work) {
  const std::int64_t each = work.micro_batches / 2, fill = work.stages - 1;
  PipelineWork shorter = work;
  std::int64_t tried = std::min<std::int64_t>(each, fill + 8);
  for (int most = 4;; most = kMostRounds) {
    shorter.micro_batches = 2 * tried;
    HalfPipe pipe(times, shorter);
    const Lanes latest = pipe.run();
    if (tried == each) return latest;
    const auto period = pipe.period(most);
    const std::int64_t over = period.rounds > 0 ? (each - tried) % period.rounds : 0;
    if (period.rounds > 0 && over == 0) {
      return latest + static_cast<double>((each - tried) / period.rounds) * period.length;
    }
    const std::int64_t next = over > 0 ? tried + over : std::max(2 * tried, fill + 2 * kMostRounds);
    tried = over == 0 && each <= 2 * next ? each : std::min(each, next);
  }
}

}  // namespace stargate
