// The fast recurrences against a longest path found by relaxation over every pass, and against the papers' bubbles.
#include "stargate/training/schedule.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "stargate/training/schedule_order.hpp"

using namespace stargate;

namespace {

using enum PipelineSchedule;

struct Case {
  PipelineWork work;
  std::vector<ChunkTime> chunks;
  PipelineWork view() const {
    PipelineWork out = work;
    out.chunks = chunks;
    return out;
  }
};

Case equal_stages(PipelineSchedule schedule, int p, int v, std::int64_t m, ChunkTime chunk) {
  return {{schedule, p, v, m, {}, {}}, std::vector<ChunkTime>(static_cast<std::size_t>(p * v), chunk)};
}

Case random_case(PipelineSchedule schedule, int p, int v, std::int64_t m, std::mt19937& random) {
  const auto draw = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random) * millisecond;
  };
  Case out{{schedule, p, v, m, {}, {}}, {}};
  const bool mostly_equal = random() % 2 == 0;
  ChunkTime usual;
  for (int i = 0; i < p * v; ++i) {
    ChunkTime chunk{draw(1, 3), draw(2, 6), draw(0.5, 2), draw(0, 1), draw(0, 2)};
    if (i == 0) usual = chunk;
    if (mostly_equal && i + 1 < p * v) chunk = usual;
    out.chunks.push_back(chunk);
  }
  out.work.send = random() % 3 == 0 ? Duration{} : draw(0, random() % 4 == 0 ? 5 : 0.5);
  return out;
}

/// Longest path over all passes and sends: starts are raised until nothing moves. Knows orders, not recurrences.
class LongestPath {
 public:
  explicit LongestPath(const PipelineWork& work) : work_(work), orders_(pass_orders(work)) {}

  double makespan() {
    for (bool moved = true; moved;) {
      moved = false;
      for (int s = 0; s < work_.stages; ++s) moved = play_stage(s) || moved;
    }
    double latest = 0;
    for (const auto& [key, end] : ends_) latest = std::max(latest, end);
    return latest;
  }

 private:
  using Key = std::tuple<int, std::int64_t, bool>;  // virtual stage, micro-batch, gradient

  bool dual() const { return work_.schedule == dual_pipe; }
  int stage_of(int s, const Pass& pass) const {
    if (!dual()) return pass.chunk * work_.stages + s;
    return pass.chunk == 0 ? s : work_.stages - 1 - s;
  }
  const ChunkTime& time_of(int s, const Pass& pass) const {
    return work_.chunks[static_cast<std::size_t>(dual() ? stage_of(s, pass) : s * work_.vpp + pass.chunk)];
  }
  double length(int s, const ScheduledPass& pass) const {
    const ChunkTime ahead = time_of(s, pass.forward), back = time_of(s, pass.backward);
    switch (pass.kind) {
      case PassKind::forward:
        return ahead.forward.base();
      case PassKind::backward:
        return back.backward.base();
      case PassKind::input_gradient:
        return (back.backward - back.weight).base();
      case PassKind::weight_gradient:
        return back.weight.base();
      case PassKind::forward_backward:
        break;
    }
    const Duration exchange = ahead.forward_exchange + back.backward_exchange;
    return max(exchange, ahead.forward + back.backward - exchange).base();
  }
  double arrival(const Key& key) const {
    const auto found = arrivals_.find(key);
    return found == arrivals_.end() ? 0 : found->second;
  }

