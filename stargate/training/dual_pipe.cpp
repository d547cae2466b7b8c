// The recurrence of schedule.hpp for DualPipe. Filling and draining, a rank runs as far as it can go. Between them lie
// rounds of a near and a far pair; counting what each flow has passed shows that the near pair of round i needs what
// the rank before sent in round i - 1, the far pair what the rank behind sent in round i. So rounds run over all ranks
// from the innermost out, without asking, and each rank's state is three times and two boundaries on their way. They
// repeat after one or several, as the slowest circle of waits goes through as many; then the rest of them is a product.
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

/// The operations of all ranks one after another; weight gradients are taken in the order in which their inputs were.
class OpList {
 public:
  explicit OpList(int ranks) { ops_.reserve(static_cast<std::size_t>(8 * ranks * ranks)); }
  void forward(bool near) { ops_.push_back(near ? Op::near_forward : Op::far_forward); }
  void backward(bool near) { ops_.push_back(near ? Op::near_backward : Op::far_backward); }
  void both(bool near) { ops_.push_back(near ? Op::near_pair : Op::far_pair); }
  void input(bool near) {
    ops_.push_back(near ? Op::near_input : Op::far_input);
    kept_.push_back(near ? Op::near_weight : Op::far_weight);
  }
  void weight() { ops_.push_back(kept_[given_++]); }

  const std::vector<Op>& ops() const { return ops_; }
  std::size_t size() const { return ops_.size(); }
  void begin_rank() { kept_.clear(), given_ = 0; }

 private:
  std::vector<Op> ops_, kept_;
  std::size_t given_ = 0;
};

/// A flow of boundaries: near or far, there or back.
enum Flow { near_ahead, far_ahead, near_back, far_back, kFlows };

/// Flows an operation needs and sends on, there and back.
struct Flows {
  int ahead, back;
};
constexpr Flows kFlowsOf[] = {{near_ahead, kFlows},   {far_ahead, kFlows},   {kFlows, near_back}, {kFlows, far_back},
                              {kFlows, near_back},    {kFlows, far_back},    {kFlows, kFlows},    {kFlows, kFlows},
                              {near_ahead, far_back}, {far_ahead, near_back}};

constexpr int kMostRounds = 16;  ///< of a period that is looked for

/// Ranks 0 .. half - 1, each with the two stages it and its mirror image hold.
class HalfPipe {
 public:
  HalfPipe(const PassTimes& times, const PipelineWork& work)
      : half_(work.stages / 2),
        stands_for_(work.stages),
        send_(times.send, 0),
        ranks_(static_cast<std::size_t>(half_)),
        arrivals_(static_cast<std::size_t>(half_ * kFlows * stands_for_), Lanes::both(kUnknown)),
        ops_(half_) {
    for (int r = 0; r < half_; ++r) {
      Rank& rank = ranks_[static_cast<std::size_t>(r)];
      const DualPipeSequence sequence(work.stages, 2 * std::int64_t{stands_for_}, r);
      ops_.begin_rank();
      rank.at = ops_.size();
      sequence.write_fill(ops_);
      rank.body = ops_.size();
      sequence.write_drain(ops_);
      rank.end = ops_.size();
      set_lengths(times, work.stages, r, rank);
      for (int flow = 0; flow < kFlows; ++flow) rank.arrived[flow] = arrivals_of(r, flow);
    }
    // Micro-batches enter at the outermost rank and gradients of the last stage begin there: both are ready from the
    // start.
    std::fill_n(arrivals_of(0, near_ahead), stands_for_, Lanes{});
    std::fill_n(arrivals_of(0, far_back), stands_for_, Lanes{});
  }

  /// `each`: micro-batches of a direction.
  Lanes run(std::int64_t each) {
    // Fill, rounds, drain: the middle part stands in no list, since it repeats.
    walk(&Rank::body);
    run_rounds(each - 2 * half_ + 1);
    walk(&Rank::end);
    Lanes latest;
    for (const Rank& rank : ranks_) latest = later(latest, rank.free);
    return latest;
  }

