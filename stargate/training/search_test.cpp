// The search against brute force: on small grids, with every kind of layer and schedule, every layout is simulated by a
// program of its own here, and the pruned search must return the same best ones, the same front and the same counts.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "stargate/training/energy.hpp"
#include "stargate/training/search.hpp"

using namespace stargate;

namespace {

Accelerator make_accelerator(Bytes memory) {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = memory;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}, {Precision::fp8, 1979.0 * teraflop / second}};
  a.compute_units = 132;
  a.power = 700 * watt;
  return a;
}

Model make_dense() {
  Model m;
  m.hidden = 2048, m.vocab = 51200;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = 16;
  layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 8192};
  layer.norm_parameters = 4096;
  m.shapes = {layer};
  m.layers.assign(6, 0);
  return m;
}

/// A dense first layer, then experts.
Model make_experts() {
  Model m = make_dense();
  LayerShape routed = m.shapes[0];
  routed.feed_forward = {
      .kind = FeedForwardKind::experts, .width = 1024, .experts = 8, .top_k = 2, .shared_width = 1024};
  m.shapes.push_back(routed);
  m.layers = {0, 1, 1, 1};
  return m;
}

struct Case {
  Accelerator accelerator;
  Model model;
  std::int64_t gpus, batch;

  TrainingJob job() const {
    Fabric fabric;
    fabric.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
    fabric.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
    fabric.domain = 4;
    return {&model, nullptr, &accelerator, fabric, DeviceLaw(accelerator), gpus, batch, 2048, {}};
  }
};

std::vector<int> divisors(std::int64_t number) {
  std::vector<int> out;
  for (int d = 1; d <= number; ++d) {
    if (number % d == 0) out.push_back(d);
  }
  return out;
}

/// Calls with every layout of the grid that keeps all rules.
template <class Visit>
class BruteForce {
 public:
  BruteForce(const TrainingJob& job, Visit visit, int recompute_layers = 0)
      : job_(job), visit_(visit), recompute_layers_(recompute_layers) {
    for (const auto& shape : job.model->shapes) experts_ = std::max(experts_, shape.feed_forward.experts);
    for (int tp = 1; tp <= 4; tp *= 2) {
      for (int cp = 1; cp <= job.gpus / tp; cp *= 2) {
        for (const int ep : divisors(std::max(1, experts_))) {
          for (int etp = 1; etp <= (experts_ > 0 ? tp : 1); etp *= 2)
            shards({.tp = tp, .cp = cp, .ep = ep, .etp = etp});
        }
      }
    }
  }

 private:
  void shards(TrainingLayout l) {
    for (const bool split : {false, true}) {
      for (const int micro_batch : divisors(job_.global_batch_size)) {
        if (split && l.tp == 1) continue;
        l.sequence_parallel = split, l.micro_batch_size = micro_batch;
        pipelines(l);
      }
    }
  }

  void pipelines(TrainingLayout l) {
    for (const bool ends : {false, true}) {
      const int slots = job_.model->layer_count() + (ends ? 2 : 0);
      for (const int pp : divisors(job_.gpus)) {
        if (job_.gpus % (l.tp * l.cp * pp) != 0 || (ends && pp == 1)) continue;
        for (int vpp = 1; vpp * pp <= slots && (vpp == 1 || pp > 1); ++vpp) {
          l.pp = pp, l.vpp = vpp, l.dp = static_cast<int>(job_.gpus / (l.tp * l.cp * pp));
          l.embedding_as_layer = l.loss_as_layer = ends;
          l.uneven_pipeline = slots % (pp * vpp) != 0;
          schedules(l);
        }
      }
    }
  }

  void schedules(TrainingLayout l) {
    for (const auto schedule : {PipelineSchedule::one_f_one_b, PipelineSchedule::dual_pipe}) {
      if (schedule == PipelineSchedule::dual_pipe && (experts_ == 0 || l.pp == 1)) continue;
      l.pipeline_schedule = schedule;
      for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
        for (int zero = 0; zero < 4; ++zero) {
          l.recompute = recompute, l.zero_stage = zero;
          l.recompute_layers = recompute == Recompute::full ? recompute_layers_ : 0;
          if (check_layout(job_, l).empty()) visit_(l);
        }
      }
    }
  }

  const TrainingJob& job_;
  Visit visit_;
  int recompute_layers_, experts_ = 0;
};

