// Attention groups step together, and the batches in flight of a pipeline pass its stages one behind the other: each
// step is as late as the group with most to do. A prompt goes to the group with the fewest tokens in the step.
#include "stargate/measured/benchmark.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>

#include "stargate/base/random.hpp"

namespace stargate {
namespace {

constexpr std::array kPercentiles = {0.5, 0.9, 0.95, 0.99};

/// Seconds of a step in which `n` sequences of `context` tokens decode: exact at powers of two of the context and at
/// batches three percent apart, linear between contexts.
class DecodeTable {
 public:
  explicit DecodeTable(const StepModel& step)
      : step_(step), groups_(step.replica().layout.attention_dp * step.replica().layout.pp) {}

  double seconds(int n, double context) {
    const double at = std::log2(std::max(kFirst, context) / kFirst);
    const auto low = static_cast<std::size_t>(std::min(at, kPoints - 2.0));
    const double x = kFirst * std::exp2(low), y = 2 * x;
    const double a = point(n, low), b = point(n, low + 1);
    return a + (b - a) * (std::max(kFirst, context) - x) / (y - x);
  }

 private:
  static constexpr double kFirst = 128;
  static constexpr std::size_t kPoints = 16;

  static int rounded(int n) {
    const int grain = std::max(1, n / 32);
    return (n + grain / 2) / grain * grain;
  }
  double point(int n, std::size_t i) {
    const int all = rounded(n), busiest = (all + groups_ - 1) / groups_;
    auto& row = rows_.try_emplace(all, std::array<double, kPoints>{}).first->second;
    if (row[i] <= 0) {
      const SequenceGroup group{static_cast<double>(busiest), 1, kFirst * std::exp2(i), true, 1};
      row[i] = step_.step_time({&group, 1}, static_cast<double>(all) / (busiest * groups_)).total().base();
    }
    return row[i];
  }

  const StepModel& step_;
  int groups_;
  std::map<int, std::array<double, kPoints>> rows_;
};

struct Request {
  double sent = 0, first = 0;
  int isl = 0, osl = 0;
  int to_prefill = 0;      ///< tokens still to be computed before it decodes
  int done = 0;            ///< output tokens before the last preemption
  std::int64_t ends = 0;   ///< decode step after which it has all tokens
  std::int64_t began = 0;  ///< decode step at which it began
  bool decoding = false;
};

LatencyFigures figures_of(std::vector<double> values) {
  LatencyFigures out;
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  out.mean = sum / static_cast<double>(values.size());
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    const double at = kPercentiles[i] * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    out.percentiles[i] = values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
  }
  return out;
}

class Run {
 public:
  Run(const MeasuredService& service, const StepModel& step, const ReplicaMemory& memory)
      : service_(service), step_(step), table_(step), engine_(service.replica.engine) {
    const auto& layout = service.replica.layout;
    ranks_ = layout.attention_dp * layout.pp;
    const double middle = service.lengths.mean(service.lengths.isl);
    const double end = middle + service.lengths.mean(service.lengths.osl);
    const double first = rank_sequence_bytes(service.replica, middle).base();
    per_token_ = (rank_sequence_bytes(service.replica, end).base() - first) / (end - middle);
    fixed_ = std::max(0.0, first - per_token_ * middle);
    pool_ = memory.kv_room.base() * ranks_;
    make_requests();
  }

  BenchmarkFigures walk() {
    while (finished_ < requests_.size()) {
      receive();
      if (running_ == 0 && waiting_.empty()) {
        now_ = std::max(now_, arrivals_.top().first);
        continue;
      }
      if (!prefill_step()) decode_steps();
    }
    return figures();
  }

 private:
  using Timed = std::pair<double, std::size_t>;
  using Ending = std::pair<std::int64_t, std::size_t>;
  template <class T>
  using Earliest = std::priority_queue<T, std::vector<T>, std::greater<T>>;

