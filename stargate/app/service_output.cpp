// Latencies first, then what the engines did, what it drew and cost, and all of it over time.
#include "stargate/app/service_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr int kTimeRows = 12;

struct Metric {
  const char* name;
  const char* key;
  const Histogram* values;
};

std::array<Metric, 5> metrics(const ServiceReport& report) {
  const LatencyReport& l = report.latency();
  return {{{"TTFT", "ttft", &l.ttft},
           {"TPOT", "tpot", &l.tpot},
           {"ITL", "itl", &l.itl},
           {"E2E", "e2e", &l.end_to_end},
           {"in queue", "queue", &l.queue}}};
}

double pool_share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// What the whole service drew and cost.
struct Bill {
  Energy energy;
  Power mean;
  MoneyRate rate;
  Money cost;
};

Bill make_bill(const SimulationQuestion& q, const ServiceReport& report) {
  Bill bill;
  const Duration span = report.span();
  const auto add = [&](const ReplicaPower& power, int replicas, const ServiceReport::Work& work) {
    const Duration active = work.prompts + ReplicaPower::decode_share * work.decodes;
    bill.energy += power.idle * span * static_cast<double>(replicas) + (power.busy - power.idle) * active;
  };
  add(q.power, q.service.pool.replicas, report.work(false));
  if (q.service.prefill) add(q.prefill_power, q.service.prefill->replicas, report.work(true));
  if (span > Duration{}) bill.mean = bill.energy / span;
  bill.rate = q.price.mid * static_cast<double>(q.accelerators);
  bill.cost = bill.rate * span;
  return bill;
}

std::string duration_text(double seconds) { return seconds > 0 ? format_quantity(seconds * second) : "0"; }

std::string tokens_text(double tokens) {
  return tokens >= 1e6 ? fmt::format("{:.2f} M", tokens / 1e6) : fmt::format("{:.1f} k", tokens / 1e3);
}

std::string replica_text(const ReplicaEngine& one, int count) {
  return fmt::format("{} {} x {}, cache of {} tokens in blocks of {}", count, count == 1 ? "replica" : "replicas",
                     format_layout(one.replica.layout),
                     tokens_text(static_cast<double>(one.spec.kv.blocks) * one.spec.kv.block_size),
                     one.spec.kv.block_size);
}

std::string heading(const SimulationQuestion& q) {
  const Replica& replica = q.pool.replica;
  std::string text = fmt::format(
      "{} on {} x {} ({}), {}: {} weights, {} cache\n", replica.model->id, q.accelerators, q.system->accelerator,
      q.system->id, q.engine.name + (q.pool.spec.kind == EngineKind::static_batch ? ", static batches" : ""),
      precision_name(replica.precision.linear), precision_name(replica.precision.kv));
  text += fmt::format("  {}{}\n", q.service.prefill ? "decoding: " : "", replica_text(q.pool, q.service.pool.replicas));
  if (q.service.prefill) {
    text += fmt::format("  prefilling: {}; a cache of 1000 tokens takes {} to hand over\n",
                        replica_text(q.prefill, q.service.prefill->replicas),
                        format_quantity(q.service.transfer.fixed + 1000 * q.service.transfer.per_token));
  }
  return text;
}

std::string latency_text(const ServiceReport& report) {
  TextTable table({{"latency", Align::left}, {"mean"}, {"p50"}, {"p90"}, {"p99"}, {"most"}});
  for (const Metric& m : metrics(report)) {
    table.add_row({m.name, duration_text(m.values->mean()), duration_text(m.values->quantile(0.5)),
                   duration_text(m.values->quantile(0.9)), duration_text(m.values->quantile(0.99)),
                   duration_text(m.values->largest())});
  }
  return table.format(2);
}