struct Point {
  double time, bytes;
  friend auto operator<=>(const Point&, const Point&) = default;
};

/// Points that no other is as good as in both.
std::vector<Point> front_of(std::vector<Point> points) {
  std::sort(points.begin(), points.end());
  std::vector<Point> front;
  for (const Point& p : points) {
    if (front.empty() || p.bytes < front.back().bytes) front.push_back(p);
  }
  return front;
}

std::vector<Point> front_of(const SearchReport& report) {
  std::vector<Point> out;
  for (const auto& c : report.pareto)
    out.push_back({c.report.step_time().base(), c.report.memory.bytes.total().base()});
  return out;
}

struct Truth {
  std::int64_t fitting = 0, too_large = 0;
  std::vector<double> best;  ///< value of each set of parallel sizes, rising
  std::vector<Point> front;
};

Truth find_truth(const TrainingJob& job, SearchObjective objective, int recompute_layers = 0) {
  Truth truth;
  std::map<std::array<int, 5>, double> best;
  std::vector<Point> points;
  BruteForce(
      job,
      [&](const TrainingLayout& l) {
        const StepReport report = simulate_step(job, l);
        if (!report.memory.fits()) return void(++truth.too_large);
        ++truth.fitting;
        const Duration time = report.step_time();
        const double value = objective == SearchObjective::time ? time.base() : step_energy(job, l, time).base();
        points.push_back({time.base(), report.memory.bytes.total().base()});
        const auto [at, added] = best.try_emplace({l.tp, l.pp, l.dp, l.cp, l.ep}, value);
        at->second = std::min(at->second, value);
      },
      recompute_layers);
  for (const auto& [sizes, value] : best) truth.best.push_back(value);
  std::sort(truth.best.begin(), truth.best.end());
  truth.front = front_of(std::move(points));
  return truth;
}

const Case kCases[] = {{make_accelerator(80 * gigabyte), make_dense(), 16, 16},
                       {make_accelerator(6 * gigabyte), make_dense(), 12, 24},
                       {make_accelerator(8 * gigabyte), make_experts(), 16, 16},
                       {make_accelerator(5 * gigabyte), make_experts(), 8, 32}};

}  // namespace

TEST_CASE("a search returns what simulating every layout returns: best ones, front and counts") {
  for (const Case& each : kCases) {
    const TrainingJob job = each.job();
    for (const SearchObjective objective : {SearchObjective::time, SearchObjective::energy}) {
      const Truth truth = find_truth(job, objective);
      REQUIRE(truth.fitting > 100);
      for (const int ranked : {1, 2, 8}) {
        SearchLimits limits;
        limits.objective = objective, limits.ranked = ranked;
        const auto report = search_layouts(job, limits);
        REQUIRE(report.ok());
        CHECK(report->removed_by_memory == truth.too_large);
        CHECK(report->evaluated + report->removed_by_bound == truth.fitting);
        CHECK(report->removed_by_bound > 0);
        REQUIRE(report->ranking.size() == std::min(static_cast<std::size_t>(ranked), truth.best.size()));
        for (std::size_t i = 0; i < report->ranking.size(); ++i) CHECK(report->ranking[i].value == truth.best[i]);
        CHECK(front_of(*report) == truth.front);
      }
    }
  }
}

TEST_CASE("a search for the fastest alone finds it, whole shards left out unseen, with whichever layers recomputed") {
  for (const Case& each : kCases) {
    for (const int recomputed : {0, 2}) {
      const TrainingJob job = each.job();
      const Truth truth = find_truth(job, SearchObjective::time, recomputed);
      SearchLimits limits;
      limits.ranked = 1, limits.front = false;
      limits.base.recompute_layers = recomputed;
      const auto report = search_layouts(job, limits);
      REQUIRE(report->best() != nullptr);
      CHECK(report->best()->value == truth.best.front());
      CHECK(report->pareto.empty());
      std::int64_t all = report->removed_by_memory + report->removed_by_bound + report->evaluated;
      for (const std::int64_t removed : report->removed_by_rule) all += removed;
      CHECK(all == report->candidates);
    }
  }
}

