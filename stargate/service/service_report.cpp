// The answer for a terminal: sized, simulated, priced, and where the data was.
#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/service/service_study.hpp"

namespace stargate {
namespace {

constexpr double kMillion = 1e6;

std::string milliseconds(double seconds) { return fmt::format("{:.0f}", seconds * 1e3); }
std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }
double ratio(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string sizing_text(const ServiceStudyAnswer& answer) {
  TextTable table({{"site", Align::left},
                   {"system", Align::left},
                   {"replicas at the peak", Align::left},
                   {"GPUs"},
                   {"req/s"},
                   {"isl"},
                   {"osl"},
                   {"cached"},
                   {"TTFT"},
                   {"TPOT"},
                   {"tok/s each"},
                   {"headroom"},
                   {"$/Mtok"}});
  std::string faults;
  for (const auto& s : answer.sites) {
    if (s.tenants.empty()) {
      table.add_row({s.site, s.system, "nearest to no tenant"});
      continue;
    }
    if (!s.sized) {
      table.add_row({s.site, s.system, "cannot serve it"});
      faults += fmt::format("  {}: {}\n", s.site, s.why_not);
      continue;
    }
    const SizedFleet& f = *s.sized;
    table.add_row({s.site, s.system, format_deployment(f.deployment), std::to_string(f.deployment.accelerators()),
                   fmt::format("{:.1f}", s.peak_rate), fmt::format("{:.0f}", s.workload.isl),
                   fmt::format("{:.0f}", s.workload.osl), percent(s.workload.cached_share),
                   format_quantity(f.at_load.ttft), format_quantity(f.at_load.tpot),
                   fmt::format("{:.0f}", f.output_per_accelerator), percent(f.headroom),
                   fmt::format("{:.2f}", s.economy.per_token.base() * kMillion)});
  }
  return "\nSized for the peak of the mean rates (req/s; $/Mtok of output, everything busy)\n" + table.format(2) +
         faults;
}

std::string tenant_text(const FleetReport& report) {
  TextTable table({{"tenant", Align::left},
                   {"requests"},
                   {"answered"},
                   {"cached"},
                   {"TTFT ms"},
                   {"p50"},
                   {"p90"},
                   {"p99"},
                   {"TPOT ms"},
                   {"p99"},
                   {"E2E s"},
                   {"p99"},
                   {"goodput"}});
  const auto add = [&](const TenantReport& t) {
    table.add_row({t.name, std::to_string(t.arrived), percent(ratio(t.answered(), t.arrived)),
                   percent(ratio(t.cached_tokens, t.prompt_tokens)), milliseconds(t.ttft.mean()),
                   milliseconds(t.ttft.quantile(0.5)), milliseconds(t.ttft.quantile(0.9)),
                   milliseconds(t.ttft.quantile(0.99)), fmt::format("{:.1f}", t.tpot.mean() * 1e3),
                   fmt::format("{:.1f}", t.tpot.quantile(0.99) * 1e3), fmt::format("{:.1f}", t.end_to_end.mean()),
                   fmt::format("{:.1f}", t.end_to_end.quantile(0.99)), percent(ratio(t.met_targets, t.arrived))});
  };
  for (const auto& tenant : report.tenants) add(tenant);
  table.add_rule();
  add(report.all());
  return "\nSimulated: latencies as users see them, network included; goodput: answered inside both targets\n" +
         table.format(2);
}

std::string day_text(const FleetReport& report) {
  constexpr std::size_t kRows = 12;
  TextTable table({{"until h"},
                   {"req/s"},
                   {"in flight"},
                   {"waiting"},
                   {"replicas ready"},
                   {"busy"},
                   {"KV used"},
                   {"power kW"},
                   {"output tok/s"}});
  const auto& samples = report.samples;
  const std::size_t step = std::max<std::size_t>(1, samples.size() / kRows);
  SimTime before;
  for (std::size_t i = step - 1; i < samples.size(); i += step) {
    std::int64_t arrived = 0, tokens = 0;
    double busy = 0, power = 0;
    for (std::size_t j = i + 1 - step; j <= i; ++j) {
      arrived += samples[j].arrived, tokens += samples[j].output_tokens;
      busy += samples[j].utilisation / static_cast<double>(step);
      power += samples[j].power.in(kilowatt) / static_cast<double>(step);
    }
    const FleetSample& s = samples[i];
    const double span = (s.end - before).in(second);
    before = s.end;
    table.add_row({fmt::format("{:.1f}", s.end.seconds() / 3600),
                   fmt::format("{:.1f}", static_cast<double>(arrived) / span), std::to_string(s.in_flight),
                   std::to_string(s.held), fmt::format("{} of {}", s.ready, s.paid), percent(busy), percent(s.kv_share),
                   fmt::format("{:.0f}", power), fmt::format("{:.0f}", static_cast<double>(tokens) / span)});
  }
  return "\nOver the day (in flight, waiting, replicas and KV at the end of each part)\n" + table.format(2);
}

std::string pool_text(const ServiceStudyAnswer& answer) {
  TextTable table({{"pool", Align::left},
                   {"most ready"},
                   {"replica hours"},
                   {"running"},
                   {"busy"},
                   {"failures"},
                   {"starts"},
                   {"most KV"},
                   {"MWh"},
                   {"cost k$"}});
  for (const auto& p : answer.report.pools) {
    const auto& t = p.totals;
    table.add_row({p.name, std::to_string(p.most_ready), fmt::format("{:.0f}", static_cast<double>(t.paid_ns) / 3.6e12),
                   percent(ratio(t.running_ns, t.paid_ns)), percent(p.utilisation()), std::to_string(t.failures),
                   std::to_string(t.starts), percent(ratio(t.most_blocks, p.blocks)),
                   fmt::format("{:.2f}", p.energy.in(megawatt_hour)), fmt::format("{:.2f}", p.cost.base() / 1e3)});
  }
  return "\nMachines\n" + table.format(2);
}

std::string money_text(const ServiceStudySpec& study, const ServiceStudyAnswer& answer) {
  TextTable table({{"tenant", Align::left},
                   {"seats"},
                   {"Mtok a day"},
                   {"cost $ a day"},
                   {"$ a seat and month"},
                   {"$/Mtok"},
                   {"revenue $ a day"},
                   {"margin"}});
  Money cost, revenue;
  for (std::size_t t = 0; t < answer.tenants.size(); ++t) {
    const auto& money = answer.tenants[t];
    const auto& report = answer.report.tenants[t];
    const double tokens = static_cast<double>(report.prompt_tokens + report.output_tokens) / study.duration.in(day);
    const bool paid = money.revenue_per_day.base() > 0;
    cost += money.cost_per_day, revenue += money.revenue_per_day;
    table.add_row({report.name, fmt::format("{:.0f}", money.seats), fmt::format("{:.0f}", tokens / kMillion),
                   fmt::format("{:.0f}", money.cost_per_day.base()),
                   fmt::format("{:.2f}", money.cost_per_seat_month.base()),
                   fmt::format("{:.3f}", money.cost_per_token.base() * kMillion),
                   paid ? fmt::format("{:.0f}", money.revenue_per_day.base()) : "-",
                   paid ? percent(1 - money.cost_per_day / money.revenue_per_day) : "-"});
  }
  const TenantReport all = answer.report.all();
  const double out = static_cast<double>(all.output_tokens);
  return "\nPriced (machines with power and upkeep; $/Mtok of prompt and output together)\n" + table.format(2) +
         fmt::format(
             "  all: {:.0f} $ a day, {:.0f} $ revenue; {:.2f} $ and {:.2f} J for a million and for one output token\n",
             cost.base(), revenue.base(), answer.report.cost().base() / out * kMillion,
             answer.report.energy().base() / out);
}

std::string residency_text(const ServiceStudySpec& study, const ServiceStudyAnswer& answer) {
  const auto& regions = answer.fleet.regions;
  std::vector<Column> columns{{"tenant", Align::left}, {"may be in", Align::left}};
  std::vector<std::size_t> shown;
  for (std::size_t r = 0; r < regions.size(); ++r) {
    if (regions[r].country.empty()) continue;
    shown.push_back(r);
    columns.push_back({regions[r].name + ", " + regions[r].country});
  }
  TextTable table(columns);
  for (std::size_t t = 0; t < study.tenants.size(); ++t) {
    std::string where;
    for (const auto& country : study.tenants[t].residency) where += (where.empty() ? "" : ", ") + country;
    std::vector<std::string> row{answer.report.tenants[t].name, where.empty() ? "anywhere" : where};
    for (const auto r : shown) row.push_back(std::to_string(answer.report.tenants[t].by_region[r]));
    table.add_row(row);
  }
  return "\nWhere requests were answered\n" + table.format(2);
}

}  // namespace

std::string format_service_report(const ServiceStudySpec& study, const ServiceStudyAnswer& answer) {
  std::string text = fmt::format("{}: {} as {}, {} tenants, {} sites\n", study.name, study.model, study.stand_in,
                                 study.tenants.size(), study.sites.size());
  text += sizing_text(answer);
  if (!answer.served) return text + "\nNot simulated: a site cannot serve its tenants.\n";
  text += tenant_text(answer.report) + day_text(answer.report) + pool_text(answer);
  return text + money_text(study, answer) + residency_text(study, answer);
}

namespace {

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

std::string format_service_json(const ServiceStudySpec& study, const ServiceStudyAnswer& answer) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("study", study.name).member("model", study.model);
  json.member("served", answer.served);
  write_sites(json, answer);
  if (answer.served) {
    write_tenants(json, study, answer);
    write_samples(json, answer.report);
    json.member("cost_usd", answer.report.cost().base()).member("energy_j", answer.report.energy().base());
  }
  return json.end_object().text();
}

}  // namespace stargate
