// Latencies first, then what the engines did, what it drew and cost, and all of it over time.

#include <fmt/format.h>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/simulation_figures.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr int kTimeRows = 12;

double pool_share(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::string duration_text(double seconds) { return seconds > 0 ? format_quantity(seconds * second) : "0"; }

std::string tokens_text(double tokens) {
  return tokens >= 1e6 ? fmt::format("{:.2f} M", tokens / 1e6) : fmt::format("{:.1f} k", tokens / 1e3);
}

std::string capacity_text(const ReplicaEngine& engine) {
  const CacheCapacity cache = cache_capacity(engine);
  if (cache.groups == 1) return tokens_text(cache.replica) + " tokens";
  return fmt::format("{} tokens a rank, {} on its {} ranks", tokens_text(cache.group), tokens_text(cache.replica),
                     cache.groups);
}

std::string replica_text(const ReplicaEngine& one, int count) {
  return fmt::format("{} {} x {}, cache of {} in blocks of {}", count, count == 1 ? "replica" : "replicas",
                     format_layout(one.replica.layout), capacity_text(one), one.spec.kv.block_size);
}

std::string choice_text(const Simulation& q) {
  std::string text;
  if (!q.slower_engines.empty()) {
    text = fmt::format("  engine: faster here than {}, as estimated without simulation\n",
                       fmt::join(q.slower_engines, " and "));
  }
  for (const auto& engine : q.refusing_engines) text += "  left out: " + engine + "\n";
  return text;
}

std::string heading(const Simulation& q) {
  const Replica& replica = q.pool.replica;
  std::string text = fmt::format(
      "{} on {} x {} ({}), {}: {} weights, {} cache\n", replica.model->id, q.accelerators, q.system->accelerator,
      q.system->id, q.engine.name + (q.pool.spec.kind == EngineKind::static_batch ? ", static batches" : ""),
      precision_name(replica.precision.linear), precision_name(replica.precision.kv));
  text += choice_text(q);
  text += fmt::format("  {}{}\n", q.service.prefill ? "decoding: " : "", replica_text(q.pool, q.service.pool.replicas));
  if (q.service.prefill) {
    text += fmt::format("  prefilling: {}; a cache of 1000 tokens takes {} to hand over\n",
                        replica_text(q.prefill, q.service.prefill->replicas),
                        format_quantity(q.service.transfer.fixed + 1000 * q.service.transfer.per_token));
  }
  return text + format_serving_memory(serving_memory(replica, q.engine.max_model_len), "  ");
}

std::string latency_text(const ServiceReport& report) {
  TextTable table({{"latency", Align::left}, {"mean"}, {"p50"}, {"p90"}, {"p99"}, {"most"}});
  for (const LatencyMetric& m : latency_metrics(report)) {
    table.add_row({m.name, duration_text(m.values->mean()), duration_text(m.values->quantile(0.5)),
                   duration_text(m.values->quantile(0.9)), duration_text(m.values->quantile(0.99)),
                   duration_text(m.values->largest())});
  }
  return table.format(2);
}

std::string goodput_text(const Simulation& q, const ServiceReport& report) {
  const auto& t = q.target;
  if (!t.ttft && !t.tpot) return {};
  std::string wanted = t.ttft ? "TTFT within " + format_quantity(*t.ttft) : "";
  if (t.tpot) wanted += (wanted.empty() ? "TPOT within " : " and TPOT within ") + format_quantity(*t.tpot);
  const double good = static_cast<double>(report.good_count());
  return fmt::format("  goodput      {:.2f} requests/s: {:.1f} % had {}\n", good / report.span().base(),
                     100 * pool_share(good, static_cast<double>(report.finished_count())), wanted);
}

std::string work_text(const char* name, const ServiceReport::Work& work, double paid, int replicas) {
  const double engine_time = paid * replicas;
  return fmt::format(
      "  {:<12} busy {:.1f} % of the time ({:.1f} % with prompts), {} steps, {} with prompts; batch of "
      "decodes {:.1f} on average, {} at most\n",
      name, 100 * work.busy().base() / engine_time, 100 * work.prompts.base() / engine_time, work.steps,
      work.prompt_steps, pool_share(work.decoding_steps, static_cast<double>(work.steps)), work.most_decoding);
}

std::string totals_text(const Simulation& q, const ServiceReport& report) {
  const double span = report.span().base(), out = static_cast<double>(report.output_tokens());
  const ServiceBill bill = make_bill(q, report);
  std::string text = fmt::format(
      "  throughput   {:.2f} requests/s, {:.0f} output tokens/s ({:.0f} an accelerator), {:.0f} prompt tokens/s\n",
      static_cast<double>(report.finished_count()) / span, out / span, out / span / q.accelerators,
      static_cast<double>(report.prompt_tokens()) / span);
  text += goodput_text(q, report);
  text += work_text(q.service.prefill ? "decoding" : "engine", report.work(false), span, q.service.pool.replicas);
  if (q.service.prefill) text += work_text("prefilling", report.work(true), span, q.service.prefill->replicas);
  const auto blocks = static_cast<double>(q.pool.spec.all_blocks());
  text += fmt::format(
      "  cache        {:.1f} % used on average, {:.1f} % at most; {} preemptions; {:.1f} % of prompt "
      "tokens found in it\n",
      100 * report.series().blocks.mean(report.first_arrival(), report.end()),
      100 * static_cast<double>(report.most_blocks()) / blocks, report.preemptions(),
      100 * pool_share(static_cast<double>(report.cached_tokens()), static_cast<double>(report.prompt_tokens())));
  text += fmt::format("  power        {} on average at the plug, {}: {:.2f} J an output token\n",
                      format_quantity(bill.mean), format_quantity(bill.energy), bill.energy.base() / out);
  text += fmt::format("  cost         {} $/h ({} $/h an accelerator: {}), {:.3f} $ a million output tokens\n",
                      fmt::format("{:.2f}", bill.rate.base() * 3600), fmt::format("{:.2f}", q.price.mid.base() * 3600),
                      q.price.origin, bill.cost.base() / out * 1e6);
  return text;
}

std::string tenants_text(const Simulation& q, const ServiceReport& report) {
  if (report.tenants().size() < 2) return {};
  TextTable table({{"tenant", Align::left},
                   {"requests"},
                   {"prompt tok"},
                   {"output tok"},
                   {"TTFT p50"},
                   {"TTFT p99"},
                   {"TPOT p50"},
                   {"TPOT p99"},
                   {"good"}});
  for (std::size_t i = 0; i < report.tenants().size(); ++i) {
    const ServiceTenant& t = report.tenants()[i];
    table.add_row(
        {q.source->tenants()[i], std::to_string(t.finished), tokens_text(static_cast<double>(t.prompt_tokens)),
         tokens_text(static_cast<double>(t.output_tokens)), duration_text(t.ttft.quantile(0.5)),
         duration_text(t.ttft.quantile(0.99)), duration_text(t.tpot.quantile(0.5)),
         duration_text(t.tpot.quantile(0.99)),
         fmt::format("{:.1f} %", 100 * pool_share(static_cast<double>(t.good), static_cast<double>(t.finished)))});
  }
  return "\n" + table.format(2);
}

std::string series_text(const ServiceReport& report) {
  TextTable table({{"from"}, {"waiting"}, {"running"}, {"cache"}, {"busy"}, {"prompt tok/s"}, {"output tok/s"}});
  const auto& s = report.series();
  const Duration each = report.span() / static_cast<double>(kTimeRows);
  for (int i = 0; i < kTimeRows; ++i) {
    const SimTime from = report.first_arrival() + i * each, to = from + each;
    table.add_row({format_quantity(i * each), fmt::format("{:.1f}", s.waiting.mean(from, to)),
                   fmt::format("{:.1f}", s.running.mean(from, to)),
                   fmt::format("{:.1f} %", 100 * s.blocks.mean(from, to)),
                   fmt::format("{:.1f} %", 100 * s.busy.mean(from, to)),
                   fmt::format("{:.0f}", s.prompts.mean(from, to)), fmt::format("{:.0f}", s.output.mean(from, to))});
  }
  return table.format(2);
}

std::string load_text(const LoadFinding& load, const ServiceReport& report) {
  if (load.overloaded) {
    return fmt::format(
        "  OVERLOADED: {:.3g} requests a second came, about {:.3g} were served; the requests in flight grew by {:.3g} "
        "a "
        "second. The latencies below rise with the length of the run.\n",
        load.offered, load.served, load.growth);
  }
  if (load.at_once) {
    return fmt::format("  All {} requests came at once: their TTFT follows from how many they are.\n",
                       report.finished_count());
  }
  if (load.too_short) {
    return fmt::format(
        "  Short run: requests took {} on average, the traffic lasted less than twice that. The service filled up and "
        "drained and was never steady; --requests or --duration make it longer.\n",
        duration_text(report.latency().end_to_end.mean()));
  }
  return {};
}

}  // namespace