TEST_CASE("it does so too where only the first layers are recomputed and weights are held in two formats") {
  for (const Case& each : {kCases[1], kCases[3]}) {
    TrainingJob job = each.job();
    job.recipe.precision = {Precision::fp8, Precision::fp8};
    job.recipe.bf16_first_layers = 1;
    job.coefficients.straggling = 0.02;
    const Truth truth = find_truth(job, SearchObjective::energy, 2);
    SearchLimits limits;
    limits.objective = SearchObjective::energy;
    limits.base.recompute_layers = 2;
    const auto report = search_layouts(job, limits);
    CHECK(report->removed_by_memory == truth.too_large);
    CHECK(report->evaluated + report->removed_by_bound == truth.fitting);
    REQUIRE(report->best() != nullptr);
    CHECK(report->best()->value == truth.best.front());
    CHECK(front_of(*report) == truth.front);
  }
}

TEST_CASE("a search gives the same answer and the same counts on any number of threads") {
  const TrainingJob job = kCases[2].job();
  SearchLimits limits;
  limits.ranked = 4;
  limits.threads = 1;
  const auto alone = search_layouts(job, limits);
  for (const unsigned threads : {2u, 7u}) {
    limits.threads = threads;
    const auto together = search_layouts(job, limits);
    CHECK(together->evaluated == alone->evaluated);
    CHECK(together->removed_by_bound == alone->removed_by_bound);
    CHECK(together->removed_by_rule == alone->removed_by_rule);
    REQUIRE(together->ranking.size() == alone->ranking.size());
    for (std::size_t i = 0; i < alone->ranking.size(); ++i) {
      CHECK(together->ranking[i].layout == alone->ranking[i].layout);
    }
    CHECK(front_of(*together) == front_of(*alone));
  }
}

TEST_CASE("sizes given are the only ones searched, and the best of them is the best that has them") {
  const TrainingJob job = kCases[2].job();
  SearchLimits limits;
  limits.fixed.tp = 2, limits.fixed.dp = 2, limits.max_pp = 4;
  limits.zero_stages = {1};
  limits.recomputes = {Recompute::full};
  const auto report = search_layouts(job, limits);
  REQUIRE(report->best() != nullptr);
  Duration least = Duration::from_base(1e9);
  BruteForce(job, [&](const TrainingLayout& l) {
    if (l.tp != 2 || l.dp != 2 || l.pp > 4 || l.zero_stage != 1 || l.recompute != Recompute::full) return;
    const StepReport step = simulate_step(job, l);
    if (step.memory.fits()) least = min(least, step.step_time());
  });
  CHECK(report->best()->report.step_time() == least);
  for (const auto& c : report->pareto) {
    CHECK(c.layout.tp == 2);
    CHECK(c.layout.dp == 2);
    CHECK(c.layout.pp <= 4);
    CHECK(c.layout.recompute == Recompute::full);
  }
}

TEST_CASE("energy is standing power over the step and what operators draw above idling") {
  const Case& each = kCases[0];
  TrainingJob job = each.job();
  TrainingLayout l;
  l.dp = 16;
  const Duration step = simulate_step(job, l).step_time();
  const Energy energy = step_energy(job, l, step);
  const Energy most = step * (16.0 * each.accelerator.power), least = step * standing_power(job);
  CHECK(energy > least);
  CHECK(energy < most);
  TrainingLayout full = l;
  full.recompute = Recompute::full;
  CHECK(step_energy(job, full, step) > energy);
  System system;
  system.accelerators = 8, system.power = 8 * 1000.0 * watt;
  job.system = &system;
  CHECK(standing_power(job).in(watt) == doctest::Approx(16 * (0.14 * 700 + 300)));
}
