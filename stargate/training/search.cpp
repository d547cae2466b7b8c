// Walks the grid from what costs most to find (layers of a shard) to what costs least (ZeRO). Rules that speak of the
// shard alone or the pipeline alone are asked once for all candidates they concern, which are counted all the same.
#include "stargate/training/search.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stargate {
namespace {

/// How a job is cut into stages: pp, vpp, schedule and whether the ends count as layers.
struct Pipeline {
  TrainingLayout part;
  std::vector<StageRun> stages;
};

std::vector<int> divisors_up_to(std::int64_t number, std::int64_t limit) {
  std::vector<int> out;
  for (std::int64_t d = 1; d <= std::min(number, limit); ++d) {
    if (number % d == 0) out.push_back(static_cast<int>(d));
  }
  return out;
}

std::vector<int> powers_of_two_up_to(std::int64_t limit) {
  std::vector<int> out;
  for (std::int64_t p = 1; p <= limit; p *= 2) out.push_back(static_cast<int>(p));
  return out;
}

std::int64_t limit_or(int limit, std::int64_t otherwise) { return limit > 0 ? limit : otherwise; }

int most_experts(const Model& model) {
  int most = 0;
  for (const auto& shape : model.shapes) most = std::max(most, shape.feed_forward.experts);
  return most;
}

std::vector<PipelineSchedule> schedules_of(const SearchLimits& limits, const Model& model) {
  if (!limits.schedules.empty()) return limits.schedules;
  std::vector<PipelineSchedule> out{PipelineSchedule::one_f_one_b, PipelineSchedule::interleaved_1f1b};
  if (most_experts(model) > 0) out.push_back(PipelineSchedule::dual_pipe);
  return out;
}

/// One stage needs no schedule, virtual stages have one, and dual_pipe pairs its stages.
bool suits(PipelineSchedule schedule, int pp, int vpp) {
  if (pp == 1) return schedule == PipelineSchedule::one_f_one_b;
  if (schedule == PipelineSchedule::interleaved_1f1b) return vpp > 1;
  return vpp == 1 && (schedule != PipelineSchedule::dual_pipe || pp % 2 == 0);
}

bool same_sizes(const TrainingLayout& a, const TrainingLayout& b) {
  return a.tp == b.tp && a.pp == b.pp && a.dp == b.dp && a.cp == b.cp && a.ep == b.ep;
}

class Search {
 public:
  Search(const TrainingJob& job, const SearchLimits& limits)
      : job_(job), limits_(limits), schedules_(schedules_of(limits, *job.model)) {
    const std::vector<int> layers = deal_layers(job, {}).front().of_shape;
    layers_of_shape_.assign(layers.begin(), layers.end());
    deal_pipelines();
    batch_divisors_ =
        divisors_up_to(job.global_batch_size, limit_or(limits.max_micro_batch_size, job.global_batch_size));
  }

  SearchReport run() {
    const std::int64_t gpus = job_.gpus;
    const int experts = most_experts(*job_.model);
    const auto expert_sizes = experts > 0 ? divisors_up_to(experts, gpus) : std::vector<int>{1};
    const std::int64_t max_tp = std::min(gpus, limit_or(limits_.max_tp, job_.fabric.domain));
    for (const int tp : powers_of_two_up_to(max_tp)) {
      for (const int cp : powers_of_two_up_to(std::min(gpus / tp, limit_or(limits_.max_cp, gpus)))) {
        for (const int ep : expert_sizes) {
          for (const int etp : powers_of_two_up_to(experts > 0 ? tp : 1)) {
            TrainingLayout shard = limits_.base;
            shard.tp = tp, shard.cp = cp, shard.ep = ep, shard.etp = etp;
            visit_sequence_choices(shard);
          }
        }
      }
    }
    explain_runner_up();
    return std::move(report_);
  }

 private:
  struct Fitting {
    TrainingLayout layout;
    const std::vector<StageRun>* stages;
  };

