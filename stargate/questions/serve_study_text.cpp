// The answer for people: sized, simulated, priced, and where the data was.
#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/serve_study_report.hpp"

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

std::string basis_text(const std::vector<SystemBasis>& bases) {
  std::string out;
  for (const auto& [system, basis] : bases) out += "\n" + system + "\n" + format_serving_basis(basis, "  ");
  return out;
}

}  // namespace

std::string format_service_study_text(const ServeStudyReport& report) {
  const ServiceStudySpec& study = report.study;
  const ServiceStudyAnswer& answer = report.answer;
  std::string text = fmt::format("{}: {} as {}, {} tenants, {} sites\n", study.name, study.model, study.stand_in,
                                 study.tenants.size(), study.sites.size());
  text += sizing_text(answer);
  if (!answer.served) return text + "\nNot simulated: a site cannot serve its tenants.\n" + basis_text(report.bases);
  text += format_fleet_load(find_fleet_load(answer.report));
  text += tenant_text(answer.report) + day_text(answer.report) + pool_text(answer);
  return text + money_text(study, answer) + residency_text(study, answer) + basis_text(report.bases);
}

}  // namespace stargate
