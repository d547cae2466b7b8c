// What came out of a service's simulation: latencies as their users saw them, what the engines did, and both over time.
// Memory does not grow with the number of requests.
#pragma once

#include <optional>

#include "stargate/serving/service_simulation.hpp"
#include "stargate/serving/steady_state.hpp"
#include "stargate/sim/histogram.hpp"
#include "stargate/sim/time_series.hpp"

namespace stargate {

/// Seconds, over requests; ITL over gaps between tokens of a sequence (between steps, when a step gives several).
struct LatencyReport {
  /// Seconds; itl over gaps between tokens, the others over requests.
  Histogram ttft, tpot, itl, end_to_end, queue;
};

/// Whether a queue has grown by `grown` requests while `arrived` came: more than three deviations of a Poisson count,
/// and than what drifts by chance on long runs.
bool queue_grew(double grown, double arrived);

/// Counts of requests and tokens, latencies in seconds; `good` met every target.
struct ServiceTenant {
  std::int64_t finished = 0, good = 0;                                   ///< requests
  std::int64_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0;  ///< of those that finished
  Histogram ttft, tpot;                                                  ///< seconds
};

/// Seconds are as clients see them: overheads of the front end and of streaming are in the records it is told.
class ServiceReport final : public ServiceListener {
 public:
  /// `spec` outlives it. `tenants`: how many the source names.
  ServiceReport(const SimulatedService& spec, const LatencyTarget& target, std::size_t tenants);

  /// A request of one token has no TPOT: it counts as meeting that target, and not in the histogram.
  void finished(const IncomingRequest& request, const RequestRecord& record) override;
  void refused(const IncomingRequest&) override { ++refused_; }
  void ran(int engine, const StepRun& run) override;  ///< adds a run to gaps, work and series

  /// Of all requests that have finished; with percentiles to 0.2 % (sim/histogram.hpp).
  const LatencyReport& latency() const { return latency_; }
  const std::vector<ServiceTenant>& tenants() const { return tenants_; }
  std::int64_t finished_count() const { return finished_; }
  std::int64_t refused_count() const { return refused_; }
  std::int64_t good_count() const { return good_; }  ///< met every target
  std::int64_t preemptions() const { return preemptions_; }
  std::int64_t prompt_tokens() const { return prompt_tokens_; }
  std::int64_t output_tokens() const { return output_tokens_; }
  /// Prompt tokens found in a prefix cache when first scheduled.
  std::int64_t cached_tokens() const { return cached_tokens_; }
  SimTime first_arrival() const { return first_; }
  SimTime end() const { return end_; }  ///< when the last token came
  Duration span() const { return end_ - first_; }

  // Of all engines, or of those that prefill (`prefill` of a disaggregated service).
  struct Work {
    std::int64_t steps = 0, runs = 0, prompt_steps = 0;  ///< of engines; as told; with a prompt in them
    Duration prompts, decodes;                           ///< time in steps with prompts, in steps without
    double decoding_steps = 0;                           ///< sequences times decode steps
    int most_decoding = 0;                               ///< sequences in one step of one engine
    Duration busy() const { return prompts + decodes; }
  };
  const Work& work(bool prefill) const { return prefill ? prefill_work_ : work_; }
  std::int64_t most_blocks() const { return most_blocks_; }  ///< of one engine of the pool

  // Means over time: requests waiting and running, share of the pool's blocks, of time busy; tokens and arrivals a
  // second.
  struct Series {
    /// Requests, requests, share of the blocks, share of the engines, prompt tokens a second, output tokens a second.
    TimeSeries waiting, running, blocks, busy, prompts, output;
  };
  const Series& series() const { return series_; }

 private:
  /// Sequences whose decoding has waited for prompts so long: their next gap is longer by that.
  struct Stall {
    Duration time;      ///< since their last token
    int sequences = 0;  ///< that wait as long
  };
  void add_gaps(const StepRun& run, std::vector<Stall>& stalls);  ///< time between tokens, waits for prompts included

  const SimulatedService& spec_;  ///< pools and overheads
  LatencyTarget target_;          ///< of each request
  LatencyReport latency_;
  std::vector<ServiceTenant> tenants_;
  std::vector<std::vector<Stall>> stalls_;  ///< by engine, the longest wait first
  std::int64_t finished_ = 0, refused_ = 0, good_ = 0, preemptions_ = 0;
  std::int64_t prompt_tokens_ = 0, output_tokens_ = 0, cached_tokens_ = 0, most_blocks_ = 0;
  SimTime first_ = SimTime::never(), end_;  ///< first arrival; last token
  Work work_, prefill_work_;
  Series series_;  ///< over time, windows that grow with the run
};

}  // namespace stargate