  void deal_pipelines() {
    const std::int64_t most = limit_or(limits_.max_pp, job_.gpus);
    for (const bool ends : {false, true}) {
      const int slots = job_.model->layer_count() + (ends ? 2 : 0);
      for (const int pp : divisors_up_to(job_.gpus, std::min<std::int64_t>(most, slots))) {
        if (ends && pp == 1) continue;  // the same as without
        const std::int64_t most_vpp = pp == 1 ? 1 : limit_or(limits_.max_vpp, slots / pp);
        for (int vpp = 1; vpp <= most_vpp; ++vpp) {
          Pipeline pipeline;
          pipeline.part.pp = pp, pipeline.part.vpp = vpp;
          pipeline.part.embedding_as_layer = pipeline.part.loss_as_layer = ends;
          pipeline.part.uneven_pipeline = limits_.uneven_pipelines && slots % (pp * vpp) != 0;
          if (!keeps_rule(job_, pipeline.part, LayoutRule::pipeline_layers)) {
            ++uneven_pipelines_;
            continue;
          }
          pipeline.stages = deal_layers(job_, pipeline.part);
          add_schedules(pipeline);
        }
      }
    }
  }

  void add_schedules(Pipeline& pipeline) {
    if (pipeline.part.pp == 1) return pipelines_.push_back(pipeline);
    for (const PipelineSchedule schedule : schedules_) {
      if (!suits(schedule, pipeline.part.pp, pipeline.part.vpp)) continue;
      const bool implied = schedule == PipelineSchedule::interleaved_1f1b;
      pipeline.part.pipeline_schedule = implied ? PipelineSchedule::one_f_one_b : schedule;
      pipelines_.push_back(pipeline);
    }
  }

  std::int64_t candidates_of_shard() const {
    return (static_cast<std::int64_t>(pipelines_.size()) + uneven_pipelines_) * candidates_of_pipeline();
  }
  std::int64_t candidates_of_pipeline() const { return static_cast<std::int64_t>(limits_.zero_stages.size()); }

  void remove(LayoutRule rule, std::int64_t count) { report_.removed_by_rule[static_cast<std::size_t>(rule)] += count; }

  void visit_sequence_choices(TrainingLayout shard) {
    for (const bool split : {false, true}) {
      if (split && shard.tp == 1) continue;  // the same as without
      shard.sequence_parallel = split;
      const std::int64_t shards =
          static_cast<std::int64_t>(batch_divisors_.size()) * static_cast<std::int64_t>(limits_.recomputes.size());
      report_.candidates += shards * candidates_of_shard();
      if (const auto broken = broken_shard_rule(shard)) {
        remove(*broken, shards * candidates_of_shard());
        continue;
      }
      remove(LayoutRule::pipeline_layers, shards * uneven_pipelines_ * candidates_of_pipeline());
      for (const int micro_batch : batch_divisors_) {
        shard.micro_batch_size = micro_batch;
        visit_micro_batch(shard);
      }
    }
  }

  std::optional<LayoutRule> broken_shard_rule(const TrainingLayout& shard) const {
    for (const LayoutRule rule :
         {LayoutRule::attention_heads, LayoutRule::feed_forward_width, LayoutRule::sequence_length,
          LayoutRule::expert_count, LayoutRule::expert_tensor_sequence}) {
      if (!keeps_rule(job_, shard, rule)) return rule;
    }
    return std::nullopt;
  }

