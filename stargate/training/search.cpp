// Walks the grid from what costs most to find (layers of a shard) to what costs least (ZeRO). Rules that speak of the
// shard alone or the pipeline alone are asked once for all candidates they concern, which are counted all the same.
#include "stargate/training/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "stargate/base/parallel.hpp"
#include "stargate/training/energy.hpp"

namespace stargate {
namespace {

/// What all pieces of a search share.
struct Question {
  const TrainingJob& job;
  const SearchLimits& limits;
  SearchGrid grid;
  Power standing;
  bool usual_recompute;  ///< scores and values, or all layers: no rule speaks of it
  ProductTimes<ProductTime>& products;
};

Question make_question(const TrainingJob& job, const SearchLimits& limits, ProductTimes<ProductTime>& products) {
  const TrainingLayout& base = limits.base;
  const bool usual = base.recompute_layers == 0 && base.recompute_modules == TrainingLayout{}.recompute_modules;
  return {job, limits, make_search_grid(job, limits), standing_power(job), usual, products};
}

/// What is known after a piece of the grid; a piece begins with what was known before.
struct Findings {
  SearchReport counts;
  Ranking ranking;
  ParetoFront front;

  /// Of a piece that comes later in the grid.
  void add(const Findings& later) {
    counts.candidates += later.counts.candidates, counts.evaluated += later.counts.evaluated;
    counts.removed_by_memory += later.counts.removed_by_memory;
    counts.removed_by_bound += later.counts.removed_by_bound;
    for (std::size_t i = 0; i < counts.removed_by_rule.size(); ++i) {
      counts.removed_by_rule[i] += later.counts.removed_by_rule[i];
    }
    for (const auto& candidate : later.ranking.kept()) ranking.add(candidate);
    for (const auto& candidate : later.front.kept()) front.add(candidate);
    if (later.counts.nearest) note_miss(*later.counts.nearest);
  }
  /// The nearest to fitting is told when nothing fits.
  void note_miss(const NearMiss& miss) {
    auto& nearest = counts.nearest;
    if (!nearest || miss.memory.missing() < nearest->memory.missing()) nearest = miss;
  }
};

/// All candidates of one shard.
class ShardSearch {
 public:
  ShardSearch(const Question& question, Findings& findings)
      : q_(question), job_(question.job), limits_(question.limits), found_(findings) {}

  /// A rule that speaks of the shard alone removes all its candidates at once; they are counted, not walked.
  void visit(TrainingLayout shard) {
    const auto shards = static_cast<std::int64_t>(q_.grid.micro_batch_sizes.size() * limits_.recomputes.size());
    const auto pipelines = static_cast<std::int64_t>(q_.grid.pipelines.size()) + q_.grid.uneven_pipelines;
    // Counted before anything is left out: the counts of what was removed must add up to the whole grid.
    found_.counts.candidates += shards * pipelines * candidates_of_pipeline();
    if (const auto broken = broken_shard_rule(shard)) {
      return remove(*broken, shards * pipelines * candidates_of_pipeline());
    }
    remove(LayoutRule::pipeline_layers, shards * q_.grid.uneven_pipelines * candidates_of_pipeline());
    find_possible(shard);
    for (const int micro_batch : q_.grid.micro_batch_sizes) {
      shard.micro_batch_size = micro_batch;
      visit_micro_batch(shard);
    }
  }

 private:
  struct Fitting {
    TrainingLayout layout;
    const Pipeline* pipeline;
  };

  std::int64_t candidates_of_pipeline() const { return static_cast<std::int64_t>(limits_.zero_stages.size()); }

  void remove(LayoutRule rule, std::int64_t count) {
    found_.counts.removed_by_rule[static_cast<std::size_t>(rule)] += count;
  }

  std::optional<LayoutRule> broken_shard_rule(const TrainingLayout& shard) const {
    return broken_rule(shard, {LayoutRule::attention_heads, LayoutRule::feed_forward_width, LayoutRule::sequence_length,
                               LayoutRule::expert_count, LayoutRule::expert_tensor_sequence});
  }

