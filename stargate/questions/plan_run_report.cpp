// Tables of services by quarter, of sites, of the margin.
#include "stargate/questions/plan_run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/plan_study.hpp"

namespace stargate {
namespace {

constexpr double kQuarterSeconds = 3600.0 * kQuarterHours;
constexpr double kQuarterDays = kQuarterHours / 24.0;

/// Numbers without a minus before zero.
std::string fixed(double value, int digits) {
  const double step = std::pow(10.0, -digits);
  return fmt::format("{:.{}f}", std::abs(value) < 0.5 * step ? 0.0 : value, digits);
}
std::string percent_of(double part, double whole) { return whole > 0 ? fixed(100 * part / whole, 2) : "-"; }
std::string rate_text(double mtok) {
  const double rate = mtok / kQuarterSeconds;
  return fixed(rate, rate >= 100 ? 0 : rate >= 1 ? 2 : 3);
}
std::string billions(double dollars) { return fixed(dollars * 1e-9, 2); }

std::vector<std::string> cause_cells(const RunMissing& missing, double promised) {
  return {percent_of(missing.peak, promised), percent_of(missing.reach, promised),
          percent_of(missing.failures, promised), percent_of(missing.late, promised)};
}
void append(std::vector<std::string>& row, const std::vector<std::string>& cells) {
  row.insert(row.end(), cells.begin(), cells.end());
}

std::string hour_text(int hour_of_week) {
  constexpr std::array days{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  return fmt::format("{} {}:00", days[static_cast<std::size_t>(hour_of_week / 24)], hour_of_week % 24);
}

std::string summary_text(const RunAnswer& a) {
  TextTable table({{"service", Align::left}, {"promised"}, {"delivered"}, {"missing %"}, {"peak"}, {"reach"},
                   {"failures"}, {"late"}, {"M$ missing"}});
  for (std::size_t k = 0; k < a.services.size(); ++k) {
    const RunSummary s = summary_of(a.quarters, k);
    std::vector<std::string> row{a.services[k], fixed(s.promised * 1e-6, 1), fixed(s.delivered * 1e-6, 1),
                                 percent_of(s.missing.total(), s.promised)};
    append(row, cause_cells(s.missing, s.promised));
    row.push_back(fixed(s.missing_usd * 1e-6, 0));
    table.add_row(row);
  }
  return "\nAll quarters, Ttok; what is missing by cause, % of what is promised (below zero: more than without it)\n" +
         table.format(2);
}

std::string worst_text(const RunAnswer& a, std::size_t k) {
  double most = 0;
  const RunQuarter* quarter = nullptr;
  for (const RunQuarter& q : a.quarters) {
    if (q.services[k].lost > most && q.services[k].worst_users >= 0) most = q.services[k].lost, quarter = &q;
  }
  if (quarter == nullptr) return {};
  const RunServiceQuarter& s = quarter->services[k];
  const std::string& where = a.users[k][static_cast<std::size_t>(s.worst_users)];
  return fmt::format("  most is lost in {}, at its worst {} by users in {}\n", format_quarter(quarter->quarter),
                     hour_text(s.worst_hour), where == "all" ? "all regions" : where);
}

std::string service_text(const RunAnswer& a, std::size_t k) {
  const bool trains = a.trains[k];
  TextTable table({{"quarter", Align::left}, {"promised"}, {"delivered"}, {"1 in 10"}, {"missing %"}, {"peak"},
                   {"reach"}, {"failures"}, {"late"}, {trains ? "days" : "hours short"}});
  for (const RunQuarter& q : a.quarters) {
    const RunServiceQuarter& s = q.services[k];
    if (!(s.promised > 0)) continue;
    std::vector<std::string> row{format_quarter(q.quarter), rate_text(s.promised), rate_text(s.delivered),
                                 rate_text(s.low), percent_of(s.missing.total(), s.promised)};
    append(row, cause_cells(s.missing, s.promised));
    const double days = s.capacity > 0 ? kQuarterDays * s.promised / s.capacity : 0;
    row.push_back(trains ? (s.capacity > 0 ? fixed(days, 1) : "-") : fixed(s.hours_short, 0));
    table.add_row(row);
  }
  if (table.row_count() == 0) return {};
  const std::string what = trains ? "days: for the tokens of the quarter's 91.25"
                                  : "1 in 10: at most so much in one draw of ten";
  return fmt::format("\n{}, Mtok/s; {}\n", a.services[k], what) + table.format(2) + worst_text(a, k);
}

std::string power_text(const RunAnswer& a) {
  TextTable table({{"quarter", Align::left}, {"GWh"}, {"planned"}, {"peak MW"}, {"energised"},
                   {"fullest site", Align::left}, {"%"}});
  for (const RunQuarter& q : a.quarters) {
    double energy = 0, planned = 0, peak = 0, limit = 0, fullest = 0;
    std::string site = "-";
    for (std::size_t s = 0; s < q.sites.size(); ++s) {
      energy += q.sites[s].energy_mwh, planned += q.sites[s].planned_mwh;
      peak += q.sites[s].peak_mw, limit += q.sites[s].limit_mw;
      if (!(q.sites[s].limit_mw > 0) || q.sites[s].peak_mw / q.sites[s].limit_mw <= fullest) continue;
      fullest = q.sites[s].peak_mw / q.sites[s].limit_mw, site = a.sites[s];
    }
    table.add_row({format_quarter(q.quarter), fixed(energy * 1e-3, 0), fixed(planned * 1e-3, 0), fixed(peak, 0),
                   fixed(limit, 0), site, fixed(100 * fullest, 1)});
  }
  return "\nEnergy and power at the meter; peaks of the sites' own hours, over all draws\n" + table.format(2);
}

std::string margin_text(const RunAnswer& a) {
  const RunMargin& m = *a.margin;
  TextTable table({{"service", Align::left}, {"margin %"}, {"missing before"}, {"after"}, {"promised before"},
                   {"after"}});
  for (std::size_t k = 0; k < a.services.size(); ++k) {
    const RunSummary before = summary_of(a.quarters, k), after = summary_of(m.quarters, k);
    table.add_row({a.services[k], fixed(100 * m.margins[k], 2), percent_of(before.missing.total(), before.promised),
                   percent_of(after.missing.total(), after.promised), fixed(before.promised * 1e-6, 1),
                   fixed(after.promised * 1e-6, 1)});
  }
  std::string out = fmt::format("\nMargins of capacity, plans made again: {}; {}\n", m.plans,
                                m.closed ? "peaks and failures then take nothing, within the tolerance"
                                         : "not all that peaks and failures take is mended");
  out += table.format(2);
  out += fmt::format("  the plan is worth {} B$ without and {} B$ with them: they cost {} B$\n", billions(a.value),
                     billions(m.value), billions(a.value - m.value));
  return out + "  to keep one, write it as `margin` of the service in " + a.file + "\n";
}

double missing_share(double part, double whole) { return whole > 0 ? part / whole : 0; }

void write_missing(JsonWriter& json, const RunMissing& missing) {
  json.member("missing_tokens", 1e6 * missing.total()).member("peak_tokens", 1e6 * missing.peak);
  json.member("reach_tokens", 1e6 * missing.reach).member("failures_tokens", 1e6 * missing.failures);
  json.member("late_tokens", 1e6 * missing.late);
}

void write_quarters(JsonWriter& json, const RunAnswer& a, const std::vector<RunQuarter>& quarters, std::size_t k) {
  json.key("quarters").begin_array();
  for (const RunQuarter& q : quarters) {
    const RunServiceQuarter& s = q.services[k];
    json.begin_object().member("quarter", format_quarter(q.quarter)).member("promised_tokens", 1e6 * s.promised);
    json.member("delivered_tokens", 1e6 * s.delivered).member("one_in_ten_tokens", 1e6 * s.low);
    json.member("lost_tokens", 1e6 * s.lost).member("waiting_tokens", 1e6 * s.waiting);
    write_missing(json, s.missing);
    json.member("missing_share", missing_share(s.missing.total(), s.promised)).member("hours_short", s.hours_short);
    json.member("capacity_tokens", 1e6 * s.capacity).member("lost_usd", s.missing_usd);
    if (s.worst_users >= 0) {
      json.member("worst_region", a.users[k][static_cast<std::size_t>(s.worst_users)]);
      json.member("worst_hour", s.worst_hour);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace

RunSummary summary_of(const std::vector<RunQuarter>& quarters, std::size_t service) {
  RunSummary out;
  for (const RunQuarter& q : quarters) {
    const RunServiceQuarter& s = q.services[service];
    out.promised += s.promised, out.delivered += s.delivered, out.low += s.low, out.missing_usd += s.missing_usd;
    out.missing.peak += s.missing.peak, out.missing.reach += s.missing.reach;
    out.missing.failures += s.missing.failures, out.missing.late += s.missing.late;
  }
  return out;
}

std::string run_text(const RunAnswer& a) {
  double promised = 0, delivered = 0;
  for (std::size_t k = 0; k < a.services.size(); ++k) {
    const RunSummary s = summary_of(a.quarters, k);
    promised += s.promised, delivered += s.delivered;
  }
  std::string out = fmt::format("{}: the plan run hour by hour, {} draws\n", a.study, a.draws);
  out += fmt::format("  promised {} Ttok, delivered {}: {} % are missing\n", fixed(promised * 1e-6, 1),
                     fixed(delivered * 1e-6, 1),
                     percent_of(promised - delivered, promised));
  out += summary_text(a);
  for (std::size_t k = 0; k < a.services.size(); ++k) out += service_text(a, k);
  out += power_text(a);
  if (a.margin) out += margin_text(a);
  return out;
}

void write_run(JsonWriter& json, const RunAnswer& a) {
  json.member("schema_version", 1).member("study", a.study).member("draws", a.draws).member("value_usd", a.value);
  json.key("services").begin_array();
  for (std::size_t k = 0; k < a.services.size(); ++k) {
    const RunSummary s = summary_of(a.quarters, k);
    json.begin_object().member("service", a.services[k]).member("promised_tokens", 1e6 * s.promised);
    json.member("delivered_tokens", 1e6 * s.delivered).member("lost_usd", s.missing_usd);
    write_missing(json, s.missing);
    json.member("missing_share", missing_share(s.missing.total(), s.promised));
    write_quarters(json, a, a.quarters, k);
    json.end_object();
  }
  json.end_array().key("sites").begin_array();
  for (std::size_t s = 0; s < a.sites.size(); ++s) {
    json.begin_object().member("site", a.sites[s]).key("quarters").begin_array();
    for (const RunQuarter& q : a.quarters) {
      const RunSiteQuarter& site = q.sites[s];
      json.begin_object().member("quarter", format_quarter(q.quarter)).member("energy_mwh", site.energy_mwh);
      json.member("planned_energy_mwh", site.planned_mwh).member("peak_mw", site.peak_mw);
      json.member("energised_mw", site.limit_mw).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  if (!a.margin) return;
  json.key("margin").begin_object().member("value_usd", a.margin->value).member("closed", a.margin->closed);
  json.member("plans", a.margin->plans).key("services").begin_array();
  for (std::size_t k = 0; k < a.services.size(); ++k) {
    const RunSummary s = summary_of(a.margin->quarters, k);
    json.begin_object().member("service", a.services[k]).member("margin", a.margin->margins[k]);
    json.member("promised_tokens", 1e6 * s.promised).member("delivered_tokens", 1e6 * s.delivered);
    json.member("missing_share", missing_share(s.missing.total(), s.promised)).end_object();
  }
  json.end_array().end_object();
}

AnswerFields run_answer_fields() {
  AnswerFields out{{"study", "text", "Its name"},
                   {"draws", "integer", "Ways that machines come late and leave"},
                   {"value_usd", "number", "Present value of the plan"},
                   {"services[]/service", "text", "Id"}};
  const AnswerFields tokens{{"promised_tokens", "number", "By the plan"},
                            {"delivered_tokens", "number", "Mean over the draws"},
                            {"lost_usd", "number", "What customers would have paid for what is lost"},
                            {"missing_tokens", "number", "Promised less delivered"},
                            {"peak_tokens", "number", "Of it, by the peak of the week"},
                            {"reach_tokens", "number", "By country or distance"},
                            {"failures_tokens", "number", "By machines away and restarts, otherwise than planned"},
                            {"late_tokens", "number", "By machines that came late"},
                            {"missing_share", "number", "Missing over promised"}};
  add_answer_fields(out, "services[]/", tokens);
  out.push_back({"services[]/quarters[]/quarter", "text", "2027Q1"});
  add_answer_fields(out, "services[]/quarters[]/", tokens);
  const AnswerFields more{{"one_in_ten_tokens", "number", "Delivered in one draw of ten, or less"},
                          {"lost_tokens", "number", "What could not wait longer"},
                          {"waiting_tokens", "number", "At the end of the quarter"},
                          {"hours_short", "number", "In which something was lost"},
                          {"capacity_tokens", "number", "Of the machines given to it"},
                          {"worst_region", "text", "Whose users lose most in an hour of the week; absent: none do"},
                          {"worst_hour", "integer", "Of the week, from Monday 0:00; absent: nothing is lost"}};
  add_answer_fields(out, "services[]/quarters[]/", more);
  add_answer_fields(out, "", {{"sites[]/site", "text", "Id"},
                              {"sites[]/quarters[]/quarter", "text", "2027Q1"},
                              {"sites[]/quarters[]/energy_mwh", "number", "At the meter, mean over the draws"},
                              {"sites[]/quarters[]/planned_energy_mwh", "number", "Of the plan"},
                              {"sites[]/quarters[]/peak_mw", "number", "Of an hour, over all draws"},
                              {"sites[]/quarters[]/energised_mw", "number", "The limit"},
                              {"margin/value_usd", "number", "Present value with the margins; absent: not asked"},
                              {"margin/closed", "boolean", "What peaks and failures take is within the tolerance"},
                              {"margin/plans", "integer", "Made until then"},
                              {"margin/services[]/service", "text", "Id"},
                              {"margin/services[]/margin", "number", "Of capacity, over the peak planned for"},
                              {"margin/services[]/promised_tokens", "number", "By the plan with the margins"},
                              {"margin/services[]/delivered_tokens", "number", "Mean over the draws"},
                              {"margin/services[]/missing_share", "number", "Missing over promised"}});
  return out;
}

std::string run_services_csv(const RunAnswer& a) {
  TextTable table({{"quarter"}, {"service"}, {"promised_tokens"}, {"delivered_tokens"}, {"one_in_ten_tokens"},
                   {"lost_tokens"}, {"waiting_tokens"}, {"peak_tokens"}, {"reach_tokens"}, {"failures_tokens"},
                   {"late_tokens"}, {"hours_short"}, {"capacity_tokens"}, {"lost_usd"}});
  for (const RunQuarter& q : a.quarters) {
    for (std::size_t k = 0; k < a.services.size(); ++k) {
      const RunServiceQuarter& s = q.services[k];
      std::vector<std::string> row{format_quarter(q.quarter), a.services[k]};
      for (const double mtok : {s.promised, s.delivered, s.low, s.lost, s.waiting, s.missing.peak, s.missing.reach,
                                s.missing.failures, s.missing.late}) {
        row.push_back(fmt::format("{}", 1e6 * mtok + 0.0));
      }
      for (const double value : {s.hours_short, 1e6 * s.capacity, s.missing_usd}) {
        row.push_back(fmt::format("{}", value));
      }
      table.add_row(row);
    }
  }
  return table.format_csv();
}

std::string run_sites_csv(const RunAnswer& a) {
  TextTable table({{"quarter"}, {"site"}, {"energy_mwh"}, {"planned_energy_mwh"}, {"peak_mw"}, {"energised_mw"}});
  for (const RunQuarter& q : a.quarters) {
    for (std::size_t s = 0; s < a.sites.size(); ++s) {
      const RunSiteQuarter& site = q.sites[s];
      table.add_row({format_quarter(q.quarter), a.sites[s], fmt::format("{}", site.energy_mwh),
                     fmt::format("{}", site.planned_mwh), fmt::format("{}", site.peak_mw),
                     fmt::format("{}", site.limit_mw)});
    }
  }
  return table.format_csv();
}

}  // namespace stargate