  void make_requests() {
    RandomStream random(1, 0, "benchmark");
    const auto length = [&](double nominal) {
      const double least = service_.lengths.shortest;
      return std::max(1, static_cast<int>(std::lround(nominal * (least + (1 - least) * random.uniform()))));
    };
    const int clients =
        service_.load == LoadKind::clients ? std::max(1, static_cast<int>(std::lround(service_.concurrency))) : 0;
    const int total = std::max(clients, benchmark_requests(service_));
    double at = 0;
    for (int i = 0; i < total; ++i) {
      Request request;
      request.isl = length(service_.lengths.isl), request.osl = length(service_.lengths.osl);
      request.to_prefill = request.isl;
      if (service_.load == LoadKind::poisson) at += random.exponential() / service_.rate;
      request.sent = at;
      requests_.push_back(request);
      const bool later = service_.load == LoadKind::clients && i >= clients;
      if (!later) send(static_cast<std::size_t>(i), at);
    }
    unsent_ = service_.load == LoadKind::clients ? static_cast<std::size_t>(clients) : requests_.size();
  }

  void send(std::size_t id, double at) {
    requests_[id].sent = at;
    arrivals_.emplace(at + engine_.request_overhead.base(), id);
  }
  void receive() {
    while (!arrivals_.empty() && arrivals_.top().first <= now_) {
      waiting_.push_back(arrivals_.top().second);
      arrivals_.pop();
    }
  }

  double reserved(const Request& r) const {
    const double tokens = engine_.reserve_output ? r.isl + r.osl : r.isl + r.done;
    return fixed_ + per_token_ * tokens;
  }
  bool has_room(const Request& r) const {
    if (holding_ == 0) return true;
    return holding_ < engine_.max_num_seqs * ranks_ && used_ + reserved(r) <= pool_;
  }

  /// Decode steps for which prompts still wait until each attention group has one.
  std::int64_t left_to_wait() const {
    const auto groups = static_cast<std::size_t>(service_.replica.layout.attention_dp);
    if (running_ == 0 || groups < 2 || waiting_.size() >= groups) return 0;
    const Request& r = requests_[waiting_.front()];
    return r.to_prefill < r.isl + r.done ? 0 : std::max<std::int64_t>(0, engine_.attention_dp_wait - waited_);
  }

  /// What the first step of a run takes longer; tables of maximum throughput are of a warm server.
  double warm_up() {
    const bool fresh = service_.load == LoadKind::clients && !warm_;
    warm_ = true;
    return fresh ? engine_.warm_up.base() : 0;
  }

  /// What one attention group prefills in a step.
  struct GroupPrompts {
    double tokens = 0, whole = 0, whole_tokens = 0;
    std::vector<SequenceGroup> parts;  ///< chunks of prompts that do not fit a step
  };

  /// Prompts that fit the step's tokens, chunks where they do not; false when none may run.
  bool prefill_step() {
    if (waiting_.empty() || left_to_wait() > 0) return false;
    const double decodes = engine_.prefill_first ? 0 : std::ceil(static_cast<double>(running_) / ranks_);
    const double budget = engine_.max_num_batched_tokens - decodes;
    std::vector<GroupPrompts> groups(static_cast<std::size_t>(ranks_));
    const auto less = [](const GroupPrompts& a, const GroupPrompts& b) { return a.tokens < b.tokens; };
    std::vector<std::size_t> complete, kept;
    double all = 0;
    while (!waiting_.empty()) {
      GroupPrompts& group = *std::min_element(groups.begin(), groups.end(), less);
      const int room = static_cast<int>(budget - group.tokens);
      Request& r = requests_[waiting_.front()];
      const bool begun = r.to_prefill < r.isl + r.done;
      if (room < 1 || (!begun && !has_room(r))) break;
      if (!begun) used_ += reserved(r), ++holding_;
      const int chunk = std::min(r.to_prefill, room);
      const double end = r.isl + r.done - r.to_prefill + chunk;
      r.to_prefill -= chunk;
      group.tokens += chunk, all += chunk;
      if (end > chunk || r.to_prefill > 0) {
        group.parts.push_back({1, 1.0 * chunk, end, false, r.to_prefill > 0 ? 0.0 : 1.0});
      } else {
        group.whole += 1, group.whole_tokens += chunk;
      }
      (r.to_prefill > 0 ? kept : complete).push_back(waiting_.front());
      waiting_.pop_front();
    }
    waiting_.insert(waiting_.begin(), kept.begin(), kept.end());
    if (all <= 0) return false;
    const GroupPrompts& busiest = *std::max_element(groups.begin(), groups.end(), less);
    std::vector<SequenceGroup> batch = busiest.parts;
    if (busiest.whole > 0) {
      const double mean = busiest.whole_tokens / busiest.whole;
      batch.push_back({busiest.whole, mean, mean, false, 1});
    }
    if (decodes > 0) batch.push_back({decodes, 1, mean_context() + 1, true, 1});
    const double mean = (all + (engine_.prefill_first ? 0 : running_)) / ranks_;
    now_ += step_.step_time(batch, mean / (busiest.tokens + decodes)).total().base();
    if (steps_ == 0 && running_ == 0) now_ += warm_up();
    waited_ = 0;
    if (!engine_.prefill_first) count_decodes(1);
    for (const std::size_t id : complete) begin_decoding(id);
    end_those_done();
    return true;
  }