 private:
  static constexpr double kUnknown = -1;
  struct Rank {
    std::size_t at = 0, body = 0, end = 0;  ///< in the list of operations, which leaves the rounds out
    Lanes free, up, down;
    std::array<double, 10> length{};
    std::array<Lanes*, kFlows> arrived{};
    std::array<std::int64_t, kFlows> passed{};
  };
  /// Of a rank between rounds: when it and its links are free, and what is on its way to it.
  struct Times {
    Lanes free, up, down, near_ahead, far_back;
  };

  Lanes* arrivals_of(int rank, int flow) { return arrivals_.data() + (rank * kFlows + flow) * stands_for_; }

  static void set_lengths(const PassTimes& times, int stages, int r, Rank& rank) {
    const auto near = static_cast<std::size_t>(r), far = static_cast<std::size_t>(stages - 1 - r);
    const std::vector<double>* of[] = {&times.forward, &times.backward, &times.input, &times.weight, &times.pair};
    for (std::size_t i = 0; i < 5; ++i) rank.length[2 * i] = (*of[i])[near], rank.length[2 * i + 1] = (*of[i])[far];
  }
  static Lanes length(const Rank& rank, Op op) { return Lanes::both(rank.length[static_cast<std::size_t>(op)]); }

  /// All ranks up to a place in their lists.
  void walk(std::size_t Rank::*to) {
    const auto advance = [&](int r) {
      Rank& rank = ranks_[static_cast<std::size_t>(r)];
      while (rank.at < rank.*to && step(r, rank)) ++rank.at;
      return rank.at == rank.*to;
    };
    for (bool done = false; !done;) {  // boundaries travel both ways
      for (int r = 0; r < half_; ++r) advance(r);
      done = true;
      for (int r = half_ - 1; r >= 0; --r) done = advance(r) && done;
    }
  }

  /// One operation, if what it needs has arrived: start = max(rank free, arrivals), end = start + length. False when it
  /// has to wait for another rank's turn.
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
    rank.free = start + length(rank, op);
    if (ahead != kFlows) send(r, rank, static_cast<Flow>(ahead));
    if (back != kFlows) send(r, rank, static_cast<Flow>(back));
    return true;
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

  /// `full`: rounds of the outermost rank; each further in has one more.
  void run_rounds(std::int64_t full) {
    begin_rounds();
    // A state that has not repeated by then is played to the end: slower, and the same answer.
    const std::int64_t looked_at = 4 * (half_ + kMostRounds);
    std::int64_t left = full;
    for (std::int64_t i = 0; left > 0; ++i) {
      play_round(0, i == 0);
      --left;
      const int period = left > 0 && i < looked_at ? period_after(i) : 0;
      if (period == 0) continue;
      // Whole periods at once: every time in the state rises by the same amount, so a product replaces the walk.
      skip(left / period, i, period);
      left %= period;
      i = looked_at;  // what is left is less than a period
    }
    last_down_.resize(ranks_.size());
    for (int r = 1; r < half_; ++r) {
      play_round(r, false);
      last_down_[static_cast<std::size_t>(r - 1)] = sent_down_;
    }
    end_rounds();
  }

  void begin_rounds() {
    now_.resize(ranks_.size() + 1);
    for (std::size_t r = 0; r < ranks_.size(); ++r) {
      const Rank& rank = ranks_[r];
      now_[r] = {rank.free, rank.up, rank.down, rank.arrived[near_ahead][rank.passed[near_ahead]],
                 rank.arrived[far_back][rank.passed[far_back]]};
    }
  }

  /// Ranks from the innermost to `outermost`. far_ahead, near_back: what the rank behind has sent in this round.
  void play_round(int outermost, bool first) {
    Lanes far_ahead_now, near_back_now;
    for (int r = half_ - 1; r >= outermost; --r) {
      const Rank& rank = ranks_[static_cast<std::size_t>(r)];
      Times &at = now_[static_cast<std::size_t>(r)], &behind = now_[static_cast<std::size_t>(r) + 1];
      if (first && r == half_ - 1) {
        at.free = later(at.free, at.near_ahead) + length(rank, Op::near_forward);
        behind.near_ahead = at.up = later(at.free, at.up) + send_;
        at.free = later(at.free, at.far_back) + length(rank, Op::far_backward);
      } else {
        at.free = later(at.free, later(at.near_ahead, at.far_back)) + length(rank, Op::near_pair);
        behind.near_ahead = at.up = later(at.free, at.up) + send_;
      }
      behind.far_back = at.up = later(at.free, at.up) + send_;
      if (r == half_ - 1) far_ahead_now = behind.near_ahead, near_back_now = behind.far_back;
      at.free = later(at.free, later(far_ahead_now, near_back_now)) + length(rank, Op::far_pair);
      if (r == 0) continue;
      far_ahead_now = at.down = later(at.free, at.down) + send_;
      near_back_now = at.down = later(at.free, at.down) + send_;
    }
    sent_down_ = {far_ahead_now, near_back_now};
  }