std::string goodput_text(const SimulationQuestion& q, const ServiceReport& report) {
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

std::string totals_text(const SimulationQuestion& q, const ServiceReport& report) {
  const double span = report.span().base(), out = static_cast<double>(report.output_tokens());
  const Bill bill = make_bill(q, report);
  std::string text = fmt::format(
      "  throughput   {:.2f} requests/s, {:.0f} output tokens/s ({:.0f} an accelerator), {:.0f} prompt tokens/s\n",
      static_cast<double>(report.finished_count()) / span, out / span, out / span / q.accelerators,
      static_cast<double>(report.prompt_tokens()) / span);
  text += goodput_text(q, report);
  text += work_text(q.service.prefill ? "decoding" : "engine", report.work(false), span, q.service.pool.replicas);
  if (q.service.prefill) text += work_text("prefilling", report.work(true), span, q.service.prefill->replicas);
  const auto blocks = static_cast<double>(q.pool.spec.kv.blocks);
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

std::string tenants_text(const SimulationQuestion& q, const ServiceReport& report) {
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

}  // namespace

std::string format_service_text(const SimulationQuestion& q, const ServiceReport& report) {
  std::string text = heading(q);
  if (report.refused_count() > 0) {
    text += fmt::format("  {} requests were refused: longer than a replica's cache or step\n", report.refused_count());
  }
  if (report.finished_count() == 0) return text + "  no request was served\n";
  text += fmt::format("  {} requests in {}: {} tokens in and {} out on average\n\n", report.finished_count(),
                      format_quantity(report.span()), report.prompt_tokens() / report.finished_count(),
                      report.output_tokens() / report.finished_count());
  text += latency_text(report) + "\n" + totals_text(q, report) + tenants_text(q, report);
  text += "\n" + series_text(report);
  return text +
         "\nTTFT: time to the first token, waiting included. TPOT: mean time of each further token of a request, (E2E "
         "- "
         "TTFT) / (output tokens - 1).\nITL: gap between two tokens of a request, over all gaps. E2E: time to the last "
         "token. In queue: until its first step begins.\nGoodput: requests within every target. Waiting and running: "
         "requests of all replicas. Cache, busy: share of all replicas.\n";
}

namespace {

void write_work(JsonWriter& json, const char* key, const ServiceReport::Work& work, double engine_seconds) {
  json.key(key).begin_object();
  json.member("utilisation", work.busy().base() / engine_seconds);
  json.member("prompt_share", work.prompts.base() / engine_seconds);
  json.member("steps", work.steps).member("prompt_steps", work.prompt_steps);
  json.member("mean_batch", pool_share(work.decoding_steps, static_cast<double>(work.steps)));
  json.member("most_batch", work.most_decoding).end_object();
}

void write_series(JsonWriter& json, const ServiceReport& report) {
  const auto& s = report.series();
  const Duration each = report.span() / static_cast<double>(10 * kTimeRows);
  json.key("over_time").begin_array();
  for (int i = 0; i < 10 * kTimeRows; ++i) {
    const SimTime from = report.first_arrival() + i * each, to = from + each;
    json.begin_object().member("from_s", (i * each).base()).member("waiting", s.waiting.mean(from, to));
    json.member("running", s.running.mean(from, to)).member("cache_share", s.blocks.mean(from, to));
    json.member("utilisation", s.busy.mean(from, to)).member("prompt_tokens_per_s", s.prompts.mean(from, to));
    json.member("output_tokens_per_s", s.output.mean(from, to)).end_object();
  }
  json.end_array();
}

}  // namespace

std::string format_service_json(const SimulationQuestion& q, const ServiceReport& report) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("model", q.pool.replica.model->id);
  json.member("system", q.system->id).member("engine", q.engine.name).member("accelerators", q.accelerators);
  json.member("layout", format_layout(q.pool.replica.layout)).member("replicas", q.service.pool.replicas);
  if (q.service.prefill) {
    json.member("prefill_layout", format_layout(q.prefill.replica.layout));
    json.member("prefill_replicas", q.service.prefill->replicas);
  }
  json.member("cache_tokens", q.pool.spec.kv.blocks * q.pool.spec.kv.block_size);
  json.member("requests", report.finished_count()).member("refused", report.refused_count());
  if (report.finished_count() == 0) return json.end_object().text();
  const double span = report.span().base();
  json.member("duration_s", span).member("prompt_tokens", report.prompt_tokens());
  json.member("output_tokens", report.output_tokens()).member("cached_tokens", report.cached_tokens());
  json.member("preemptions", report.preemptions());
  json.key("latency_ms").begin_object();
  for (const Metric& m : metrics(report)) {
    json.key(m.key).begin_object().member("mean", 1e3 * m.values->mean()).member("p50", 1e3 * m.values->quantile(0.5));
    json.member("p90", 1e3 * m.values->quantile(0.9)).member("p99", 1e3 * m.values->quantile(0.99));
    json.member("most", 1e3 * m.values->largest()).end_object();
  }
  json.end_object();
  const auto finished = static_cast<double>(report.finished_count()), out = static_cast<double>(report.output_tokens());
  json.member("requests_per_s", finished / span).member("output_tokens_per_s", out / span);
  json.member("output_tokens_per_s_per_gpu", out / span / q.accelerators);
  json.member("goodput_requests_per_s", static_cast<double>(report.good_count()) / span);
  json.member("good_share", static_cast<double>(report.good_count()) / finished);
  write_work(json, "engine_work", report.work(false), span * q.service.pool.replicas);
  if (q.service.prefill) write_work(json, "prefill_work", report.work(true), span * q.service.prefill->replicas);
  json.member("cache_share_mean", report.series().blocks.mean(report.first_arrival(), report.end()));
  json.member("cache_share_most",
              static_cast<double>(report.most_blocks()) / static_cast<double>(q.pool.spec.kv.blocks));
  const Bill bill = make_bill(q, report);
  json.member("mean_power_w", bill.mean.base()).member("energy_j", bill.energy.base());
  json.member("energy_per_output_token_j", bill.energy.base() / out).member("cost_usd", bill.cost.base());
  json.member("cost_usd_per_h", bill.rate.base() * 3600);
  json.member("cost_usd_per_million_output_tokens", bill.cost.base() / out * 1e6);
  write_series(json, report);
  return json.end_object().text();
}

std::string request_csv_header() {
  return "request,tenant,session,turn,isl,osl,cached_tokens,preemptions,replica,arrival_s,scheduled_s,first_token_s,"
         "last_token_s,ttft_ms,tpot_ms,e2e_ms\n";
}

void append_request_csv(std::string& out, const IncomingRequest& request, const RequestRecord& r) {
  fmt::format_to(
      std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{:.9f},{:.9f},{:.9f},{:.9f},{:.6f},{:.6f},{:.6f}\n",
      request.number, request.tenant, request.session, request.turn, r.prompt_tokens, r.output_tokens, r.cached_tokens,
      r.preemptions, r.replica, r.arrival.seconds(), r.scheduled.seconds(), r.first_token.seconds(),
      r.last_token.seconds(), r.ttft().in(millisecond), r.tpot().in(millisecond), r.end_to_end().in(millisecond));
}

}  // namespace stargate
