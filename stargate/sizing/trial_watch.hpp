// Watches a trial while it runs: keeps each request's latencies in order of arrival, decides at checkpoints whether
// they are enough, and then lets no more requests come.
#pragma once

#include "stargate/sim/crowd_record.hpp"
#include "stargate/sizing/trial.hpp"

namespace stargate {

/// Latencies are kept until the end: a trial has at most some ten thousand requests.
class TrialWatch final : public ServiceListener {
 public:
  struct Limits {
    double rate = 0;            ///< requests a second
    std::int64_t requests = 0;  ///< that come at most
    bool to_the_end = false;    ///< all of them, and all of them count
  };
  TrialWatch(const Limits& limits, const SizingTargets& targets, const Deployment& deployment);

  /// The traffic, ended when the trial is decided.
  class Source final : public RequestSource {
   public:
    Source(std::unique_ptr<RequestSource> inner, TrialWatch& watch) : inner_(std::move(inner)), watch_(watch) {}
    bool next(IncomingRequest& out) override;
    bool follow(const IncomingRequest& done, SimTime time, IncomingRequest& out) override;
    void prefix_blocks(const IncomingRequest& request, std::int32_t tokens,
                       std::vector<std::uint64_t>& out) const override {
      inner_->prefix_blocks(request, tokens, out);
    }
    const std::vector<std::string>& tenants() const override { return inner_->tenants(); }

   private:
    std::unique_ptr<RequestSource> inner_;
    TrialWatch& watch_;
  };

  void finished(const IncomingRequest& request, const RequestRecord& record) override;
  void refused(const IncomingRequest& request) override;
  void ran(int engine, const StepRun& run) override;

  /// Null when all were taken.
  const IncomingRequest* first_refused() const { return first_refused_ ? &*first_refused_ : nullptr; }
  std::int64_t most_requests() const { return limits_.requests; }
  /// When everything has left.
  TrialResult result();

 private:
  /// Seconds; negative: not finished, or no such latency.
  struct Latency {
    double arrival = 0, ttft = -1, tpot = -1, inside = 0;
    bool gone = false;
  };
  void came(const IncomingRequest& request);
  void leave(const IncomingRequest& request);
  void look();
  bool is_hopeless(std::size_t from, std::size_t end) const;
  bool is_far_off(std::size_t end) const;
  double usual_time(std::size_t end) const;
  void give_up(std::size_t end);
  void look_for_a_miss(std::size_t end, double usual);
  bool still_ramps() const;
  SimTime coming_until() const;
  bool note_overload();
  /// Figures of requests [from, end).
  void measure(std::size_t from, std::size_t end);
  std::vector<double> latencies(double Latency::*kind, std::size_t from, std::size_t end) const;
  enum class Verdict { open, met, missed };
  static bool is_surely_missed(const LatencyGoal& goal, const BatchedFigure& figure);
  static Verdict judge(const LatencyGoal& goal, const BatchedFigure& figure);
  void decide(Verdict ttft, Verdict tpot);

  Limits limits_;
  SizingTargets targets_;
  const Deployment& deployment_;
  std::vector<Latency> requests_;  ///< by number
  std::size_t complete_ = 0;       ///< all before have left
  std::size_t gone_ = 0, next_look_ = 0, least_ = 0;
  bool stopped_ = false;
  BatchedFigure ttft_, tpot_;
  CrowdRecord crowd_, prompts_;          ///< inside all engines, inside those that prefill
  double prefill_s_ = 0, decode_s_ = 0;  ///< accelerator seconds in steps
  std::int64_t prompt_tokens_ = 0, cached_tokens_ = 0;
  SimTime last_arrival_, last_;
  std::optional<IncomingRequest> first_refused_;
  TrialResult out_;
};

}  // namespace stargate