  /// Pipelines that go with the shard. What its operators take is found once; the layers of each recomputation once for
  /// all pipelines, once more where ZeRO 3 holds their weights in pieces.
  void visit_micro_batch(const TrainingLayout& shard) {
    find_fitting(shard);
    if (fitting_.empty()) return;
    const ShardWork work = shard_work(job_, shard, &q_.products);
    if (is_beaten_everywhere(shard, work)) return;
    for (const Recompute recompute : limits_.recomputes) {
      TrainingLayout costed = shard;
      costed.recompute = recompute;
      costed.recompute_layers = recompute == Recompute::full ? shard.recompute_layers : 0;
      // Layers cost the same for ZeRO 0 to 2; ZeRO 3 keeps no copies of whole weights in a lower format.
      for (const bool whole : {true, false}) {
        zeros_.clear();
        for (const int zero : limits_.zero_stages) {
          if ((zero < 3) == whole) zeros_.push_back(zero);
        }
        if (!zeros_.empty()) visit_costed(costed, whole, work);
      }
    }
  }

  void visit_costed(TrainingLayout costed, bool whole_weights, const ShardWork& done) {
    costed.zero_stage = whole_weights ? 1 : 3;
    const ShardCosts costs = shard_costs(job_, costed, done);
    if (!costed.recomputes_some() && is_beaten_in_every_pipeline(costs, costed)) {
      found_.counts.removed_by_bound += std::ssize(fitting_) * std::ssize(zeros_);
      return;
    }
    const bool energy = limits_.objective == SearchObjective::energy;
    const ShardEnergy energies = energy ? shard_energy(job_, costed) : ShardEnergy{};
    for (Fitting& fitting : fitting_) {
      TrainingLayout& layout = fitting.layout;
      layout.recompute = costed.recompute, layout.recompute_layers = costed.recompute_layers;
      if (!q_.usual_recompute && !keeps_rule(job_, layout, LayoutRule::recompute)) {
        remove(LayoutRule::recompute, static_cast<std::int64_t>(zeros_.size()));
        continue;
      }
      const DealtLayers& dealt = fitting.pipeline->dealt(layout);
      MicroBatch work = micro_batch_work(costs, dealt);
      if (energy) work.operators = operators_energy(job_, layout, energies, dealt.of_variant);
      for (const int zero : zeros_) {
        layout.zero_stage = zero;
        visit_candidate(layout, dealt.stages, costs, work);
      }
    }
  }

  /// Pipelines that go with the shard whatever the micro-batch.
  void find_possible(const TrainingLayout& shard) {
    const auto each = static_cast<std::int64_t>(q_.grid.micro_batch_sizes.size() * limits_.recomputes.size()) *
                      candidates_of_pipeline();
    possible_.clear();
    for (const Pipeline& pipeline : q_.grid.pipelines) {
      TrainingLayout layout = shard;
      layout.pp = pipeline.part.pp, layout.vpp = pipeline.part.vpp;
      layout.embedding_as_layer = layout.loss_as_layer = pipeline.part.embedding_as_layer;
      layout.uneven_pipeline = pipeline.part.uneven_pipeline;
      layout.pipeline_schedule = pipeline.part.pipeline_schedule;
      // Data parallelism takes what is left; where it does not divide, the rule of the world's size removes the
      // candidate.
      const std::int64_t held = std::int64_t{layout.tp} * layout.pp * layout.cp;
      const std::int64_t left = std::max<std::int64_t>(1, job_.gpus / held);
      layout.dp = limits_.fixed.dp > 0 ? limits_.fixed.dp : static_cast<int>(left);
      if (const auto broken = broken_rule(layout, {LayoutRule::world_size, LayoutRule::expert_world})) {
        remove(*broken, each);
      } else {
        possible_.push_back({layout, &pipeline});
      }
    }
  }

  void find_fitting(const TrainingLayout& shard) {
    const auto each = static_cast<std::int64_t>(limits_.recomputes.size()) * candidates_of_pipeline();
    fitting_.clear();
    for (Fitting& possible : possible_) {
      TrainingLayout& layout = possible.layout;
      layout.micro_batch_size = shard.micro_batch_size;
      if (const auto broken = broken_rule(layout, {LayoutRule::global_batch, LayoutRule::pipeline_schedule})) {
        remove(*broken, each);
      } else {
        fitting_.push_back(possible);
      }
    }
  }

  std::optional<LayoutRule> broken_rule(const TrainingLayout& layout, std::initializer_list<LayoutRule> rules) const {
    for (const LayoutRule rule : rules) {
      if (!keeps_rule(job_, layout, rule)) return rule;
    }
    return std::nullopt;
  }

  /// One micro-batch through the whole model; `exchange` is the part that dual_pipe can hide. `operators` is of a step,
  /// for searches for the least energy.
  struct MicroBatch {
    Duration all, exchange;
    Energy operators;
  };
  MicroBatch micro_batch_work(const ShardCosts& costs, const DealtLayers& dealt) const {
    MicroBatch sum{costs.embedding.busy() + costs.output.busy(), {}, {}};
    for (std::size_t i = 0; i < costs.shapes.size(); ++i) {
      const LayerCost& cost = costs.shapes[i];
      sum.all += dealt.of_variant[i] * cost.busy();
      sum.exchange += dealt.of_variant[i] * (cost.forward_wait.expert + cost.backward_wait.expert);
    }
    return sum;
  }

