// Orders of the five schedules and the walk over them. A virtual stage is g = chunk * stages + stage (dual_pipe: the
// stage itself, or its mirror image for the direction up); forward passes go from g to g + 1, backward ones to g - 1.
#include "stargate/training/schedule_order.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/base/check.hpp"
#include "stargate/training/dual_pipe.hpp"

namespace stargate {
namespace {

constexpr Pass kNone{};

/// Appends passes of one stage.
class Order {
 public:
  void forward(Pass pass) { out_.push_back({PassKind::forward, pass, kNone}); }
  void backward(Pass pass) { out_.push_back({PassKind::backward, kNone, pass}); }
  void input(Pass pass) { out_.push_back({PassKind::input_gradient, kNone, pass}); }
  void weight(Pass pass) { out_.push_back({PassKind::weight_gradient, kNone, pass}); }
  void both(Pass ahead, Pass back) { out_.push_back({PassKind::forward_backward, ahead, back}); }
  std::vector<ScheduledPass> take() { return std::move(out_); }

 private:
  std::vector<ScheduledPass> out_;
};

std::vector<ScheduledPass> gpipe_order(std::int64_t m) {
  Order order;
  for (std::int64_t k = 0; k < m; ++k) order.forward({0, k});
  for (std::int64_t k = 0; k < m; ++k) order.backward({0, k});
  return order.take();
}

/// Fill with one pass for each later stage, then one forward, one backward. ZB-H1 finds the weight gradients of a
/// micro-batch `stage` backward passes later, so that every stage holds as much as the first.
std::vector<ScheduledPass> alternating_order(const PipelineWork& work, int stage, bool split) {
  Order order;
  // The later a stage, the fewer forward passes go ahead of its first backward pass: what stage s waits for has to
  // travel p - 1 - s stages and back.
  const std::int64_t m = work.micro_batches, ahead = std::min<std::int64_t>(m, work.stages - 1 - stage);
  for (std::int64_t k = 0; k < ahead; ++k) order.forward({0, k});
  for (std::int64_t k = 0; k < m; ++k) {
    if (k + ahead < m) order.forward({0, k + ahead});
    split ? order.input({0, k}) : order.backward({0, k});
    if (split && k >= stage) order.weight({0, k - stage});
  }
  for (std::int64_t k = std::max<std::int64_t>(0, m - stage); split && k < m; ++k) order.weight({0, k});
  return order.take();
}

/// Rounds of `stages` micro-batches through chunk 0, the same through chunk 1, ...; backward from the last chunk.
std::vector<ScheduledPass> interleaved_order(const PipelineWork& work, int stage) {
  const std::int64_t p = work.stages, v = work.vpp, all = work.micro_batches * v;
  const auto pass = [&](std::int64_t k, bool back) {
    // Pass k of a stage: groups of p micro-batches go through all v chunks before the next group begins.
    const std::int64_t chunk = k % (p * v) / p;
    return Pass{static_cast<int>(back ? v - 1 - chunk : chunk), k / (p * v) * p + k % p};
  };
  // Megatron-LM's warm-up (arXiv 2104.04473): enough forward passes for the first group to have been through all chunks
  // and back.
  const std::int64_t ahead = std::min(all, 2 * (p - 1 - stage) + (v - 1) * p);
  Order order;
  for (std::int64_t k = 0; k < ahead; ++k) order.forward(pass(k, false));
  for (std::int64_t k = 0; k < all; ++k) {
    if (k + ahead < all) order.forward(pass(k + ahead, false));
    order.backward(pass(k, true));
  }
  return order.take();
}

/// Passes of DualPipeSequence with their directions and micro-batches. Direction 0 takes the first half of the
/// micro-batches, direction 1 the second.
class DualPipeOrder {
 public:
  DualPipeOrder(const PipelineWork& work, int stage)
      : each_(work.micro_batches / 2), near_direction_(stage < work.stages / 2 ? 0 : 1) {}

  void forward(bool near) { order_.forward(next(ahead_, near)); }
  void backward(bool near) { order_.backward(next(back_, near)); }
  void input(bool near) {
    kept_.push_back(next(back_, near));
    order_.input(kept_.back());
  }
  void weight() { order_.weight(kept_.at(given_++)); }
  void both(bool near) {
    const Pass ahead = next(ahead_, near);
    order_.both(ahead, next(back_, !near));
  }
  std::vector<ScheduledPass> take() { return order_.take(); }

 private:
  Pass next(std::int64_t (&counts)[2], bool near) {
    const int direction = near ? near_direction_ : 1 - near_direction_;
    return {direction, direction * each_ + counts[near ? 0 : 1]++};
  }

  std::int64_t each_;
  int near_direction_;
  std::int64_t ahead_[2] = {}, back_[2] = {};  ///< near, far
  std::vector<Pass> kept_;
  std::size_t given_ = 0;
  Order order_;
};

std::vector<ScheduledPass> dual_pipe_order(const PipelineWork& work, int stage) {
  DualPipeOrder order(work, stage);
  DualPipeSequence(work.stages, work.micro_batches, stage).write(order);
  return order.take();
}

/// Where passes run and what they wait for.
struct Route {
  const PipelineWork& work;