  void begin_decoding(std::size_t id) {
    Request& r = requests_[id];
    if (r.first <= 0) r.first = now_ + lag();
    r.decoding = true;
    r.began = steps_;
    r.ends = steps_ + r.osl - 1 - r.done;
    ++running_;
    context_ += r.isl + r.done;
    if (!engine_.reserve_output) order_.push_back(id);
    endings_.emplace(r.ends, id);
  }

  /// By how much clients see a token later than the engine makes it.
  double lag() const { return engine_.stream_overhead.base() * running_; }
  double mean_context() const { return context_ / std::max(1, running_); }

  void count_decodes(std::int64_t steps) {
    steps_ += steps;
    context_ += static_cast<double>(steps) * running_;
    decoded_ += static_cast<double>(steps) * running_;
    counted_ += running_ > 0 ? static_cast<double>(steps) : 0;
    if (!engine_.reserve_output) used_ += static_cast<double>(steps) * running_ * per_token_;
  }

  /// All steps until a sequence ends, a request arrives or the pool is full.
  void decode_steps() {
    std::int64_t steps = std::max<std::int64_t>(1, endings_.top().first - steps_);
    if (!engine_.reserve_output && per_token_ > 0) {
      const double room = (pool_ - used_) / (running_ * per_token_);
      if (room < 1 && running_ > 1) return preempt();
      steps = std::clamp<std::int64_t>(static_cast<std::int64_t>(room), 1, steps);
    }
    const double each = table_.seconds(running_, mean_context() + 1);
    if (!arrivals_.empty()) {
      const double until = std::ceil((arrivals_.top().first - now_) / each);
      if (until < static_cast<double>(steps)) steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(until));
    }
    if (const auto wait = waiting_.empty() ? 0 : left_to_wait(); wait > 0) steps = std::min(steps, wait);
    if (!waiting_.empty()) waited_ += steps;
    const double middle = mean_context() + 1 + static_cast<double>(steps - 1) / 2;
    now_ += static_cast<double>(steps) * table_.seconds(running_, middle);
    count_decodes(steps);
    end_those_done();
  }

  void end_those_done() {
    while (!endings_.empty() && endings_.top().first <= steps_) {
      const std::size_t id = endings_.top().second;
      const bool stale = !requests_[id].decoding || requests_[id].ends != endings_.top().first;
      endings_.pop();
      if (stale) continue;
      Request& r = requests_[id];
      leave(r);
      r.done = r.osl;
      ++finished_;
      tokens_in_ += r.isl, tokens_out_ += r.osl;
      ttft_.push_back(r.first - r.sent);
      const double last = now_ + lag();
      if (r.osl > 1) tpot_.push_back(std::max(0.0, last - r.first) / (r.osl - 1));
      if (unsent_ < requests_.size()) send(unsent_++, last);
    }
    while (!endings_.empty()) {  // those preempted meanwhile
      const Request& r = requests_[endings_.top().second];
      if (r.decoding && r.ends == endings_.top().first) break;
      endings_.pop();
    }
  }

  void leave(Request& r) {
    const auto made = static_cast<int>(steps_ - r.began);
    context_ -= r.isl + r.done + made;
    used_ -= engine_.reserve_output ? reserved(r) : fixed_ + per_token_ * (r.isl + r.done + made);
    r.done += made;
    r.decoding = false;
    --running_, --holding_;
  }

  /// The youngest gives its blocks back and is computed again later (recompute).
  void preempt() {
    while (!order_.empty()) {
      const std::size_t id = order_.back();
      order_.pop_back();
      Request& r = requests_[id];
      if (!r.decoding) continue;
      leave(r);
      r.to_prefill = r.isl + r.done;
      waiting_.push_front(id);
      break;
    }
    end_those_done();
    if (running_ > 0 && !endings_.empty()) {  // it does not come back before somebody has left
      const double each = table_.seconds(running_, mean_context() + 1);
      const auto steps = std::max<std::int64_t>(
          1, std::min<std::int64_t>(endings_.top().first - steps_,
                                    static_cast<std::int64_t>((pool_ - used_) / (running_ * per_token_))));
      now_ += static_cast<double>(steps) * each;
      count_decodes(steps);
      end_those_done();
    }
  }