  double value(Duration step, const MicroBatch& work) const {
    if (limits_.objective == SearchObjective::time) return step.base();
    return (q_.standing * step + work.operators).base();
  }

  /// Neither in the ranking nor on the front, were its step as short as this. `least` is a lower bound of the step.
  /// With a front, the bound must lose on both lists.
  bool is_beaten(Duration least, Bytes bytes, const MicroBatch& work) const {
    return found_.ranking.is_beaten(value(least, work)) && (!limits_.front || found_.front.is_beaten(least, bytes));
  }

  /// Where only the ranking is asked for, memory need not be known of what takes too long.
  bool is_beaten_unseen(Duration least) const {
    return limits_.objective == SearchObjective::time && !limits_.front && found_.ranking.is_beaten(least.base());
  }

  /// All layers' micro-batches on a stage of mean work, without the exchanges that dual_pipe hides. With tp pp cp dp
  /// accelerators, micro-batches over stages is the same for every pipeline, and all hold the same layers.
  bool is_beaten_in_every_pipeline(const ShardCosts& costs, const TrainingLayout& costed) const {
    const Fitting& any = fitting_.front();
    const MicroBatch work = micro_batch_work(costs, any.pipeline->dealt(costed));
    return is_beaten_unseen((work.all - work.exchange) * micro_batches_a_stage(any.layout));
  }

  /// With no layer recomputed, which takes no longer than with any. Copies to the host may: more is copied.
  bool is_beaten_everywhere(TrainingLayout shard, const ShardWork& work) {
    if (limits_.base.offload_activations > 0 || !found_.ranking.is_full()) return false;
    shard.recompute = Recompute::none, shard.recompute_layers = 0, shard.zero_stage = 1;
    if (!is_beaten_in_every_pipeline(shard_costs(job_, shard, work), shard)) return false;
    found_.counts.removed_by_bound += std::ssize(fitting_) * std::ssize(limits_.recomputes) * candidates_of_pipeline();
    return true;
  }

  double micro_batches_a_stage(const TrainingLayout& layout) const {
    return static_cast<double>(micro_batches(job_, layout)) / layout.pp;
  }

  /// No step is shorter than its micro-batches on a stage of mean work, or than least_step_time.
  void visit_candidate(const TrainingLayout& layout, const std::vector<StageRun>& stages, const ShardCosts& costs,
                       const MicroBatch& work) {
    if (layout.shard_size > 0 && !keeps_rule(job_, layout, LayoutRule::shard_size)) {
      return remove(LayoutRule::shard_size, 1);
    }
    // The mean over stages of one micro-batch's work, times micro-batches: the busiest stage has no less, bubbles and
    // gradients come on top. dual_pipe may hide its exchanges.
    const Duration busy = layout.weight_copies() > 1 ? work.all - work.exchange : work.all;
    const Duration mean = busy * micro_batches_a_stage(layout);
    // Cheapest bound first, then memory, then the bound with the schedule's fill, and only then the simulated step.
    if (is_beaten_unseen(mean)) {
      ++found_.counts.removed_by_bound;
      return;
    }
    const MemoryReport memory = training_memory(job_, layout, costs, stages);
    if (!memory.fits()) {
      ++found_.counts.removed_by_memory;
      if (found_.ranking.is_empty()) found_.note_miss({layout, memory});
      return;
    }
    const Bytes bytes = memory.bytes.total();
    if (is_beaten(mean, bytes, work) ||
        (found_.ranking.is_full() && is_beaten(least_step_time(job_, layout, costs, stages), bytes, work))) {
      ++found_.counts.removed_by_bound;
      return;
    }
    ++found_.counts.evaluated;
    TrainingCandidate candidate{layout, simulate_step(job_, layout, costs, stages, memory), {}, 0};
    candidate.value = value(candidate.report.step_time(), work);
    found_.ranking.add(candidate);
    if (limits_.front) found_.front.add(candidate);
  }