std::string format_simulation_text(const SimulationReport& answer) {
  const Simulation& q = *answer.simulation;
  const ServiceReport& report = answer.report;
  std::string text = heading(q);
  if (report.refused_count() > 0) {
    const CacheCapacity cache = cache_capacity(q.pool);
    text +=
        fmt::format("  {} requests were refused: longer than the cache of {} tokens {}, or than a step\n",
                    report.refused_count(), tokens_text(cache.group), cache.groups > 1 ? "of a rank" : "of a replica");
    if (const Bytes missing = answer.refused_missing(); missing > Bytes{}) {
      text += fmt::format("  the longest of them, {} tokens, lives on one rank, which lacks {} for it\n",
                          answer.longest_refused, format_quantity(missing));
    }
  }
  if (report.finished_count() == 0) return text + "  no request was served\n" + format_serving_basis(answer.basis);
  text += fmt::format("  {} requests in {}: {} tokens in and {} out on average\n", report.finished_count(),
                      format_quantity(report.span()), report.prompt_tokens() / report.finished_count(),
                      report.output_tokens() / report.finished_count());
  text += load_text(answer.load, report) + "\n";
  text += latency_text(report) + "\n" + totals_text(q, report) + tenants_text(q, report);
  text += "\n" + series_text(report);
  return text + "\n" + format_serving_basis(answer.basis) +
         "\nTTFT: time to the first token, waiting included. TPOT: mean time of each further token of a request, (E2E "
         "- "
         "TTFT) / (output tokens - 1).\nITL: gap between two tokens of a request, over all gaps. E2E: time to the last "
         "token. In queue: until its first step begins.\nGoodput: requests within every target. Waiting and running: "
         "requests of all replicas. Cache, busy: share of all replicas.\n";
}

}  // namespace stargate
