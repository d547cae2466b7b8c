// Requests overlap, so each takes the lowest lane that is free when it comes.
#include "stargate/questions/service_trace.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace stargate {
namespace {

enum Track : std::uint64_t { kSteps = 1, kWaiting, kRunning, kCache };
std::uint64_t ns(SimTime time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.ns)); }

}  // namespace

ServiceTrace::ServiceTrace(const SimulatedService& spec) : engines_(spec.engines()) {
  for (int i = 0; i < engines_; ++i) {
    const bool prefill = i >= spec.pool.replicas;
    const std::string name =
        prefill ? "prefill " + std::to_string(i - spec.pool.replicas) : "replica " + std::to_string(i);
    const auto rank = static_cast<std::uint64_t>(i);
    trace_.describe_process(process_track(i), rank + 1, name, rank);
    trace_.describe_track(process_track(i) + kSteps, process_track(i), "steps", 0);
    trace_.describe_counter(process_track(i) + kWaiting, process_track(i), "waiting");
    trace_.describe_counter(process_track(i) + kRunning, process_track(i), "running");
    trace_.describe_counter(process_track(i) + kCache, process_track(i), "cache blocks");
  }
}

void ServiceTrace::ran(int engine, const StepRun& run) {
  const std::uint64_t process = process_track(engine);
  PerfettoSlice slice;
  slice.track = process + kSteps;
  slice.start_ns = ns(run.start), slice.end_ns = ns(run.end);
  slice.name = run.prefill_tokens == 0 ? "decode" : run.decoding == 0 ? "prefill" : "prefill and decode";
  slice.category = "step";
  slice.annotations = {{"steps", run.steps},
                       {"sequences decoding", run.decoding},
                       {"context tokens", static_cast<std::int64_t>(run.decode_context)},
                       {"prompts", run.prefill_sequences},
                       {"prompt tokens", run.prefill_tokens}};
  trace_.add_slice(slice);
  trace_.add_count(process + kWaiting, slice.start_ns, static_cast<double>(run.waiting));
  trace_.add_count(process + kRunning, slice.start_ns, static_cast<double>(run.running));
  trace_.add_count(process + kCache, slice.start_ns, static_cast<double>(run.blocks_at_start));
  trace_.add_count(process + kCache, slice.end_ns, static_cast<double>(run.blocks_at_end));
}

void ServiceTrace::add_request(const Served& served, std::uint64_t lane) {
  const RequestRecord& r = served.record;
  const std::string name = "request " + std::to_string(served.number);
  PerfettoSlice part;
  part.track = process_track(engines_) + 1 + lane;
  part.category = "request";
  part.annotations = {{"prompt tokens", r.prompt_tokens},
                      {"output tokens", r.output_tokens},
                      {"cached tokens", r.cached_tokens},
                      {"preemptions", r.preemptions},
                      {"replica", r.replica}};
  const auto add = [&](const char* what, SimTime from, SimTime to) {
    if (to <= from) return;
    part.name = name + what, part.start_ns = ns(from), part.end_ns = ns(to);
    trace_.add_slice(part);
  };
  add(" waits", r.arrival, r.scheduled);
  add(" prompt", r.scheduled, r.first_token);
  add(" decodes", r.first_token, r.last_token);
}

/// Requests in order of arrival take the lowest free lane: as few lanes as there ever were requests at once.
std::string ServiceTrace::take() {
  std::stable_sort(requests_.begin(), requests_.end(),
                   [](const Served& a, const Served& b) { return a.record.arrival < b.record.arrival; });
  const auto rank = static_cast<std::uint64_t>(engines_);
  trace_.describe_process(process_track(engines_), rank + 1, "requests", rank);
  std::uint64_t lanes = 0;
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> free;
  using Taken = std::pair<SimTime, std::uint64_t>;
  std::priority_queue<Taken, std::vector<Taken>, std::greater<>> taken;
  for (const Served& served : requests_) {
    while (!taken.empty() && taken.top().first <= served.record.arrival) free.push(taken.top().second), taken.pop();
    std::uint64_t lane = lanes;
    if (free.empty()) {
      trace_.describe_track(process_track(engines_) + 1 + lane, process_track(engines_), "request", lane);
      ++lanes;
    } else {
      lane = free.top();
      free.pop();
    }
    taken.emplace(served.record.last_token, lane);
    add_request(served, lane);
  }
  return trace_.take();
}

}  // namespace stargate