  BenchmarkFigures figures() const {
    BenchmarkFigures out;
    out.ttft = figures_of(ttft_), out.tpot = figures_of(tpot_);
    const double all = service_.replicas / now_;
    out.requests_per_s = static_cast<double>(requests_.size()) * all;
    out.output_tokens_per_s = tokens_out_ * all, out.input_tokens_per_s = tokens_in_ * all;
    out.batch = counted_ > 0 ? decoded_ / counted_ : 0;
    return out;
  }

  const MeasuredService& service_;
  const StepModel& step_;
  DecodeTable table_;
  const EngineCoefficients& engine_;
  int ranks_ = 1;                                ///< attention groups of all batches in flight
  double per_token_ = 0, fixed_ = 0, pool_ = 0;  // bytes of one rank
  std::vector<Request> requests_;
  std::size_t unsent_ = 0, finished_ = 0;
  Earliest<Timed> arrivals_;
  std::deque<std::size_t> waiting_;
  Earliest<Ending> endings_;
  std::vector<std::size_t> order_;
  double now_ = 0, context_ = 0, used_ = 0, decoded_ = 0, counted_ = 0, tokens_in_ = 0, tokens_out_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t waited_ = 0;  ///< decode steps since a prompt could have run
  bool warm_ = false;
  int running_ = 0, holding_ = 0;
  std::vector<double> ttft_, tpot_;
};

/// Everything prefilled, then everything decoded.
BenchmarkFigures run_one_batch(const MeasuredService& service, const StepModel& step) {
  const auto& layout = service.replica.layout;
  const int groups = layout.attention_dp * layout.pp;
  const double batch = std::max(1.0, std::round(service.concurrency));
  const double isl = service.lengths.isl, osl = service.lengths.osl;
  DecodeTable table(step);
  const double at_once = groups * std::max(1.0, std::floor(step.replica().engine.max_num_batched_tokens / isl));
  const double full = std::floor(batch / at_once), rest = batch - full * at_once;
  const auto prefill = [&](double sequences) {
    if (sequences <= 0) return 0.0;
    const double busiest = std::ceil(sequences / groups);
    const SequenceGroup prompts{busiest, isl, isl, false, 1};
    return step.step_time({&prompts, 1}, sequences / (busiest * groups)).total().base();
  };
  double first = prefill(at_once) * full + prefill(rest);
  first += service.transfer.base() + step.replica().engine.request_overhead.base();
  double decode = 0;
  constexpr int slices = 8;
  for (int i = 0; i < slices && osl > 1; ++i) {
    const double context = isl + (osl - 1) * (i + 0.5) / slices;
    decode += (osl - 1) / slices * table.seconds(static_cast<int>(batch), context);
  }
  BenchmarkFigures out;
  out.ttft = figures_of({first});
  out.tpot = figures_of({osl > 1 ? decode / (osl - 1) : 0});
  out.requests_per_s = batch * service.replicas / (first + decode);
  out.output_tokens_per_s = out.requests_per_s * osl, out.input_tokens_per_s = out.requests_per_s * isl;
  out.batch = batch;
  return out;
}

}  // namespace

int benchmark_requests(const MeasuredService& service) {
  if (service.load == LoadKind::clients) return static_cast<int>(10 * service.concurrency);
  if (service.load == LoadKind::poisson) return 1000;
  const double tokens = service.lengths.isl + service.lengths.osl;
  return tokens > 20'000 ? 1000 : tokens > 2'500 ? 1500 : tokens > 500 ? 3000 : 30'000;
}

std::variant<BenchmarkFigures, DoesNotFit> run_benchmark(const MeasuredService& service) {
  const ReplicaMemory memory = replica_memory(service.replica);
  const Bytes one = rank_sequence_bytes(service.replica, service.lengths.isl + service.lengths.osl);
  if (memory.kv_room < one) return DoesNotFit{one - memory.kv_room, memory};
  const StepModel step(service.replica);
  if (service.load == LoadKind::one_batch) return run_one_batch(service, step);
  return Run(service, step, memory).walk();
}

}  // namespace stargate
