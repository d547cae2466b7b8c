// The same figures as the text, and all of them over time.
#include <fmt/format.h>

#include <iterator>

#include "stargate/questions/simulation_figures.hpp"

namespace stargate {
namespace {

constexpr int kTimes = 120;

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// `engine_seconds`: of all engines together, span times replicas.
void write_work(JsonWriter& json, const char* key, const ServiceReport::Work& work, double engine_seconds) {
  json.key(key).begin_object();
  json.member("utilisation", work.busy().base() / engine_seconds);
  json.member("prompt_share", work.prompts.base() / engine_seconds);
  json.member("steps", work.steps).member("prompt_steps", work.prompt_steps);
  json.member("mean_batch", share_of(work.decoding_steps, static_cast<double>(work.steps)));
  json.member("most_batch", work.most_decoding).end_object();
}

void write_series(JsonWriter& json, const ServiceReport& report) {
  const auto& s = report.series();
  const Duration each = report.span() / static_cast<double>(kTimes);
  json.key("over_time").begin_array();
  for (int i = 0; i < kTimes; ++i) {
    const SimTime from = report.first_arrival() + i * each, to = from + each;
    json.begin_object().member("from_s", (i * each).base()).member("waiting", s.waiting.mean(from, to));
    json.member("running", s.running.mean(from, to)).member("cache_share", s.blocks.mean(from, to));
    json.member("utilisation", s.busy.mean(from, to)).member("prompt_tokens_per_s", s.prompts.mean(from, to));
    json.member("output_tokens_per_s", s.output.mean(from, to)).end_object();
  }
  json.end_array();
}

void write_load(JsonWriter& json, const LoadFinding& load) {
  if (load.offered <= 0) return;
  json.member("offered_requests_per_s", load.offered).member("overloaded", load.overloaded);
  json.member("in_flight_growth_per_s", load.growth).member("too_short_to_be_steady", load.too_short);
}

}  // namespace

void write_simulation(JsonWriter& json, const SimulationReport& answer) {
  const Simulation& q = *answer.simulation;
  const ServiceReport& report = answer.report;
  json.member("schema_version", 1).member("fits", true).member("model", q.pool.replica.model->id);
  json.member("system", q.system->id).member("accelerators", q.accelerators);
  write_serving_basis(json, answer.basis);
  json.member("layout", format_layout(q.pool.replica.layout)).member("replicas", q.service.pool.replicas);
  if (q.service.prefill) {
    json.member("prefill_layout", format_layout(q.prefill.replica.layout));
    json.member("prefill_replicas", q.service.prefill->replicas);
  }
  json.key("slower_engines").begin_array();
  for (const auto& name : q.slower_engines) json.value(name);
  json.end_array();
  json.key("refusing_engines").begin_array();
  for (const auto& engine : q.refusing_engines) json.value(engine);
  json.end_array();
  const CacheCapacity cache = cache_capacity(q.pool);
  json.member("cache_tokens", cache.replica).member("cache_tokens_per_rank", cache.group);
  write_serving_memory(json, serving_memory(q.pool.replica, q.engine.max_model_len));
  json.member("requests", report.finished_count()).member("refused", report.refused_count());
  if (answer.longest_refused > 0) {
    json.member("longest_refused_tokens", answer.longest_refused);
    json.member("missing_bytes", answer.refused_missing().base());
  }
  if (report.finished_count() == 0) return;
  const double span = report.span().base();
  json.member("duration_s", span).member("prompt_tokens", report.prompt_tokens());
  json.member("output_tokens", report.output_tokens()).member("cached_tokens", report.cached_tokens());
  json.member("preemptions", report.preemptions());
  write_load(json, answer.load);
  json.key("latency_ms").begin_object();
  for (const LatencyMetric& m : latency_metrics(report)) {
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
              static_cast<double>(report.most_blocks()) / static_cast<double>(q.pool.spec.all_blocks()));
  const ServiceBill bill = make_bill(q, report);
  json.member("mean_power_w", bill.mean.base()).member("energy_j", bill.energy.base());
  json.member("energy_per_output_token_j", bill.energy.base() / out).member("cost_usd", bill.cost.base());
  json.member("cost_usd_per_h", bill.rate.base() * 3600);
  json.member("cost_usd_per_million_output_tokens", bill.cost.base() / out * 1e6);
  write_series(json, report);
}

const AnswerFields& simulation_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields f{
        {"fits", "boolean", "Whether a replica holds the model and one sequence; else only missing_bytes follow"},
        {"model", "text", "Its id, or its path"},
        {"system", "text", "Id"},
        {"missing_bytes", "number", "Of one accelerator, where it does not fit"},
        {"usable_bytes", "number", "Of one accelerator, where it does not fit"},
        {"accelerators", "integer", "Of all replicas"},
        {"layout", "text", "Of a replica; disaggregated, of one that decodes"},
        {"replicas", "integer", "Disaggregated: those that decode"},
        {"prefill_layout", "text", "Of a replica that prefills"},
        {"prefill_replicas", "integer", "Those that prefill"},
        {"refusing_engines[]", "text", "That take no request as long as the longest, and why"},
        {"slower_engines[]", "text", "That were left for the answer's, by an estimate without simulation"},
        {"cache_tokens", "number", "That a replica's cache holds"},
        {"cache_tokens_per_rank", "number", "That one attention group of it holds: no request has more"},
        {"requests", "integer", "Served"},
        {"refused", "integer", "Longer than the cache or a step"},
        {"longest_refused_tokens", "integer", "Of them; missing_bytes is what its rank lacks for it"},
        {"duration_s", "number", "From the first arrival to the last token"},
        {"prompt_tokens", "integer", "In all"},
        {"output_tokens", "integer", "In all"},
        {"cached_tokens", "integer", "Of the prompts, found in a cache"},
        {"preemptions", "integer", "Of running requests"},
        {"offered_requests_per_s", "number", "Of an open loop: as they came"},
        {"overloaded", "boolean", "Whether the requests in flight grew as long as requests came"},
        {"in_flight_growth_per_s", "number", "By so many a second"},
        {"too_short_to_be_steady", "boolean", "The traffic ended before twice a request's mean time"},
        {"requests_per_s", "number", "Served, over the whole duration"},
        {"output_tokens_per_s", "number", "Of all replicas"},
        {"output_tokens_per_s_per_gpu", "number", "Over all accelerators"},
        {"goodput_requests_per_s", "number", "Requests within every target"},
        {"good_share", "number", "The same as a share of the requests"},
        {"cache_share_mean", "number", "Of the blocks, over time"},
        {"cache_share_most", "number", "Of one replica's blocks"},
        {"mean_power_w", "number", "At the plug"},
        {"energy_j", "number", "At the plug"},
        {"energy_per_output_token_j", "number", "At the plug"},
        {"cost_usd", "number", "Of the accelerators over the duration"},
        {"cost_usd_per_h", "number", "Of all accelerators"},
        {"cost_usd_per_million_output_tokens", "number", "Of the accelerators"}};
    for (const char* metric : {"ttft", "tpot", "itl", "e2e", "queue"}) {
      for (const char* figure : {"mean", "p50", "p90", "p99", "most"}) {
        f.push_back({fmt::format("latency_ms/{}/{}", metric, figure), "number", "Milliseconds, over requests"});
      }
    }
    for (const char* work : {"engine_work", "prefill_work"}) {
      const AnswerFields parts{{"utilisation", "number", "Share of the time in steps"},
                               {"prompt_share", "number", "Share of the time in steps with prompts"},
                               {"steps", "integer", "Of all engines"},
                               {"prompt_steps", "integer", "With prompts"},
                               {"mean_batch", "number", "Sequences decoding in a step"},
                               {"most_batch", "integer", "Sequences decoding in a step, at most"}};
      add_answer_fields(f, std::string(work) + "/", parts);
    }
    for (const char* series :
         {"from_s", "waiting", "running", "cache_share", "utilisation", "prompt_tokens_per_s", "output_tokens_per_s"}) {
      f.push_back({std::string("over_time[]/") + series, "number", "Mean of a 120th of the duration"});
    }
    add_answer_fields(f, "", serving_memory_fields());
    add_answer_fields(f, "", serving_basis_fields());
    return f;
  }();
  return fields;
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