  /// Pipelines that go with the shard; the layers of each recomputation are found once for them all.
  void visit_micro_batch(const TrainingLayout& shard) {
    const auto each = static_cast<std::int64_t>(limits_.recomputes.size()) * candidates_of_pipeline();
    fitting_.clear();
    for (const Pipeline& pipeline : pipelines_) {
      TrainingLayout layout = shard;
      layout.pp = pipeline.part.pp, layout.vpp = pipeline.part.vpp;
      layout.embedding_as_layer = layout.loss_as_layer = pipeline.part.embedding_as_layer;
      layout.uneven_pipeline = pipeline.part.uneven_pipeline;
      layout.pipeline_schedule = pipeline.part.pipeline_schedule;
      const std::int64_t held = std::int64_t{layout.tp} * layout.pp * layout.cp;
      layout.dp = static_cast<int>(std::max<std::int64_t>(1, job_.gpus / held));
      if (const auto broken = broken_world_rule(layout)) {
        remove(*broken, each);
      } else {
        fitting_.push_back({layout, &pipeline.stages});
      }
    }
    if (fitting_.empty()) return;
    for (const Recompute recompute : limits_.recomputes) {
      TrainingLayout costed = shard;
      costed.recompute = recompute;
      const ShardCosts costs = shard_costs(job_, costed);
      const MicroBatch work = micro_batch_work(costs);
      for (Fitting& fitting : fitting_) {
        fitting.layout.recompute = recompute;
        for (const int zero : limits_.zero_stages) {
          fitting.layout.zero_stage = zero;
          visit_candidate(fitting, costs, work);
        }
      }
    }
  }

  std::optional<LayoutRule> broken_world_rule(const TrainingLayout& layout) const {
    for (const LayoutRule rule :
         {LayoutRule::world_size, LayoutRule::expert_world, LayoutRule::global_batch, LayoutRule::pipeline_schedule}) {
      if (!keeps_rule(job_, layout, rule)) return rule;
    }
    return std::nullopt;
  }

  /// One micro-batch through the whole model; `exchange` is the part that dual_pipe can hide.
  struct MicroBatch {
    Duration all, exchange;
  };
  MicroBatch micro_batch_work(const ShardCosts& costs) const {
    MicroBatch sum{costs.embedding.busy() + costs.output.busy(), {}};
    for (std::size_t i = 0; i < costs.shapes.size(); ++i) {
      const LayerCost& cost = costs.shapes[i];
      sum.all += layers_of_shape_[i] * cost.busy();
      sum.exchange += layers_of_shape_[i] * (cost.forward_wait.expert + cost.backward_wait.expert);
    }
    return sum;
  }

  /// No step is shorter than its micro-batches on a stage of mean work, or than least_step_time.
  bool is_beaten(Duration least, Bytes bytes) const {
    if (!report_.runner_up || least < report_.runner_up->report.step_time()) return false;
    const auto& front = report_.pareto;
    const auto slower = std::upper_bound(front.begin(), front.end(), least, [](Duration t, const TrainingCandidate& c) {
      return t < c.report.step_time();
    });
    return slower != front.begin() && std::prev(slower)->report.memory.bytes.total() <= bytes;
  }

  void visit_candidate(const Fitting& fitting, const ShardCosts& costs, const MicroBatch& work) {
    const TrainingLayout& layout = fitting.layout;
    const std::vector<StageRun>& stages = *fitting.stages;
    const MemoryReport memory = training_memory(job_, layout, costs, stages);
    if (!memory.fits()) {
      ++report_.removed_by_memory;
      const bool nearer = !report_.nearest || memory.missing() < report_.nearest->memory.missing();
      if (nearer && !report_.best) report_.nearest = NearMiss{layout, memory};
      return;
    }
    const Duration busy = layout.weight_copies() > 1 ? work.all - work.exchange : work.all;
    const Duration least = busy * (static_cast<double>(micro_batches(job_, layout)) / layout.pp);
    const Bytes bytes = memory.bytes.total();
    if (is_beaten(least, bytes) ||
        (report_.runner_up && is_beaten(least_step_time(job_, layout, costs, stages), bytes))) {
      ++report_.removed_by_bound;
      return;
    }
    ++report_.evaluated;
    const StepReport report = simulate_step(job_, layout, costs, stages, memory);
    rank(layout, report);
    add_to_front(layout, report);
  }

  /// Earlier candidates win ties, so the order of the grid (fewer splits first) decides.
  void rank(const TrainingLayout& layout, const StepReport& report) {
    report_.nearest.reset();
    const Duration time = report.step_time();
    if (!report_.best || time < report_.best->report.step_time()) {
      if (report_.best && !same_sizes(report_.best->layout, layout)) report_.runner_up = report_.best;
      report_.best = TrainingCandidate{layout, report};
    } else if (!same_sizes(report_.best->layout, layout) &&
               (!report_.runner_up || time < report_.runner_up->report.step_time())) {
      report_.runner_up = TrainingCandidate{layout, report};
    }
  }