  bool play_stage(int s) {
    const int last = work_.stages * work_.vpp - 1;
    const double send = work_.send.base();
    double free = 0, link[2] = {0, 0};
    bool moved = false;
    const auto raise = [&](std::map<Key, double>& times, const Key& key, double value) {
      auto [at, fresh] = times.emplace(key, value);
      if (fresh || at->second < value - 1e-15) at->second = value, moved = true;
    };
    for (const ScheduledPass& pass : orders_[static_cast<std::size_t>(s)]) {
      const bool ahead = pass.kind == PassKind::forward || pass.kind == PassKind::forward_backward;
      const bool back = pass.kind != PassKind::forward && pass.kind != PassKind::weight_gradient;
      const int to = stage_of(s, pass.forward), from = stage_of(s, pass.backward);
      double start = free;
      if (ahead && to > 0) start = std::max(start, arrival({to - 1, pass.forward.micro_batch, false}));
      if (back && from < last) start = std::max(start, arrival({from + 1, pass.backward.micro_batch, true}));
      free = start + length(s, pass);
      raise(ends_, {s, static_cast<std::int64_t>(&pass - orders_[static_cast<std::size_t>(s)].data()), false}, free);
      const auto give = [&](const Pass& what, int g, bool gradient) {
        double& busy = link[(dual() && what.chunk == 1) != gradient ? 1 : 0];
        busy = std::max(free, busy) + send;
        raise(arrivals_, {g, what.micro_batch, gradient}, busy);
        if (send_blocks(work_.schedule)) free = busy;
      };
      if (ahead && to < last) give(pass.forward, to, false);
      if (back && from > 0) give(pass.backward, from, true);
    }
    return moved;
  }

  const PipelineWork& work_;
  PassOrders orders_;
  std::map<Key, double> arrivals_, ends_;
};

double bubble_units(const Case& c) {
  const PipelineWork work = c.view();
  return (pipeline_makespan(work) - stage_busy_time(work, 0)).in(second);
}

}  // namespace

TEST_CASE("a schedule's time is the longest path over all its passes") {
  std::mt19937 random(7);
  for (int i = 0; i < 1500; ++i) {
    const auto schedule = static_cast<PipelineSchedule>(random() % 5);
    const int p = schedule == dual_pipe ? 2 * (1 + static_cast<int>(random() % 3)) : 2 + static_cast<int>(random() % 4);
    const int v = schedule == interleaved_1f1b ? 2 + static_cast<int>(random() % 3) : 1;
    std::int64_t m = 1 + static_cast<int>(random() % 12);
    if (schedule == interleaved_1f1b) m = p * (1 + static_cast<int>(random() % 6));
    if (schedule == dual_pipe) m = 2 * (p + static_cast<int>(random() % 8));
    const Case c = random_case(schedule, p, v, m, random);
    const PipelineWork work = c.view();
    REQUIRE(can_schedule(schedule, p, v, m));
    CAPTURE(static_cast<int>(schedule));
    CAPTURE(p);
    CAPTURE(v);
    CAPTURE(m);
    CHECK(pipeline_makespan(work).base() == doctest::Approx(LongestPath(work).makespan()).epsilon(1e-12));
    CHECK(least_makespan(work).base() <= pipeline_makespan(work).base() * (1 + 1e-12));
  }
}

TEST_CASE("the short cut through repeated rounds gives the whole walk to the last bit") {
  std::mt19937 random(11);
  for (int i = 0; i < 400; ++i) {
    const auto schedule = static_cast<PipelineSchedule>(random() % 5);
    const int p = 2 * (1 + static_cast<int>(random() % 4)), v = schedule == interleaved_1f1b ? 3 : 1;
    const Case c = random_case(schedule, p, v, 2 * p * (1 + static_cast<int>(random() % 12)), random);
    const PipelineWork work = c.view();
    CAPTURE(static_cast<int>(schedule));
    CAPTURE(p);
    CAPTURE(work.micro_batches);
    CHECK(pipeline_makespan(work) == pipeline_slices(work).makespan);
  }
}

TEST_CASE("dual_pipe's short cut holds where the slowest circle of waits goes through several rounds") {
  std::mt19937 random(3);
  for (int i = 0; i < 40; ++i) {
    const int p = 8 + 2 * static_cast<int>(random() % 5);
    const Case c = random_case(dual_pipe, p, 1, 2 * (100 + static_cast<int>(random() % 300)), random);
    CHECK(pipeline_makespan(c.view()) == pipeline_slices(c.view()).makespan);
  }
}