  bool dual() const { return work.schedule == PipelineSchedule::dual_pipe; }
  int virtual_stages() const { return work.stages * work.vpp; }
  int virtual_stage(int stage, int chunk) const {
    if (dual()) return chunk == 0 ? stage : work.stages - 1 - stage;
    return chunk * work.stages + stage;
  }
  /// Link a pass sends on: up for forward passes, but dual_pipe's direction 1 is the other way round.
  bool sends_up(const Pass& pass, bool gradient) const { return dual() && pass.chunk == 1 ? gradient : !gradient; }
};

struct WalkedPass {
  double start, end;
};

/// All stages side by side; each runs on until it must wait.
class Walk {
 public:
  Walk(const PassTimes& times, const PipelineWork& work, std::vector<SendSlice>* sends)
      : times_(times),
        route_{work},
        ahead_(static_cast<std::size_t>(route_.virtual_stages() * work.micro_batches), kUnknown),
        back_(ahead_.size(), kUnknown),
        at_(static_cast<std::size_t>(work.stages)),
        sends_(sends) {}

  /// Stages are visited in turn until all passes have their times; a turn without progress would be a schedule that
  /// waits for itself, a programming error.
  std::vector<std::vector<WalkedPass>> run(const std::vector<std::vector<ScheduledPass>>& order) {
    std::vector<std::vector<WalkedPass>> out(order.size());
    std::size_t left = 0;
    for (std::size_t s = 0; s < order.size(); ++s) out[s].reserve(order[s].size()), left += order[s].size();
    while (left > 0) {
      const std::size_t before = left;
      for (std::size_t s = 0; s < order.size(); ++s) {
        while (out[s].size() < order[s].size() && step(static_cast<int>(s), order[s][out[s].size()], out[s])) --left;
      }
      STARGATE_CHECK(left < before, "a schedule waits for itself");
    }
    return out;
  }

 private:
  static constexpr double kUnknown = -1;
  struct Stage {
    double free = 0, up = 0, down = 0;
  };

  std::size_t slot(int g, const Pass& pass) const {
    return static_cast<std::size_t>(g * route_.work.micro_batches + pass.micro_batch);
  }

  /// When the input of a forward pass arrives; kUnknown while that is open.
  double ready(int stage, const Pass& pass, bool gradient) const {
    const int g = route_.virtual_stage(stage, pass.chunk);
    // The last virtual stage makes its own gradient from the loss; the first reads the batch: neither waits for
    // anybody.
    if (gradient) return g == route_.virtual_stages() - 1 ? 0 : back_[slot(g + 1, pass)];
    return g == 0 ? 0 : ahead_[slot(g - 1, pass)];
  }

  double length(int stage, const ScheduledPass& pass) const {
    const auto at = [&](const Pass& p) { return static_cast<std::size_t>(route_.virtual_stage(stage, p.chunk)); };
    switch (pass.kind) {
      case PassKind::forward:
        return times_.forward[at(pass.forward)];
      case PassKind::backward:
        return times_.backward[at(pass.backward)];
      case PassKind::input_gradient:
        return times_.input[at(pass.backward)];
      case PassKind::weight_gradient:
        return times_.weight[at(pass.backward)];
      case PassKind::forward_backward:
        return times_.pair[at(pass.forward)];
    }
    return 0;
  }

  void send(int stage, const Pass& pass, bool gradient) {
    const int g = route_.virtual_stage(stage, pass.chunk), last = route_.virtual_stages() - 1;
    if (g == (gradient ? 0 : last)) return;
    Stage& at = at_[static_cast<std::size_t>(stage)];
    const bool up = route_.sends_up(pass, gradient);
    double& link = up ? at.up : at.down;
    const double start = std::max(at.free, link);
    link = start + times_.send;
    (gradient ? back_ : ahead_)[slot(g, pass)] = link;
    if (!sends_) return;
    // Modulo p: the last stage sends to the first, whose next chunk goes on.
    const int p = route_.work.stages, to = (stage + (up ? 1 : p - 1)) % p;
    Pass target = pass;
    if (!route_.dual()) target.chunk = (gradient ? g - 1 : g + 1) / p;
    sends_->push_back({stage, to, up, gradient, target, Duration::from_base(start), Duration::from_base(link)});
  }

  bool step(int stage, const ScheduledPass& pass, std::vector<WalkedPass>& out) {
    const bool ahead = pass.kind == PassKind::forward || pass.kind == PassKind::forward_backward;
    const bool back = pass.kind != PassKind::forward && pass.kind != PassKind::weight_gradient;
    const double first = ahead ? ready(stage, pass.forward, false) : 0;
    const double second = back ? ready(stage, pass.backward, true) : 0;
    if (first == kUnknown || second == kUnknown) return false;
    Stage& at = at_[static_cast<std::size_t>(stage)];
    const double start = std::max({at.free, first, second});
    at.free = start + length(stage, pass);
    if (ahead) send(stage, pass.forward, false);
    if (back) send(stage, pass.backward, true);
    out.push_back({start, at.free});
    return true;
  }