  /// The front is kept from the fastest to the leanest: times rise, bytes fall.
  void add_to_front(const TrainingLayout& layout, const StepReport& report) {
    auto& front = report_.pareto;
    const Duration time = report.step_time();
    const Bytes bytes = report.memory.bytes.total();
    const auto at = std::upper_bound(front.begin(), front.end(), time,
                                     [](Duration t, const TrainingCandidate& c) { return t < c.report.step_time(); });
    if (at != front.begin() && std::prev(at)->report.memory.bytes.total() <= bytes) return;
    auto last = at;  // no faster and no leaner than the new one
    while (last != front.end() && last->report.memory.bytes.total() >= bytes) ++last;
    auto first = at;  // equal time, more bytes
    while (first != front.begin() && std::prev(first)->report.step_time() == time) --first;
    front.insert(front.erase(first, last), TrainingCandidate{layout, report});
  }

  void explain_runner_up() {
    if (!report_.runner_up) return;
    report_.why_runner_up_lost = explain_slower(report_.best->report.time, report_.runner_up->report.time);
  }

  const TrainingJob& job_;
  const SearchLimits& limits_;
  std::vector<PipelineSchedule> schedules_;
  std::vector<double> layers_of_shape_;
  std::vector<Pipeline> pipelines_;
  std::int64_t uneven_pipelines_ = 0;
  std::vector<int> batch_divisors_;
  std::vector<Fitting> fitting_;
  SearchReport report_;
};

}  // namespace

std::string explain_slower(const StepBreakdown& fast, const StepBreakdown& slow) {
  struct Difference {
    StepPart part;
    Duration more;
  };
  std::vector<Difference> all;
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    all.push_back({part, slow[part] - fast[part]});
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.more > b.more; });
  std::string out = fmt::format("{:.2f} % slower", 100 * (slow.total() / fast.total() - 1));
  const auto say = [&](const Difference& d, const char* word, Duration amount) {
    out += fmt::format(", {} {} {}", step_part_name(d.part), format_quantity(amount), word);
  };
  for (std::size_t i = 0; i < 2; ++i) {
    if (all[i].more.base() > 0) say(all[i], "more", all[i].more);
  }
  if (all.back().more.base() < 0) say(all.back(), "less", -all.back().more);
  return out;
}

Result<SearchReport> search_layouts(const TrainingJob& job, const SearchLimits& limits) {
  Diagnostics faults;
  const auto fault = [&](const char* path, std::string message) {
    faults.push_back({{}, 0, 0, path, std::move(message), {}, {}});
  };
  if (job.gpus < 1) fault("gpus", "must be at least 1");
  if (job.global_batch_size < 1) fault("global_batch_size", "must be at least 1");
  if (job.seq_length < 1) fault("seq_length", "must be at least 1");
  if (job.model->layers.empty()) fault("model", fmt::format("'{}' has no layers", job.model->id));
  if (limits.zero_stages.empty()) fault("zero_stages", "name at least one");
  for (const int zero : limits.zero_stages) {
    if (zero < 0 || zero > 3) fault("zero_stages", fmt::format("{} is not 0, 1, 2 or 3", zero));
  }
  if (limits.recomputes.empty()) fault("recomputes", "name at least one");
  if (limits.base.recompute_layers > 0) fault("recompute_layers", "needs a layout");
  TrainingLayout selective = limits.base;
  selective.recompute = Recompute::selective;
  for (const LayoutRule rule : {LayoutRule::recompute, LayoutRule::offload}) {
    if (faults.empty() && !keeps_rule(job, selective, rule)) fault("layout", layout_rule_name(rule));
  }
  if (!faults.empty()) return faults;
  return Search(job, limits).run();
}

}  // namespace stargate