  const Question& q_;
  const TrainingJob& job_;
  const SearchLimits& limits_;
  Findings& found_;
  std::vector<Fitting> possible_, fitting_;  ///< of the shard; of its micro-batch too
  std::vector<int> zeros_;
};

/// Shards are searched side by side in rounds whose sizes do not depend on the machine: each begins with what the
/// rounds before found, and they are added up in their order. So are the counts the same on any number of cores.
SearchReport search(const Question& question, const SearchProgress& progress) {
  constexpr std::size_t kLargestRound = 16;
  const auto& shards = question.grid.shards;
  Findings all{{}, Ranking(question.limits.ranked), {}};
  std::size_t size = 1;
  for (std::size_t first = 0; first < shards.size(); first += size, size = std::min(kLargestRound, 2 * size)) {
    size = std::min(size, shards.size() - first);
    // Every piece starts from what is known, so that bounds are sharp from the second round on; rounds double up to 16
    // shards.
    std::vector<Findings> pieces(size, Findings{{}, all.ranking, all.front});
    const auto visit = [&](std::size_t i) { ShardSearch(question, pieces[i]).visit(shards[first + i]); };
    for_each_parallel(size, visit, question.limits.threads);
    for (const Findings& piece : pieces) all.add(piece);
    if (progress) progress(static_cast<double>(first + size) / static_cast<double>(shards.size()));
  }
  SearchReport out = std::move(all.counts);
  out.ranking = all.ranking.kept();
  out.pareto = all.front.kept();
  if (!out.ranking.empty()) out.nearest.reset();
  for (auto* kept : {&out.ranking, &out.pareto}) {
    for (TrainingCandidate& c : *kept) c.energy = step_energy(question.job, c.layout, c.report.step_time());
  }
  return out;
}

}  // namespace

/// The total difference, the two parts that are most longer, and the one that is most shorter, each where it is worth a
/// hundredth of a percent of the step.
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
  const double behind = 100 * (slow.total() / fast.total() - 1);
  std::string out = fmt::format("{:.2f} % {}", std::abs(behind), behind < 0 ? "faster" : "slower");
  const Duration worth_saying = 1e-4 * fast.total();
  const auto say = [&](const Difference& d, const char* word, Duration amount) {
    out += fmt::format(", {} {} {}", step_part_name(d.part), format_quantity(amount), word);
  };
  for (std::size_t i = 0; i < 2; ++i) {
    if (all[i].more > worth_saying) say(all[i], "more", all[i].more);
  }
  if (-all.back().more > worth_saying) say(all.back(), "less", -all.back().more);
  return out;
}

Result<SearchReport> search_layouts(const TrainingJob& job, const SearchLimits& limits,
                                    const SearchProgress& progress) {
  Diagnostics faults;
  const auto fault = [&](const char* path, std::string message) {
    faults.push_back({{}, 0, 0, path, std::move(message), {}, {}});
  };
  constexpr std::int64_t kMost = 100'000'000;
  const auto count = [&](const char* path, std::int64_t value) {
    if (value < 1) fault(path, "must be at least 1");
    if (value > kMost) fault(path, fmt::format("{} is more than any job has, at most {}", value, kMost));
  };
  count("gpus", job.gpus), count("global_batch_size", job.global_batch_size), count("seq_length", job.seq_length);
  if (job.model->layers.empty()) fault("model", fmt::format("'{}' has no layers", job.model->id));
  if (limits.ranked < 1) fault("ranked", "must be at least 1");
  if (limits.zero_stages.empty()) fault("zero_stages", "name at least one");
  for (const int zero : limits.zero_stages) {
    if (zero < 0 || zero > 3) fault("zero_stages", fmt::format("{} is not 0, 1, 2 or 3", zero));
  }
  if (limits.recomputes.empty()) fault("recomputes", "name at least one");
  const auto searched = [&](Recompute r) {
    return std::count(limits.recomputes.begin(), limits.recomputes.end(), r) > 0;
  };
  if (limits.base.recompute_layers > 0 && !searched(Recompute::full)) {
    fault("recompute_layers", "is of full recomputation, which is not searched");
  }
  TrainingLayout selective = limits.base;
  selective.recompute = Recompute::selective, selective.recompute_layers = 0;
  if (searched(Recompute::selective) && !keeps_rule(job, selective, LayoutRule::recompute)) {
    fault("recompute_modules", "the model has no such modules");
  }
  if (!keeps_rule(job, selective, LayoutRule::offload)) fault("offload", layout_rule_name(LayoutRule::offload));
  if (limits.sequence_parallel.empty()) fault("sequence_parallel", "name at least one");
  if (limits.ends_as_layers.empty()) fault("ends_as_layers", "name at least one");
  if (!faults.empty()) return faults;
  ProductTimes<ProductTime> products;
  return search(make_question(job, limits, products), progress);
}

}  // namespace stargate
