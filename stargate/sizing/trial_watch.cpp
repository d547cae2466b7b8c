// Only requests before the first that is still inside count, so that long answers are not left out.
#include "stargate/sizing/trial_watch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace stargate {
namespace {

constexpr double kTimesInside = 5;         // a trial's least length over the time a request is inside
constexpr double kTimesHopeless = 2;       // before anything is called hopeless
constexpr double kTimesOverloaded = 4;     // ... or overloaded
constexpr double kFarAbove = 1.5;          // of the limit: no luck explains it
constexpr double kSteady = 0.05;           // half-width over the figure
constexpr double kSteadyUnlimited = 0.15;  // of a latency without a limit
constexpr double kNextLook = 1.4;
constexpr double kMoreComing = 1.02;

double mean_of(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TrialWatch::TrialWatch(const Limits& limits, const SizingTargets& targets, const Deployment& deployment)
    : limits_(limits),
      targets_(targets),
      deployment_(deployment),
      least_(kTrialBatches * std::max(least_in_batch(targets.ttft), least_in_batch(targets.tpot))) {
  out_.rate = limits.rate;
  next_look_ = least_;
}

bool TrialWatch::Source::next(IncomingRequest& out) {
  if (watch_.stopped_ || !inner_->next(out)) return false;
  watch_.came(out);
  return true;
}

bool TrialWatch::Source::follow(const IncomingRequest& done, SimTime time, IncomingRequest& out) {
  if (watch_.stopped_ || !inner_->follow(done, time, out)) return false;
  watch_.came(out);
  return true;
}

void TrialWatch::came(const IncomingRequest& request) {
  const auto number = static_cast<std::size_t>(request.number);
  if (requests_.size() <= number) requests_.resize(number + 1);
  requests_[number].arrival = request.arrival.seconds();
  last_arrival_ = std::max(last_arrival_, request.arrival);
}

void TrialWatch::leave(const IncomingRequest& request) {
  requests_[static_cast<std::size_t>(request.number)].gone = true;
  while (complete_ < requests_.size() && requests_[complete_].gone) ++complete_;
  ++gone_;
  if (!stopped_ && gone_ >= next_look_) look();
}

void TrialWatch::finished(const IncomingRequest& request, const RequestRecord& record) {
  prompt_tokens_ += record.prompt_tokens, cached_tokens_ += record.cached_tokens;
  Latency& latency = requests_[static_cast<std::size_t>(request.number)];
  latency.ttft = (record.first_token - request.arrival).base();
  if (record.output_tokens > 1) latency.tpot = record.tpot().base();
  latency.inside = (record.last_token - request.arrival).base();
  leave(request);
}

void TrialWatch::refused(const IncomingRequest& request) {
  ++out_.refused;
  leave(request);
  stopped_ = true;
}

void TrialWatch::ran(int engine, const StepRun& run) {
  const bool prefill = engine >= deployment_.main.replicas;
  const int each = prefill ? deployment_.prefill->layout.accelerators() : deployment_.main.layout.accelerators();
  const Duration time = run.end - run.start;
  (run.prefill_tokens > 0 ? prefill_s_ : decode_s_) += each * time.base();
  last_ = std::max(last_, run.end);
  if (stopped_) return;
  const auto inside = static_cast<double>(run.waiting + run.running);
  crowd_.add(run.end, time, inside);
  if (prefill) prompts_.add(run.end, time, inside);
}

std::vector<double> TrialWatch::latencies(double Latency::*kind, std::size_t from, std::size_t end) const {
  std::vector<double> out;
  out.reserve(end - from);
  for (std::size_t i = from; i < end; ++i) {
    if (requests_[i].*kind >= 0) out.push_back(requests_[i].*kind);
  }
  return out;
}

void TrialWatch::measure(std::size_t from, std::size_t end) {
  const auto ttft = latencies(&Latency::ttft, from, end), tpot = latencies(&Latency::tpot, from, end);
  ttft_ = batched_figure(ttft, targets_.ttft), tpot_ = batched_figure(tpot, targets_.tpot);
  out_.ttft = ttft_.value * second, out_.tpot = tpot_.value * second;
  out_.ttft_mean = mean_of(ttft) * second, out_.tpot_mean = mean_of(tpot) * second;
  TrialLength& length = out_.length;
  length.counted = static_cast<std::int64_t>(end - from);
  length.batches = kTrialBatches;
  length.ttft_half_width = ttft_.relative(), length.tpot_half_width = tpot_.relative();
}

TrialWatch::Verdict TrialWatch::judge(const LatencyGoal& goal, const BatchedFigure& figure) const {
  if (!goal.limit) return figure.relative() <= kSteadyUnlimited ? Verdict::met : Verdict::open;
  const double limit = goal.limit->base();
  if (figure.value + figure.half_width <= limit) return Verdict::met;
  if (figure.least > limit || figure.value - figure.half_width > limit) return Verdict::missed;
  if (figure.relative() > kSteady) return Verdict::open;
  return figure.value + figure.half_width / 2 <= limit ? Verdict::met : Verdict::missed;
}

void TrialWatch::decide(Verdict ttft, Verdict tpot) {
  out_.misses_ttft = ttft == Verdict::missed, out_.misses_tpot = tpot == Verdict::missed;
  const bool missed = out_.misses_ttft || out_.misses_tpot;
  out_.length.steady = stopped_ = missed || (ttft == Verdict::met && tpot == Verdict::met);
}

/// Each of the last batches, of what may still be warming up, is far above a limit.
bool TrialWatch::is_hopeless(std::size_t from, std::size_t end) const {
  const auto far = [&](const LatencyGoal& goal, double Latency::*kind) {
    return goal.limit && batched_figure(latencies(kind, from, end), goal).least > kFarAbove * goal.limit->base();
  };
  return far(targets_.ttft, &Latency::ttft) || far(targets_.tpot, &Latency::tpot);
}

/// More come in the last quarter of the time than in the second: conversations are still beginning.
bool TrialWatch::still_ramps() const {
  const double quarter = coming_until().seconds() / 4;
  std::array<double, 4> come{};
  for (const Latency& request : requests_) {
    const auto index = static_cast<std::size_t>(request.arrival / quarter);
    if (index < come.size()) ++come[index];
  }
  return come[3] > kMoreComing * come[1] + 3 * std::sqrt(come[1]);
}

/// After the last has come the crowd shrinks, whatever it did before.
SimTime TrialWatch::coming_until() const { return std::min(last_, last_arrival_); }

bool TrialWatch::note_overload() {
  out_.overloaded = crowd_.grows(limits_.rate, coming_until()) && !still_ramps();
  out_.prompts_pile_up = out_.overloaded && deployment_.prefill && prompts_.grows(limits_.rate, coming_until());
  return out_.overloaded;
}

/// At a checkpoint: overloaded, hopeless, decided, or on to the next.
void TrialWatch::look() {
  next_look_ = std::max(gone_ + 1, static_cast<std::size_t>(kNextLook * static_cast<double>(gone_)));
  const std::size_t end = complete_;
  if (end < least_) {
    next_look_ = gone_ + std::max<std::size_t>(1, least_ - end);
    return;
  }
  const auto inside = latencies(&Latency::inside, 0, end);
  const double usual = mean_of({inside.begin(), inside.begin() + std::ssize(inside) / 4 + 1});
  const double time = requests_[end - 1].arrival - requests_[0].arrival;
  const bool grows = coming_until().seconds() >= kTimesOverloaded * usual && note_overload();
  if (grows || (time >= kTimesHopeless * usual && is_hopeless(end / 2, end))) {
    measure(end / 2, end);
    out_.misses_ttft = targets_.ttft.limit && out_.ttft > *targets_.ttft.limit;
    out_.misses_tpot = targets_.tpot.limit && out_.tpot > *targets_.tpot.limit;
    stopped_ = true;
    return;
  }
  if (limits_.to_the_end) return;
  const std::size_t warm =
      std::max(warm_up_end(latencies(&Latency::ttft, 0, end)), warm_up_end(latencies(&Latency::tpot, 0, end)));
  const double counted = requests_[end - 1].arrival - requests_[warm].arrival;
  if (end - warm < least_ || counted < kTimesInside * usual) return;
  measure(warm, end);
  decide(judge(targets_.ttft, ttft_), judge(targets_.tpot, tpot_));
}

TrialResult TrialWatch::result() {
  TrialLength& length = out_.length;
  length.requests = std::ssize(requests_);
  length.simulated = last_arrival_ - SimTime{};
  if (!stopped_ && complete_ > 0) {  // the longest trial, or one that was to run to its end
    measure(0, complete_);
    const auto misses = [](const LatencyGoal& goal, const BatchedFigure& figure) {
      return goal.limit && figure.value + figure.half_width / 2 > goal.limit->base();
    };
    out_.misses_ttft = misses(targets_.ttft, ttft_), out_.misses_tpot = misses(targets_.tpot, tpot_);
    note_overload();
    length.steady = ttft_.relative() <= kSteady && tpot_.relative() <= kSteady;
  }
  const double accelerator_seconds = std::max(1e-9, last_.seconds()) * deployment_.accelerators();
  out_.prefill_busy = prefill_s_ / accelerator_seconds, out_.decode_busy = decode_s_ / accelerator_seconds;
  if (prompt_tokens_ > 0) {
    out_.cached_share = static_cast<double>(cached_tokens_) / static_cast<double>(prompt_tokens_);
  }
  return out_;
}

}  // namespace stargate
