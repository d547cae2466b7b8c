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
    bool next(IncomingRequest& out) override;  ///< none once the trial is decided
    bool follow(const IncomingRequest& done, SimTime time, IncomingRequest& out) override;  ///< likewise
    void prefix_blocks(const IncomingRequest& request, std::int32_t tokens,
                       std::vector<std::uint64_t>& out) const override {
      inner_->prefix_blocks(request, tokens, out);
    }
    const std::vector<std::string>& tenants() const override { return inner_->tenants(); }

   private:
    std::unique_ptr<RequestSource> inner_;  ///< the traffic itself
    TrialWatch& watch_;
  };

  void finished(const IncomingRequest& request, const RequestRecord& record) override;  ///< notes its latencies
  void refused(const IncomingRequest& request) override;  ///< ends the trial: it can never be served
  void ran(int engine, const StepRun& run) override;      ///< busy time, and the crowd inside

  /// Null when all were taken.
  const IncomingRequest* first_refused() const { return first_refused_ ? &*first_refused_ : nullptr; }
  std::int64_t most_requests() const { return limits_.requests; }
  /// When everything has left.
  TrialResult result();

 private:
  /// Seconds; negative: not finished, or no such latency.
  struct Latency {
    double arrival = 0, ttft = -1, tpot = -1, inside = 0;  ///< seconds
    bool gone = false;                                     ///< has left, answered or not
  };
  void came(const IncomingRequest& request);                  ///< notes its arrival
  void note_beyond(const Latency& latency);                   ///< ends a run that cannot hold any more
  void leave(const IncomingRequest& request);                 ///< counts, and looks when enough have left
  void look();                                                ///< a checkpoint: decided, hopeless, or on
  bool is_hopeless(std::size_t from, std::size_t end) const;  ///< every batch far above a limit
  bool is_far_off(std::size_t end) const;                     ///< many more beyond a percentile than may be
  double usual_time(std::size_t end) const;                   ///< seconds a request is inside
  void give_up(std::size_t end);                              ///< missed, with the figures so far
  void look_for_a_miss(std::size_t end, double usual);        ///< of a run that goes to its end
  bool still_ramps() const;                                   ///< conversations are still beginning
  SimTime coming_until() const;                               ///< of arrivals
  bool note_overload();                                       ///< true when the crowd grows without end
  /// Figures of requests [from, end).
  void measure(std::size_t from, std::size_t end);
  std::vector<double> latencies(double Latency::*kind, std::size_t from, std::size_t end) const;
  enum class Verdict { open, met, missed };
  static bool is_surely_missed(const LatencyGoal& goal, const BatchedFigure& figure);
  static Verdict judge(const LatencyGoal& goal, const BatchedFigure& figure);
  void decide(Verdict ttft, Verdict tpot);  ///< both met, or one missed, ends the trial

  Limits limits_;
  SizingTargets targets_;
  const Deployment& deployment_;
  std::vector<Latency> requests_;                       ///< by number
  std::size_t complete_ = 0;                            ///< all before have left
  std::size_t gone_ = 0, next_look_ = 0, least_ = 0;    ///< requests: left; at which it looks; needed for figures
  bool stopped_ = false;                                ///< decided: no more requests come
  BatchedFigure ttft_, tpot_;                           ///< as last measured
  CrowdRecord crowd_, prompts_;                         ///< inside all engines, inside those that prefill
  std::int64_t beyond_ttft_ = 0, beyond_tpot_ = 0;      ///< finished requests beyond a limit, of a run to its end
  double prefill_s_ = 0, decode_s_ = 0;                 ///< accelerator seconds in steps
  std::int64_t prompt_tokens_ = 0, cached_tokens_ = 0;  ///< of finished requests
  SimTime last_arrival_, last_;                         ///< of requests; end of the last step
  std::optional<IncomingRequest> first_refused_;
  TrialResult out_;
};

}  // namespace stargate
