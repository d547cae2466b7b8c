// Sums, histograms and series, filled as the simulation goes.
#include "stargate/serving/service_report.hpp"

#include <cmath>

namespace stargate {

bool queue_grew(double grown, double arrived) { return grown > 3 * std::sqrt(arrived) && grown > 0.02 * arrived; }

ServiceReport::ServiceReport(const SimulatedService& spec, const LatencyTarget& target, std::size_t tenants)
    : spec_(spec), target_(target), tenants_(tenants), stalls_(static_cast<std::size_t>(spec.engines())) {}

void ServiceReport::finished(const IncomingRequest& request, const RequestRecord& record) {
  const double ttft = record.ttft().base(), tpot = record.tpot().base();
  latency_.ttft.add(ttft);
  if (record.output_tokens > 1) latency_.tpot.add(tpot);
  latency_.end_to_end.add(record.end_to_end().base());
  latency_.queue.add((record.scheduled - record.arrival).base());
  // A target that is not set is always met.
  const bool good =
      !(target_.ttft && record.ttft() > *target_.ttft) && !(target_.tpot && record.tpot() > *target_.tpot);
  ++finished_;
  good_ += good;
  preemptions_ += record.preemptions;
  prompt_tokens_ += record.prompt_tokens, output_tokens_ += record.output_tokens;
  cached_tokens_ += record.cached_tokens;
  first_ = std::min(first_, record.arrival);
  end_ = std::max(end_, record.last_token);
  ServiceTenant& tenant = tenants_[static_cast<std::size_t>(request.tenant)];
  ++tenant.finished, tenant.good += good;
  tenant.prompt_tokens += record.prompt_tokens, tenant.output_tokens += record.output_tokens;
  tenant.cached_tokens += record.cached_tokens;
  tenant.ttft.add(ttft);
  if (record.output_tokens > 1) tenant.tpot.add(tpot);
}

/// Gaps between tokens: of a run of n steps each decoding sequence has n gaps, growing by the run's growth. Sequences
/// that waited for prompts have the wait in their next gap.
void ServiceReport::add_gaps(const StepRun& run, std::vector<Stall>& stalls) {
  if (run.decoding == 0) {
    int known = 0;
    for (const Stall& stall : stalls) known += stall.sequences;
    // Who joined the decodes since then has waited only for this run.
    if (run.stalled > known) stalls.push_back({{}, run.stalled - known});
    for (Stall& stall : stalls) stall.time += run.first_step;
    return;
  }
  const double first = run.first_step.base(), growth = run.growth.base();
  int left = run.decoding;
  // The longest wait first: those who waited longest are taken to be in this step, as long as there are as many.
  for (const Stall& stall : stalls) {
    const int waited = std::min(left, stall.sequences);
    latency_.itl.add(first + stall.time.base(), waited);
    left -= waited;
  }
  latency_.itl.add(first, left);
  latency_.itl.add_ramp(first + growth, growth, run.steps - 1, run.decoding);
  stalls.clear();
}

void ServiceReport::ran(int engine, const StepRun& run) {
  const bool prefill = engine >= spec_.pool.replicas;
  Work& work = prefill ? prefill_work_ : work_;
  const Duration time = run.end - run.start;
  work.steps += run.steps, ++work.runs;
  (run.prefill_tokens > 0 ? work.prompts : work.decodes) += time;
  work.prompt_steps += run.prefill_tokens > 0;
  work.decoding_steps += static_cast<double>(run.decoding) * static_cast<double>(run.steps);
  work.most_decoding = std::max(work.most_decoding, run.decoding);
  add_gaps(run, stalls_[static_cast<std::size_t>(engine)]);
  // Each engine adds its part, so that the sum over engines is a share of all of them.
  const double share = 1.0 / spec_.engines(), seconds = time.base();
  series_.waiting.add(run.start, run.end, static_cast<double>(run.waiting));
  series_.running.add(run.start, run.end, static_cast<double>(run.running));
  series_.busy.add(run.start, run.end, share);
  if (run.prefill_tokens > 0) series_.prompts.add(run.start, run.end, run.prefill_tokens / seconds);
  series_.output.add(run.start, run.end, static_cast<double>(run.output_tokens) / seconds);
  if (prefill) return;
  most_blocks_ = std::max({most_blocks_, run.blocks_at_start, run.blocks_at_end});
  const double all = static_cast<double>(spec_.pool.engine.all_blocks()) * spec_.pool.replicas;
  series_.blocks.add(run.start, run.end, static_cast<double>(run.blocks_at_start) / all,
                     static_cast<double>(run.blocks_at_end) / all);
}

}  // namespace stargate
