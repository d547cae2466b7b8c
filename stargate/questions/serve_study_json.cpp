// The same as JSON, with the whole day.
#include <algorithm>

#include "stargate/questions/serve_study_report.hpp"

namespace stargate {
namespace {

constexpr double kMillion = 1e6;

void write_latency(JsonWriter& json, const char* name, const Histogram& h) {
  json.key(name).begin_object().member("mean", h.mean() * 1e3).member("p50", h.quantile(0.5) * 1e3);
  json.member("p90", h.quantile(0.9) * 1e3).member("p99", h.quantile(0.99) * 1e3).end_object();
}

void write_sites(JsonWriter& json, const ServiceStudyAnswer& answer) {
  json.key("sites").begin_array();
  for (const auto& s : answer.sites) {
    json.begin_object().member("site", s.site).member("system", s.system).member("country", s.country);
    json.member("peak_requests_per_s", s.peak_rate).member("meets_targets", s.sized.has_value());
    if (s.sized) {
      json.member("deployment", format_deployment(s.sized->deployment));
      json.member("accelerators", s.sized->deployment.accelerators())
          .member("capacity_requests_per_s", s.sized->capacity);
      json.member("ttft_ms", s.sized->at_load.ttft.in(millisecond))
          .member("tpot_ms", s.sized->at_load.tpot.in(millisecond));
    } else if (!s.why_not.empty()) {
      json.member("why", s.why_not);
    }
    json.end_object();
  }
  json.end_array();
}

void write_tenants(JsonWriter& json, const ServiceStudySpec& study, const ServiceStudyAnswer& answer) {
  json.key("tenants").begin_array();
  for (std::size_t t = 0; t < answer.tenants.size(); ++t) {
    const TenantReport& r = answer.report.tenants[t];
    const auto& money = answer.tenants[t];
    json.begin_object().member("tenant", study.tenants[t].tenant).member("arrived", r.arrived);
    for (int i = 0; i < kRequestOutcomeCount; ++i) {
      std::string name = request_outcome_name(static_cast<RequestOutcome>(i));
      std::replace(name.begin(), name.end(), ' ', '_');
      json.member(name, r.left[i]);
    }
    json.member("retried", r.retried).member("met_targets", r.met_targets).member("prompt_tokens", r.prompt_tokens);
    json.member("output_tokens", r.output_tokens).member("cached_tokens", r.cached_tokens);
    write_latency(json, "ttft_ms", r.ttft), write_latency(json, "tpot_ms", r.tpot);
    write_latency(json, "e2e_ms", r.end_to_end);
    json.member("cost_usd_per_day", money.cost_per_day.base());
    json.member("cost_usd_per_seat_month", money.cost_per_seat_month.base());
    json.member("cost_usd_per_million_tokens", money.cost_per_token.base() * kMillion);
    json.member("revenue_usd_per_day", money.revenue_per_day.base());
    json.key("answered_in").begin_object();
    for (std::size_t region = 0; region < r.by_region.size(); ++region) {
      if (r.by_region[region] > 0) json.member(answer.fleet.regions[region].name, r.by_region[region]);
    }
    json.end_object().end_object();
  }
  json.end_array();
}

void write_samples(JsonWriter& json, const FleetReport& report) {
  json.key("series").begin_array();
  for (const auto& s : report.samples) {
    json.begin_object().member("end_s", s.end.seconds()).member("arrived", s.arrived).member("answered", s.answered);
    json.member("in_flight", s.in_flight).member("held", s.held).member("replicas_ready", s.ready);
    json.member("utilisation", s.utilisation).member("kv_share", s.kv_share).member("power_w", s.power.base());
    json.member("output_tokens", s.output_tokens).end_object();
  }
  json.end_array();
}

}  // namespace

void write_service_study(JsonWriter& json, const ServeStudyReport& report) {
  const ServiceStudySpec& study = report.study;
  const ServiceStudyAnswer& answer = report.answer;
  json.member("schema_version", 1).member("study", study.name).member("model", study.model);
  json.member("served", answer.served).key("systems").begin_array();
  for (const auto& [system, basis] : report.bases) {
    json.begin_object().member("system", system);
    write_serving_basis(json, basis);
    json.end_object();
  }
  json.end_array();
  write_sites(json, answer);
  if (answer.served) {
    const FleetLoad load = find_fleet_load(answer.report);
    json.member("overloaded", load.overloaded()).member("in_flight_growth_per_s", load.growth);
    json.member("refused_at_gateway", load.refused);
    write_tenants(json, study, answer);
    write_samples(json, answer.report);
    json.member("cost_usd", answer.report.cost().base()).member("energy_j", answer.report.energy().base());
  }
}

const AnswerFields& service_study_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields f{{"study", "text", "Its name"},
                   {"model", "text", "That tenants ask for"},
                   {"served", "boolean", "Whether every site could be sized; else nothing was simulated"},
                   {"overloaded", "boolean", "Whether at some time of the day more came than was served"},
                   {"in_flight_growth_per_s", "number", "Then, of the requests in flight"},
                   {"refused_at_gateway", "integer", "Requests, as too many waited"},
                   {"systems[]/system", "text", "Id"},
                   {"sites[]/site", "text", "Id"},
                   {"sites[]/system", "text", "Id"},
                   {"sites[]/country", "text", "Where the data is"},
                   {"sites[]/peak_requests_per_s", "number", "Of the tenants nearest to it, mean"},
                   {"sites[]/meets_targets", "boolean", "Whether it could be sized"},
                   {"sites[]/deployment", "text", "Replicas and layouts at the peak"},
                   {"sites[]/accelerators", "integer", "At the peak"},
                   {"sites[]/capacity_requests_per_s", "number", "The most within the targets"},
                   {"sites[]/ttft_ms", "number", "At the peak, as the target counts it"},
                   {"sites[]/tpot_ms", "number", "At the peak, as the target counts it"},
                   {"sites[]/why", "text", "Why it could not be sized"},
                   {"tenants[]/tenant", "text", "Id"},
                   {"tenants[]/cost_usd_per_day", "number", "Of its share of the machines"},
                   {"tenants[]/cost_usd_per_seat_month", "number", "Of its share of the machines"},
                   {"tenants[]/cost_usd_per_million_tokens", "number", "Of prompt and output tokens together"},
                   {"tenants[]/revenue_usd_per_day", "number", "At its price"},
                   {"tenants[]/answered_in/*", "integer", "Requests, by region"},
                   {"tenants[]/arrived", "integer", "Requests"},
                   {"tenants[]/retried", "integer", "Requests sent again"},
                   {"tenants[]/met_targets", "integer", "Requests"},
                   {"tenants[]/prompt_tokens", "integer", "In all"},
                   {"tenants[]/output_tokens", "integer", "In all"},
                   {"tenants[]/cached_tokens", "integer", "Of the prompts"},
                   {"cost_usd", "number", "Of the day"},
                   {"energy_j", "number", "Of the day"}};
    for (int i = 0; i < kRequestOutcomeCount; ++i) {
      std::string name = request_outcome_name(static_cast<RequestOutcome>(i));
      std::replace(name.begin(), name.end(), ' ', '_');
      f.push_back({"tenants[]/" + name, "integer", "Requests that left so"});
    }
    for (const char* metric : {"ttft_ms", "tpot_ms", "e2e_ms"}) {
      for (const char* figure : {"mean", "p50", "p90", "p99"}) {
        f.push_back({std::string("tenants[]/") + metric + "/" + figure, "number", "Milliseconds, over requests"});
      }
    }
    for (const char* count : {"arrived", "answered", "in_flight", "held", "replicas_ready", "output_tokens"}) {
      f.push_back({std::string("series[]/") + count, "number", "Of a part of the day"});
    }
    for (const char* figure : {"end_s", "utilisation", "kv_share", "power_w"}) {
      f.push_back({std::string("series[]/") + figure, "number", "Of a part of the day"});
    }
    add_answer_fields(f, "systems[]/", serving_basis_fields());
    return f;
  }();
  return fields;
}

}  // namespace stargate