  /// Rounds after which all ranks did the same again, up to the one just played; 0: not yet.
  int period_after(std::int64_t round) {
    int found = 0;
    for (int rounds = 1; found == 0 && rounds <= std::min<std::int64_t>(kMostRounds, round); ++rounds) {
      if (is_shifted(history_.data() + place_in_history(round - rounds))) found = rounds;
    }
    if (found > 0) return found;
    const std::size_t at = place_in_history(round);
    if (at == history_.size()) {
      history_.insert(history_.end(), now_.begin(), now_.end());
    } else {
      std::copy(now_.begin(), now_.end(), history_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return 0;
  }
  /// Of the last kMostRounds + 1 rounds, one after another.
  std::size_t place_in_history(std::int64_t round) const {
    return static_cast<std::size_t>(round % (kMostRounds + 1)) * now_.size();
  }
  /// All times moved by one amount, exactly: they are multiples of a power of two of a second, so equality is meant.
  /// Links that never carried anything stay at zero.
  bool is_shifted(const Times* before) const {
    const Lanes period = now_[0].free - before[0].free, none;
    const auto moved = [&](Lanes now, Lanes then) { return now == none || now - then == period; };
    for (std::size_t r = 0; r < ranks_.size(); ++r) {
      const Times &a = now_[r], &b = before[r];
      const bool all = moved(a.free, b.free) && moved(a.up, b.up) && moved(a.down, b.down) &&
                       moved(a.near_ahead, b.near_ahead) && moved(a.far_back, b.far_back);
      if (!all) return false;
    }
    return true;
  }
  void skip(std::int64_t periods, std::int64_t round, int period) {
    const Lanes before = history_[place_in_history(round - period)].free;
    const Lanes more = static_cast<double>(periods) * (now_[0].free - before), none;
    const auto move = [&](Lanes& time) {
      if (!(time == none)) time += more;
    };
    for (Times& at : now_) move(at.free), move(at.up), move(at.down), move(at.near_ahead), move(at.far_back);
  }

  /// As if as few rounds had been as the list of operations stands for.
  void end_rounds() {
    for (int r = 0; r < half_; ++r) {
      Rank& rank = ranks_[static_cast<std::size_t>(r)];
      const Times& at = now_[static_cast<std::size_t>(r)];
      rank.free = at.free, rank.up = at.up, rank.down = at.down;
      const std::int64_t rounds = r + 1;
      for (std::int64_t& passed : rank.passed) passed += rounds;
    }
    for (int r = 0; r + 1 < half_; ++r) {  // from the last round of the rank behind, which has one more
      Rank& rank = ranks_[static_cast<std::size_t>(r)];
      rank.arrived[far_ahead][rank.passed[far_ahead]] = last_down_[static_cast<std::size_t>(r)].ahead;
      rank.arrived[near_back][rank.passed[near_back]] = last_down_[static_cast<std::size_t>(r)].back;
    }
  }

  struct Down {
    Lanes ahead, back;
  };

  int half_;
  std::int64_t
      stands_for_;  ///< micro-batches of a direction in the list of operations: one round of the outermost rank
  Lanes send_;
  std::vector<Rank> ranks_;
  std::vector<Lanes> arrivals_;
  OpList ops_;
  std::vector<Times> now_;
  std::vector<Times> history_;
  Down sent_down_;
  std::vector<Down> last_down_;
};

}  // namespace

Lanes dual_pipe_makespan(const PassTimes& times, const PipelineWork& work) {
  return HalfPipe(times, work).run(work.micro_batches / 2);
}

}  // namespace stargate
