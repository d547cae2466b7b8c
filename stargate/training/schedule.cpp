// The recurrences of schedule.hpp without lists of passes. In each, `work` of all stages is cut into rounds in which no
// pass waits for another stage's of a later round, so a few numbers a stage are the whole state:
//   1F1B, ZB-H1   round u: forward of micro-batch u, input gradient of u - (p - 1 - s), weight gradient of u - (p - 1)
//   interleaved   round u: forward pass u - s, backward pass u - (v - 1) p - 2 (p - 1) + s of stage s, counted in
//                 its order
//   GPipe         equal jobs through machines in a row: sum of the machines + (m - 1) * the slowest, there and back
// Rounds repeat (after 1, v p, 1 of them); once a repetition has moved every number of the state by the same amount,
// all later ones do. dual_pipe has a recurrence of its own.
#include "stargate/training/schedule.hpp"

#include <algorithm>

#include "stargate/training/dual_pipe.hpp"
#include "stargate/training/schedule_order.hpp"

namespace stargate {
namespace {

/// PassTimes of a schedule and of the same without sends.
struct LaneTimes {
  std::vector<Lanes> forward, backward, input, weight;
  Lanes send;
};

/// The same walk serves both: lane 0 with sends, lane 1 without.
std::vector<Lanes> side_by_side(const std::vector<double>& with, const std::vector<double>& without) {
  std::vector<Lanes> out(with.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = {with[i], without[i]};
  return out;
}

/// free: of each stage; up, down: when what was last sent to it arrived from the stage before and after.
class State {
 public:
  explicit State(int stages) : size_(static_cast<std::size_t>(stages)), values_(3 * size_), before_(3 * size_) {}

  Lanes* free() { return values_.data(); }
  Lanes* up() { return values_.data() + size_; }
  Lanes* down() { return values_.data() + 2 * size_; }
  Lanes latest() const {
    Lanes out;
    for (std::size_t i = 0; i < size_; ++i) out = later(out, values_[i]);
    return out;
  }

  void remember() { before_ = values_; }
  void keep() { kept_ = values_; }
  /// Everything is later than remembered by one period. The recurrence is max-plus linear: adding a constant to the
  /// whole state adds it to all later states. So one equal shift proves that all later rounds repeat. Times are on a
  /// grid where sums are exact, so == is meant.
  bool is_shifted() const {
    const Lanes period = values_[0] - before_[0];
    for (std::size_t i = 1; i < values_.size(); ++i) {
      const bool sent = !(values_[i] == Lanes{});  // 0: nothing is ever sent there
      if (sent && !(values_[i] - before_[i] == period)) return false;
    }
    return true;
  }
  /// What was kept, that many periods later.
  void skip_to_kept(std::int64_t periods) {
    const Lanes more = static_cast<double>(periods) * (values_[0] - before_[0]);
    values_.swap(kept_);
    for (Lanes& value : values_) {
      if (!(value == Lanes{})) value += more;
    }
  }

 private:
  std::size_t size_;
  std::vector<Lanes> values_, before_, kept_;
};

/// 1F1B and ZB-H1. A full round is compared with the one before; once all numbers moved by one period, the remaining
/// full rounds are skipped in one step. `u` counts rounds; full ones (every stage runs all its passes) repeat after
/// one.
class AlternatingRounds {
 public:
  AlternatingRounds(const LaneTimes& times, const PipelineWork& work)
      : times_(times), stages_(work.stages), split_(work.schedule == PipelineSchedule::zero_bubble), state_(stages_) {}

  Lanes makespan(std::int64_t m) {
    // The last backward pass of the first stage comes stages - 1 rounds after the last forward pass.
    const std::int64_t ends = m + stages_ - 1;
    for (std::int64_t u = 0; u < ends; ++u) {
      const bool full = u >= stages_ - 1 && u + 1 < m;  // and rounds like it follow
      if (full) state_.remember();
      play_round(u, m);
      // The round just played moved everything by one period, so the rounds up to the last full one do the same: they
      // are added as a product, and the draining rounds follow as usual.
      if (full && state_.is_shifted()) {
        state_.keep();
        state_.skip_to_kept(m - 1 - u);
        u = m - 1;
      }
    }
    return state_.latest();
  }

 private:
  void play_round(std::int64_t u, std::int64_t m) {
    Lanes *free = state_.free(), *up = state_.up(), *down = state_.down();
    const Lanes* back = split_ ? times_.input.data() : times_.backward.data();
    const Lanes send = times_.send;
    const bool ahead = u < m, weights = split_ && u >= stages_ - 1;
    // Stages whose backward pass exists in this round: micro-batch u - (p - 1 - s) must be at least 0 and below m.
    const std::int64_t first = std::max<std::int64_t>(0, stages_ - 1 - u);
    const std::int64_t last = std::min<std::int64_t>(stages_, m - u + stages_ - 1);
    for (std::int64_t s = 0; s < stages_; ++s) {
      if (ahead) {
        // start = max(stage free, input arrived); the link to the next stage is busy until the last send on it has
        // ended.
        free[s] = later(free[s], up[s]) + times_.forward[static_cast<std::size_t>(s)];
        if (s + 1 < stages_) up[s + 1] = later(free[s], up[s + 1]) + send;
      }
      if (s >= first && s < last) {
        free[s] = later(free[s], down[s]) + back[s];
        if (s > 0) down[s - 1] = later(free[s], down[s - 1]) + send;
      }
      if (weights) free[s] += times_.weight[static_cast<std::size_t>(s)];
    }
  }

  const LaneTimes& times_;
  int stages_;
  bool split_;
  State state_;
};

/// Where a count of passes stands: its place among `stages` of a chunk, and the chunk. Counts on without dividing.
struct Place {
  std::int64_t at, chunk;

  static Place of(std::int64_t pass, std::int64_t stages, std::int64_t chunks) {
    const std::int64_t period = stages * chunks, in_period = (pass % period + period) % period;
    return {in_period % stages, in_period / stages};
  }
  void count_on(std::int64_t stages, std::int64_t chunks) {
    if (++at < stages) return;
    at = 0;
    if (++chunk == chunks) chunk = 0;
  }
};

/// Virtual stages: round u runs forward pass u - s and backward pass u - lag + s of stage s, so every value it needs is
/// of the round before.
class InterleavedRounds {
 public:
  InterleavedRounds(const LaneTimes& times, const PipelineWork& work)
      : times_(times), p_(work.stages), v_(work.vpp), lag_((v_ - 1) * p_ + 2 * (p_ - 1)), state_(work.stages) {}

  /// `passes` shrinks instead of `u` growing: what follows the repeated rounds is played as if they had not been there.
  Lanes makespan(std::int64_t m) {
    const std::int64_t period = p_ * v_;
    std::int64_t passes = m * v_, check = lag_ - 1, last_like = -1;  // rounds lag .. passes - 1 are full
    Place ahead = Place::of(0, p_, v_), back = Place::of(-lag_, p_, v_);
    for (std::int64_t u = 0; u <= lag_ + passes - 1; ++u, ahead.count_on(p_, v_), back.count_on(p_, v_)) {
      play_forward(u, passes, ahead);
      play_backward(u - lag_, passes, back);
      if (u == check && u >= lag_ && u < passes && state_.is_shifted()) {
        state_.skip_to_kept((passes - 1 - last_like) / period);
        u = last_like, passes = last_like + 1;  // rounds repeat, so those skipped are as good as not there
        ahead = Place::of(u, p_, v_), back = Place::of(u - lag_, p_, v_);
        check = last_like = -1;
        continue;
      }
      // Remember this round; `last_like` is the last full round in the same place of the period, from which draining
      // goes on.
      if (u == check && u + period < passes) {
        state_.remember();
        last_like = u + (passes - 1 - u) % period;
        check += period;
      }
      if (u == last_like) state_.keep();
    }
    return state_.latest();
  }

 private:
  /// Stages high .. low run a pass of these lengths on what arrived a round ago and send it to the next; the last stage
  /// has none.
  void run_ahead(std::int64_t high, std::int64_t low, const Lanes* length) {
    Lanes *free = state_.free(), *up = state_.up();
    const Lanes send = times_.send;
    std::int64_t s = high;
    if (s == p_ - 1 && s >= low) free[s] = later(free[s], up[s]) + length[s], --s;
    for (; s >= low; --s) {
      free[s] = later(free[s], up[s]) + length[s];
      up[s + 1] = later(free[s], up[s + 1]) + send;
    }
  }
  /// The same there and back: stages low .. high to the one before; the first has none.
  void run_back(std::int64_t low, std::int64_t high, const Lanes* length) {
    Lanes *free = state_.free(), *down = state_.down();
    const Lanes send = times_.send;
    std::int64_t s = low;
    if (s == 0 && s <= high) free[s] = later(free[s], down[s]) + length[s], ++s;
    for (; s <= high; ++s) {
      free[s] = later(free[s], down[s]) + length[s];
      down[s - 1] = later(free[s], down[s - 1]) + send;
    }
  }
  void send(std::int64_t from, Lanes& arrived) { arrived = later(state_.free()[from], arrived) + times_.send; }

  /// Forward pass u - s of stage s. What it needs was sent in the round before, also from the last stage to the first.
  void play_forward(std::int64_t u, std::int64_t passes, const Place& place) {
    const std::int64_t low = std::max<std::int64_t>(0, u - passes + 1), high = std::min(p_ - 1, u);
    if (low > high) return;
    const std::int64_t edge = place.at, chunk = place.chunk, chunk_before = chunk > 0 ? chunk - 1 : v_ - 1;
    const Lanes *near = times_.forward.data() + chunk * p_, *far = times_.forward.data() + chunk_before * p_;
    const bool begins = low == 0 && chunk == 0;  // the model begins here: nothing to wait for
    const std::int64_t first = begins ? 1 : low;
    run_ahead(high, std::max(first, edge + 1), far);
    run_ahead(std::min(high, edge), first, near);
    if (begins) {
      state_.free()[0] += near[0];
      if (p_ > 1) send(0, state_.up()[1]);
    }
    const bool ends = (edge == p_ - 1 ? chunk : chunk_before) == v_ - 1;  // and ends there: nothing to send
    if (high == p_ - 1 && !ends) send(p_ - 1, state_.up()[0]);
  }

  /// Backward pass b + s of stage s, b = u - lag.
  void play_backward(std::int64_t b, std::int64_t passes, const Place& place) {
    const std::int64_t low = std::max<std::int64_t>(0, -b), high = std::min(p_ - 1, passes - 1 - b);
    if (low > high) return;
    const std::int64_t edge = p_ - place.at;  // stages from edge on: the next chunk, which is one lower
    const std::int64_t chunk = v_ - 1 - place.chunk, next = chunk > 0 ? chunk - 1 : v_ - 1;
    const Lanes *near = times_.backward.data() + chunk * p_, *far = times_.backward.data() + next * p_;
    const std::int64_t at_last = edge == p_ ? chunk : next;
    const bool begins = high == p_ - 1 && at_last == v_ - 1;
    const std::int64_t last = begins ? high - 1 : high;
    run_back(low, std::min(last, edge - 1), near);
    run_back(std::max(low, edge), last, far);
    if (begins) {
      state_.free()[high] += (edge == p_ ? near : far)[high];
      if (high > 0) send(high, state_.down()[high - 1]);
    }
    if (low == 0 && chunk > 0) send(0, state_.down()[p_ - 1]);
  }

  const LaneTimes& times_;
  std::int64_t p_, v_, lag_;
  State state_;
};

/// A flow shop of equal jobs: the first passes all machines, each later one comes a slowest machine's time behind. A
/// link between stages is a machine too. Forward and backward are two such flow shops one after the other, since no
/// stage begins backward before all forward passes are done.
double gpipe_makespan(const PassTimes& times, std::int64_t m, double send) {
  const auto through = [&](const std::vector<double>& machines) {
    double sum = 0, slowest = machines.size() > 1 ? send : 0;
    for (const double length : machines) sum += length, slowest = std::max(slowest, length);
    return sum + send * static_cast<double>(machines.size() - 1) + static_cast<double>(m - 1) * slowest;
  };
  return through(times.forward) + through(times.backward);
}

/// End of the last pass, with sends and were they free.
Lanes makespans(const PipelineWork& work) {
  const PassTimes with = pass_times(work);
  if (work.schedule == PipelineSchedule::dual_pipe) return dual_pipe_makespan(with, work);
  PassTimes unblocked{};
  // Sends that block lengthen the passes themselves: the run without them needs pass times of its own.
  if (with.blocking > 0) {
    PipelineWork sends_free = work;
    sends_free.send = {};
    unblocked = pass_times(sends_free);
  }
  const PassTimes& without = with.blocking > 0 ? unblocked : with;
  if (work.schedule == PipelineSchedule::gpipe) {
    return {gpipe_makespan(with, work.micro_batches, with.send), gpipe_makespan(without, work.micro_batches, 0)};
  }
  LaneTimes times{side_by_side(with.forward, without.forward), {}, {}, {}, {with.send, 0}};
  if (work.schedule == PipelineSchedule::zero_bubble) {
    times.input = side_by_side(with.input, without.input);
    times.weight = side_by_side(with.weight, without.weight);
  } else {
    times.backward = side_by_side(with.backward, without.backward);
  }
  const bool interleaved = work.schedule == PipelineSchedule::interleaved_1f1b;
  return interleaved ? InterleavedRounds(times, work).makespan(work.micro_batches)
                     : AlternatingRounds(times, work).makespan(work.micro_batches);
}

/// All passes of a stage one after another, without what blocks it.
Duration stage_work(const PipelineWork& work, int stage) {
  Duration sum;
  for (int c = 0; c < work.vpp; ++c) {
    const ChunkTime& chunk = work.chunks[static_cast<std::size_t>(stage * work.vpp + c)];
    sum += chunk.forward + chunk.backward;
  }
  return static_cast<double>(work.micro_batches) * sum;
}

const ChunkTime& chunk_of(const PipelineWork& work, int stage) { return work.chunks[static_cast<std::size_t>(stage)]; }

/// How much shorter the forward pass of one stage is beside the backward pass of another than after it. Exchanges of
/// one run under the computation of the other, as far as there is computation left to cover them.
Duration pair_gain(const ChunkTime& ahead, const ChunkTime& back) {
  const Duration exchange = ahead.forward_exchange + back.backward_exchange;
  return min(exchange, ahead.forward + back.backward - exchange);
}

}  // namespace

bool send_blocks(PipelineSchedule schedule) {
  return schedule == PipelineSchedule::one_f_one_b || schedule == PipelineSchedule::gpipe;
}

bool can_schedule(PipelineSchedule schedule, int stages, int vpp, std::int64_t micro_batches) {
  switch (schedule) {
    case PipelineSchedule::one_f_one_b:
    case PipelineSchedule::zero_bubble:
    case PipelineSchedule::gpipe:
      return vpp == 1;
    case PipelineSchedule::interleaved_1f1b:
      return stages > 1 && vpp > 1 && micro_batches % stages == 0;
    case PipelineSchedule::dual_pipe:
      return vpp == 1 && stages % 2 == 0 && micro_batches % 2 == 0 && micro_batches >= 2 * std::int64_t{stages};
  }
  return false;
}

Duration pipeline_makespan(const PipelineWork& work) { return Duration::from_base(makespans(work).with_sends()); }

/// For each stage: what it must do, and the way of the first micro-batch to it and of the last from it. dual_pipe is
/// fed from both ends, so no way is added.
Duration least_makespan(const PipelineWork& work) {
  const bool dual = work.schedule == PipelineSchedule::dual_pipe;
  const bool ends_with_backward = work.schedule != PipelineSchedule::zero_bubble;
  Duration least, way;
  for (int s = 0; s < work.stages; ++s) {
    // `way` is what lies before this stage's first pass and after its last: forward to it, and, where the last pass is
    // a backward one, back from it.
    least = max(least, stage_busy_time(work, s) + way);
    if (dual) continue;
    const ChunkTime& chunk = work.chunks[static_cast<std::size_t>(s * work.vpp)];
    way += chunk.forward + work.send;
    if (ends_with_backward) way += chunk.backward + work.send;
  }
  return least;
}

/// A rank of dual_pipe takes half the micro-batches through each of its two stages, less what its pairs hide.
Duration stage_busy_time(const PipelineWork& work, int stage) {
  if (work.schedule != PipelineSchedule::dual_pipe) return stage_work(work, stage);
  return (stage_work(work, stage) + stage_work(work, work.stages - 1 - stage)) / 2.0 - stage_hidden_time(work, stage);
}

/// Counts the pairs of both kinds in the rank's order (arXiv 2412.19437, figure 5): rounds of the near direction's
/// forward beside the far one's backward, and the other way round.
Duration stage_hidden_time(const PipelineWork& work, int stage) {
  if (work.schedule != PipelineSchedule::dual_pipe) return {};
  const int near = std::min(stage, work.stages - 1 - stage), inward = work.stages / 2 - 1 - near;
  const ChunkTime &early = chunk_of(work, near), &late = chunk_of(work, work.stages - 1 - near);
  const auto rounds = static_cast<double>(DualPipeSequence(work.stages, work.micro_batches, stage).rounds());
  return (rounds - (inward == 0 ? 1 : 0)) * pair_gain(early, late) + (rounds + inward) * pair_gain(late, early);
}

PipelineTime pipeline_time(const PipelineWork& work) {
  PipelineTime out;
  Duration busiest;
  for (int s = 0; s < work.stages; ++s) {
    const Duration busy = stage_busy_time(work, s);
    if (busy > busiest) busiest = busy, out.slowest = s;
  }
  out.hidden = stage_hidden_time(work, out.slowest);
  out.total = busiest;
  if (work.stages == 1) return out;
  const Lanes ends = makespans(work);
  const auto makespan = Duration::from_base(ends.with_sends()), alone = Duration::from_base(ends.without());
  const Duration none;
  // What the slowest stage idles were sends free; the rest of the makespan is what sends add.
  out.bubble = max(none, alone - busiest);
  out.send = max(none, makespan - alone);
  out.total = busiest + out.bubble + out.send;
  return out;
}

}  // namespace stargate
