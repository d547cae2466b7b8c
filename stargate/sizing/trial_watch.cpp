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
constexpr std::size_t kLeastFarOff = 240;  // requests, before so many beyond a limit are
constexpr double kFarTooMany = 10;         // ... times those that may be
constexpr double kSteady = 0.05;           // half-width over the figure
constexpr double kSteadyUnlimited = 0.15;  // of a latency without a limit
constexpr double kGoodPart = 0.25;         // of all requests
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
  next_look_ = kLeastFarOff;
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

/// Requests are numbered by the source from 0.
void TrialWatch::came(const IncomingRequest& request) {
  const auto number = static_cast<std::size_t>(request.number);
  if (requests_.size() <= number) requests_.resize(number + 1);
  requests_[number].arrival = request.arrival.seconds();
  last_arrival_ = std::max(last_arrival_, request.arrival);
}

void TrialWatch::leave(const IncomingRequest& request) {
  // Long answers leave late: only the requests before the first that is still inside are looked at, or the slow ones
  // would be missing.
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
  if (limits_.to_the_end) note_beyond(latency);
  leave(request);
}

/// A run to its end is a miss as soon as more requests are beyond a percentile's limit than may be of all that come. Of
/// two sides the run goes on, to say which of them is short.
void TrialWatch::note_beyond(const Latency& latency) {
  const auto all = static_cast<double>(limits_.requests);
  const auto lost = [&](const LatencyGoal& goal, double reached, std::int64_t& beyond) {
    if (!goal.limit || goal.share <= 0 || reached <= goal.limit->base()) return false;
    return static_cast<double>(++beyond) > all - std::ceil(goal.share * all);
  };
  const bool ttft = lost(targets_.ttft, latency.ttft, beyond_ttft_);
  const bool tpot = lost(targets_.tpot, latency.tpot, beyond_tpot_);
  if (stopped_ || deployment_.disaggregated() || !(ttft || tpot)) return;
  measure(0, complete_);
  out_.misses_ttft = ttft, out_.misses_tpot = tpot;
  stopped_ = true;
}

void TrialWatch::refused(const IncomingRequest& request) {
  ++out_.refused;
  if (!first_refused_) first_refused_ = request;
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

bool TrialWatch::is_surely_missed(const LatencyGoal& goal, const BatchedFigure& figure) {
  if (!goal.limit) return false;
  const double limit = goal.limit->base();
  // Every batch above it, or the whole figure above it by more than chance explains.
  return figure.least > limit || figure.value - figure.half_width > limit;
}

/// The rules at the head of trial.hpp; without a limit the figure need only be steady.
TrialWatch::Verdict TrialWatch::judge(const LatencyGoal& goal, const BatchedFigure& figure) {
  if (!goal.limit) return figure.relative() <= kSteadyUnlimited ? Verdict::met : Verdict::open;
  const double limit = goal.limit->base();
  if (figure.value + figure.half_width <= limit) return Verdict::met;
  if (is_surely_missed(goal, figure)) return Verdict::missed;
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

/// Before there are enough requests for a figure: in all of the last batches, and in all together, ten times as many
/// are beyond a limit as may be. The engines were found empty, so those to come will not be better off.
bool TrialWatch::is_far_off(std::size_t end) const {
  const std::size_t size = end / kTrialBatches;
  const auto far = [&](const LatencyGoal& goal, double Latency::*kind) {
    if (!goal.limit || goal.share <= 0) return false;
    const double may = 1 - goal.share, most = std::min(kFarTooMany * may, (1 + may) / 2);
    const auto beyond = [&](std::size_t from, std::size_t until) {
      const auto slow = [&](const Latency& r) { return r.*kind > goal.limit->base(); };
      const auto first = requests_.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = std::count_if(first, first + static_cast<std::ptrdiff_t>(until - from), slow);
      return static_cast<double>(count) / static_cast<double>(until - from);
    };
    if (beyond(0, end) < most) return false;
    for (std::size_t i = kTrialBatches / 2; i < kTrialBatches; ++i) {
      if (beyond(i * size, (i + 1) * size) < most / 2) return false;
    }
    return true;
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
  // Three deviations of a Poisson count above what the second quarter brought.
  return come[3] > kMoreComing * come[1] + 3 * std::sqrt(come[1]);
}

/// After the last has come the crowd shrinks, whatever it did before.
SimTime TrialWatch::coming_until() const { return std::min(last_, last_arrival_); }

bool TrialWatch::note_overload() {
  out_.overloaded = crowd_.grows(limits_.rate, coming_until()) && !still_ramps();
  out_.prompts_pile_up = out_.overloaded && deployment_.prefill && prompts_.grows(limits_.rate, coming_until());
  return out_.overloaded;
}

/// Seconds that one of the first quarter was inside, on average.
double TrialWatch::usual_time(std::size_t end) const {
  return mean_of(latencies(&Latency::inside, 0, end / 4 + 1));
}

/// Without hope: the figures are those of the later half.
void TrialWatch::give_up(std::size_t end) {
  measure(end / 2, end);
  out_.misses_ttft = targets_.ttft.limit && out_.ttft > *targets_.ttft.limit;
  out_.misses_tpot = targets_.tpot.limit && out_.tpot > *targets_.tpot.limit;
  stopped_ = true;
}

/// A trial that is to run to its end need not, once a goal is missed beyond doubt or by a good part of the requests.
void TrialWatch::look_for_a_miss(std::size_t end, double usual) {
  if (requests_[end - 1].arrival - requests_[0].arrival < kTimesInside * usual) return;
  const bool much = static_cast<double>(end) >= kGoodPart * static_cast<double>(limits_.requests);
  const auto misses = [&](const LatencyGoal& goal, const BatchedFigure& figure) {
    return is_surely_missed(goal, figure) || (much && goal.limit && figure.value > goal.limit->base());
  };
  measure(0, end);
  out_.misses_ttft = misses(targets_.ttft, ttft_), out_.misses_tpot = misses(targets_.tpot, tpot_);
  stopped_ = out_.misses_ttft || out_.misses_tpot;
}

/// At a checkpoint: overloaded, hopeless, decided, or on to the next.
void TrialWatch::look() {
  // Checkpoints grow geometrically: looking costs in proportion to what has come, so all looks together stay linear.
  next_look_ = std::max(gone_ + 1, static_cast<std::size_t>(kNextLook * static_cast<double>(gone_)));
  const std::size_t end = complete_;
  if (end < kLeastFarOff) {
    next_look_ = gone_ + (kLeastFarOff - end);
    return;
  }
  const double usual = usual_time(end);
  const double time = requests_[end - 1].arrival - requests_[0].arrival;
  if (time >= kTimesHopeless * usual && is_far_off(end)) return give_up(end);
  if (end < least_) {
    next_look_ = std::min(next_look_, gone_ + (least_ - end));
    return;
  }
  const bool grows = coming_until().seconds() >= kTimesOverloaded * usual && note_overload();
  if (grows || (time >= kTimesHopeless * usual && is_hopeless(end / 2, end))) return give_up(end);
  if (limits_.to_the_end) return look_for_a_miss(end, usual);
  // The engines were found empty: what belongs to filling them is left out, by whichever latency takes longer to
  // settle.
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
