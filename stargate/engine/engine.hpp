// One replica's engine, simulated from event to event: requests wait, are prefilled, decode and leave, as its rules
// say. Between two events a batch only decodes; that run is advanced in one piece by its closed form.
//   time of k decode steps     = k * t + d * k * (k - 1) / 2, t the first step, d what the growing context adds a step
//   blocks after k steps       = sum over sequences of ceil((length + k) / block size), each rank's in its own pool
// Times inside are whole picoseconds, so that walking every step gives the same bytes.
#pragma once

#include <memory>
#include <vector>

#include "stargate/engine/engine_spec.hpp"
#include "stargate/engine/request.hpp"
#include "stargate/engine/step_cost.hpp"

namespace stargate {

/// Equal-minded steps in a row: one with prefill, or as many as only decode.
struct StepRun {
  SimTime start, end;                                   ///< rounded up to the nanosecond by which it has happened
  std::int64_t steps = 1;                               ///< 1 for a step with prompts
  Duration first_step, growth;                          ///< step i of the run takes first_step + i * growth
  int decoding = 0;                                     ///< sequences that get a token each step
  int stalled = 0;                                      ///< sequences whose decoding waits for this step's prompts
  double decode_context = 0;                            ///< summed, at the first step
  int prefill_sequences = 0, prefill_tokens = 0;        ///< prompts, or parts of them, in the step
  std::int64_t output_tokens = 0;                       ///< of all steps, first tokens included
  std::int64_t waiting = 0, running = 0;                ///< during the run
  std::int64_t blocks_at_start = 0, blocks_at_end = 0;  ///< of all ranks' pools, held by sequences
};

/// Who is in a run's steps, by id. Only made when a listener asks for it: for timelines and for tests of the scheduler.
struct StepBatch {
  struct Prompt {
    std::int64_t request;  ///< its id
    std::int32_t tokens;   ///< of its prompt in this step
  };
  std::vector<Prompt> prompts;          ///< in the order they were put into the step
  std::vector<std::int64_t> decodes;    ///< in order of admission
  std::vector<std::int64_t> preempted;  ///< to make it possible
};

/// Told of what happens, in order of time. Called inside advance(), in order of time; must not call the engine.
class EngineListener {
 public:
  virtual ~EngineListener() = default;
  /// The request's last token is out; with prefill_only its first.
  virtual void finished(const RequestRecord& record) = 0;
  /// A run ends when anything but the context changes: a request joins or leaves, blocks run short, `until` is reached.
  virtual void ran(const StepRun&) {}
  /// Before `ran`, when asked for: it takes time.
  virtual bool wants_batches() const { return false; }
  /// Only called where wants_batches() is true.
  virtual void batch(const StepBatch&) {}
};

/// What a router may look at.
struct EngineLoad {
  std::int64_t waiting = 0, running = 0;     ///< requests, arrived or not yet; begun and not ended
  std::int64_t waiting_prompt_tokens = 0;    ///< of requests not yet begun
  std::int64_t blocks_used = 0, blocks = 0;  ///< of all ranks
};

/// The spec has been checked; the cost outlives the engine. Deterministic, used by one thread. Memory grows with the
/// requests inside, time with events, not with steps.
class Engine {
 public:
  Engine(const EngineSpec& spec, const StepCost& cost, std::int32_t replica = 0);  ///< `replica` only marks its records
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Requests come in order of arrival, and none before the last `advance` allows: arrival >= its `until`.
  /// What can never fit (its last token needs more blocks than there are) is a fault of the caller: ask `fits` first.
  void submit(const Request& request);
  /// False for a request whose last token would need more blocks than one rank's pool has, or whose prompt does not go
  /// into a step where prompts are not cut.
  bool fits(const Request& request) const;
  /// Disaggregated: the prompt's cache and the first token came from elsewhere. `so_far` is the record of the engine
  /// that prefilled; its times stay in the final record. It waits like any other request, and joins the decodes once
  /// blocks for its cache are free.
  void submit_prefilled(const Request& request, const RequestRecord& so_far);
  /// Disaggregated: the cache has been handed over. Nothing happens when it was lost with its machine.
  void release(std::int64_t request_id, SimTime now);

  /// A time at or before the next change that anybody outside can see; never when nothing runs or waits.
  SimTime next_event() const;
  /// Runs every step that ends at or before `until`. A step that has begun and ends later is under way afterwards: what
  /// comes in between does not change it.
  void advance(SimTime until, EngineListener& listener);
  /// Gives up everything, as when the machine is lost: the requests that were in it, in order of arrival.
  std::vector<Request> abandon();

  /// At the end of the last advance.
  EngineLoad load() const;
  /// Tokens of the prompt that the prefix cache would spare, on the rank that would spare most. In whole blocks; 0
  /// without prefix caching. O(hashes) for each rank.
  std::int64_t prefix_match(const Request& request) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;  ///< hides the state, which engine_core.hpp shares among three sources
};

}  // namespace stargate