  const PassTimes& times_;
  Route route_;
  std::vector<double> ahead_, back_;  ///< arrivals of what a virtual stage sent, by micro-batch
  std::vector<Stage> at_;
  std::vector<SendSlice>* sends_;
};

/// Rounds to multiples of a power of two of which the sum of everything has less than 2^52. Adding and taking off a
/// number 1.5 * 2^k leaves what is a multiple of its last place (round to nearest even); this must not be compiled with
/// reassociation (-ffast-math).
class Grid {
 public:
  explicit Grid(double sum) : magic_(sum > 0 ? std::ldexp(1.5, std::ilogb(sum) + 2) : 0) {}
  double round(double value) const { return (value + magic_) - magic_; }

 private:
  double magic_;
};

}  // namespace

std::vector<ScheduledPass> pass_order(const PipelineWork& work, int stage) {
  switch (work.schedule) {
    case PipelineSchedule::gpipe:
      return gpipe_order(work.micro_batches);
    case PipelineSchedule::one_f_one_b:
      return alternating_order(work, stage, false);
    case PipelineSchedule::zero_bubble:
      return alternating_order(work, stage, true);
    case PipelineSchedule::interleaved_1f1b:
      return interleaved_order(work, stage);
    case PipelineSchedule::dual_pipe:
      return dual_pipe_order(work, stage);
  }
  return {};
}

PassTimes pass_times(const PipelineWork& work) {
  const int p = work.stages, v = work.vpp;
  const auto size = static_cast<std::size_t>(p * v);
  Duration sum;
  // An upper bound of the makespan, so that no sum leaves the grid: every pass and every send after one another.
  for (const ChunkTime& chunk : work.chunks) sum += chunk.forward + chunk.backward + 4.0 * work.send;
  const Grid grid(sum.base() * static_cast<double>(work.micro_batches));
  // Where sends block, their time is part of the pass, and the link itself is free.
  const double send = grid.round(work.send.base()), wait = send_blocks(work.schedule) ? send : 0;
  PassTimes out{p, v, {}, {}, {}, {}, {}, send - wait, wait};
  const bool split = work.schedule == PipelineSchedule::zero_bubble || work.schedule == PipelineSchedule::dual_pipe;
  for (auto* times : {&out.forward, &out.backward}) times->resize(size);
  if (split) out.input.resize(size), out.weight.resize(size);
  for (int s = 0; s < p; ++s) {
    for (int c = 0; c < v; ++c) {
      const ChunkTime& chunk = work.chunks[static_cast<std::size_t>(s * v + c)];
      const auto at = static_cast<std::size_t>(c * p + s);
      const double input = grid.round((chunk.backward - chunk.weight).base());
      // The first virtual stage sends no gradient on, the last no activations.
      const double weight = grid.round(chunk.weight.base()), sent = input + (at > 0 ? wait : 0);
      out.forward[at] = grid.round(chunk.forward.base()) + (at + 1 < size ? wait : 0);
      out.backward[at] = sent + weight;
      if (split) out.input[at] = sent, out.weight[at] = weight;
    }
  }
  if (work.schedule != PipelineSchedule::dual_pipe) return out;
  for (int s = 0; s < p; ++s) {
    const ChunkTime &ahead = work.chunks[static_cast<std::size_t>(s)],
                    &back = work.chunks[static_cast<std::size_t>(p - 1 - s)];
    const Duration exchange = ahead.forward_exchange + back.backward_exchange;
    out.pair.push_back(grid.round(max(exchange, ahead.forward + back.backward - exchange).base()));
  }
  return out;
}

PassOrders pass_orders(const PipelineWork& work) {
  PassOrders out;
  for (int s = 0; s < work.stages; ++s) out.push_back(pass_order(work, s));
  return out;
}

PipelineSlices pipeline_slices(const PipelineWork& work) {
  PipelineSlices out;
  const PassTimes times = pass_times(work);
  const PassOrders order = pass_orders(work);
  const auto walked = Walk(times, work, &out.sends).run(order);
  const auto blocking = Duration::from_base(times.blocking);
  // A blocking send was counted in its pass; in the picture it is taken out of the pass and drawn as a send.
  for (SendSlice& send : out.sends) send.start -= blocking;
  for (std::size_t s = 0; s < order.size(); ++s) {
    for (std::size_t i = 0; i < order[s].size(); ++i) {
      const bool ahead = order[s][i].kind == PassKind::forward, sends = ahead ? s + 1 < order.size() : s > 0;
      const auto start = Duration::from_base(walked[s][i].start), end = Duration::from_base(walked[s][i].end);
      out.passes.push_back({static_cast<int>(s), order[s][i], start, sends ? end - blocking : end});
      out.makespan = max(out.makespan, end);
    }
  }
  std::stable_sort(out.sends.begin(), out.sends.end(),
                   [](const SendSlice& a, const SendSlice& b) { return a.from < b.from; });
  return out;
}

}  // namespace stargate