TEST_CASE("slices of a stage follow each other, are as long as their passes, and idle is what is left") {
  std::mt19937 random(5);
  for (const auto schedule : {one_f_one_b, interleaved_1f1b, zero_bubble, dual_pipe, gpipe}) {
    const Case c = random_case(schedule, 4, schedule == interleaved_1f1b ? 2 : 1, 16, random);
    const PipelineWork work = c.view();
    const PipelineSlices slices = pipeline_slices(work);
    for (int s = 0; s < 4; ++s) {
      Duration end, busy;
      for (const PassSlice& slice : slices.passes) {
        if (slice.stage != s) continue;
        CHECK(slice.start >= end);
        end = slice.end;
        busy += slice.end - slice.start;
      }
      CHECK(busy.base() == doctest::Approx(stage_busy_time(work, s).base()));
    }
  }
}

TEST_CASE("stages of equal time have the bubbles of the papers") {
  const ChunkTime chunk{1 * second, 2 * second, 1 * second, {}, {}};
  for (const int p : {2, 4, 8}) {
    for (const int m : {16, 64}) {
      CHECK(bubble_units(equal_stages(one_f_one_b, p, 1, m, chunk)) == (p - 1) * 3);
      CHECK(bubble_units(equal_stages(gpipe, p, 1, m, chunk)) == (p - 1) * 3);
      for (const int v : {2, 4}) CHECK(bubble_units(equal_stages(interleaved_1f1b, p, v, m, chunk)) == (p - 1) * 3);
      // (p - 1) (F + B - W)
      CHECK(bubble_units(equal_stages(zero_bubble, p, 1, m, chunk)) == (p - 1) * (1 + 1 - 1));
      // (p / 2 - 1) (F&B + B - 3 W), B both gradients
      CHECK(bubble_units(equal_stages(dual_pipe, p, 1, m, chunk)) == (p / 2 - 1) * (3 + 2 - 3));
    }
  }
}

TEST_CASE("a slow stage sets the pace and the others fill and drain") {
  Case c = equal_stages(one_f_one_b, 4, 1, 8, {1 * second, 2 * second, 1 * second, {}, {}});
  c.chunks[2].backward = 3 * second;
  const PipelineTime t = pipeline_time(c.view());
  CHECK(t.slowest == 2);
  CHECK(t.total == (8 * 4.0 + 8.0) * second);
  CHECK(t.bubble == 8 * second);
  CHECK(t.send == 0 * second);
}

TEST_CASE("each micro-batch waits for two sends in 1F1B, and interleaved sends hide under the next chunk") {
  Case c = equal_stages(one_f_one_b, 4, 1, 32, {1 * second, 2 * second, 1 * second, {}, {}});
  c.work.send = 0.1 * second;
  CHECK(pipeline_time(c.view()).send.in(second) == doctest::Approx(0.2 * (32 - 1 + 3) - 0.1));
  c = equal_stages(interleaved_1f1b, 4, 3, 32, {1 * second, 2 * second, 1 * second, {}, {}});
  c.work.send = 0.1 * second;
  CHECK(pipeline_time(c.view()).send.in(second) < 0.2 * 12);
}

TEST_CASE("dual_pipe hides exchanges under passes the other way, and no schedule gains from slower sends") {
  Case c = equal_stages(dual_pipe, 8, 1, 32, {2 * second, 3 * second, 1 * second, {}, {}});
  const Duration apart = pipeline_makespan(c.view());
  for (ChunkTime& chunk : c.chunks) chunk.forward_exchange = chunk.backward_exchange = 1 * second;
  CHECK(pipeline_makespan(c.view()) < 0.8 * apart);
  std::mt19937 random(3);
  for (const auto schedule : {one_f_one_b, interleaved_1f1b, zero_bubble, dual_pipe, gpipe}) {
    Case slower = random_case(schedule, 4, schedule == interleaved_1f1b ? 2 : 1, 16, random);
    Duration before;
    for (const double send : {0.0, 0.1, 1.0, 10.0}) {
      slower.work.send = send * millisecond;
      const Duration now = pipeline_makespan(slower.view());
      CHECK(now >= before);
      before = now;
    }
  }
}
