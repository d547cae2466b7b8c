// The recurrence of schedule.hpp for DualPipe, rank by rank, each as far as it can go. Rounds of the body repeat; once
// one has moved every number by the same amount, all later ones do.
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

  /// What a round of two passes takes where the last two rounds of all ranks differ by nothing else; negative if not.
  Lanes period() const {
    const Lanes period = ranks_[0].body[2].free - ranks_[0].body[0].free, none;
    for (const Rank& rank : ranks_) {
      for (std::size_t i = 2; i < 4; ++i) {
        const Times &now = rank.body[i], &before = rank.body[i - 2];
        const bool shifted = now.free - before.free == period && (now.up == none || now.up - before.up == period) &&
                             (now.down == none || now.down - before.down == period);
        if (!shifted) return Lanes::both(-1);
      }
    }
    return period;
  }

 private:
  static constexpr double kUnknown = -1;
  struct Times {
    Lanes free, up, down;
  };
  struct Rank {
    std::size_t at = 0, end = 0, body_end = 0;
    Lanes free, up, down;
    std::array<double, 10> length{};
    std::array<Lanes*, kFlows> arrived{};
    std::array<std::int64_t, kFlows> passed{};
    std::array<Times, 4> body{};
  };

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

  bool step(int r, Rank& rank) {
    const Op op = ops_.ops()[rank.at];
    int ahead = kFlows, back = kFlows;
    switch (op) {
      case Op::near_forward:
        ahead = near_ahead;
        break;
      case Op::far_forward:
        ahead = far_ahead;
        break;
      case Op::near_backward:
      case Op::near_input:
        back = near_back;
        break;
      case Op::far_backward:
      case Op::far_input:
        back = far_back;
        break;
      case Op::near_pair:
        ahead = near_ahead, back = far_back;
        break;
      case Op::far_pair:
        ahead = far_ahead, back = near_back;
        break;
      case Op::near_weight:
      case Op::far_weight:
        break;
    }
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
    if (left >= 1 && left <= 4) rank.body[4 - left] = {rank.free, rank.up, rank.down};
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

/// Rounds are full on all stages from the one that enters micro-batch `stages` - 1 on.
Lanes dual_pipe_makespan(const PassTimes& times, const PipelineWork& work) {
  const std::int64_t each = work.micro_batches / 2;
  PipelineWork shorter = work;
  for (std::int64_t tried = std::min<std::int64_t>(each, work.stages + 3);; tried = std::min(each, 2 * tried)) {
    shorter.micro_batches = 2 * tried;
    HalfPipe pipe(times, shorter);
    const Lanes latest = pipe.run();
    if (tried == each) return latest;
    const Lanes period = pipe.period();
    if (period.with_sends() >= 0) return latest + static_cast<double>(each - tried) * period;
  }
}

}  // namespace stargate
