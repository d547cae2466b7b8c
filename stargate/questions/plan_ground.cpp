// The ends of the range are plans like any other: each builds what is best where that end holds.
#include "stargate/questions/plan_ground.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/study/risk_basis.hpp"

namespace stargate {
namespace {

constexpr double kSameBuild = 0.005;  // of all accelerators: less is not worth a line

/// What one plan comes to, in the figures of the range.
struct BuildFigures {
  double accelerators = 0;                  ///< installed at the end
  std::map<std::string, double> by_system;  ///< the same
  Money present_value, spent;
  std::map<std::string, Tokens> served;  ///< by service, over all quarters
};

BuildFigures figures_of(const Plan& plan) {
  BuildFigures out;
  const PlanQuarter& last = plan.quarters.back();
  out.accelerators = last.accelerators;
  for (std::size_t g = 0; g < plan.systems.size(); ++g) out.by_system[plan.systems[g]] = last.systems[g].accelerators;
  out.present_value = plan.value, out.spent = last.spent_to_date.total();
  for (const auto& quarter : plan.quarters) {
    for (std::size_t k = 0; k < plan.services.size(); ++k) {
      out.served[plan.services[k]] += quarter.services[k].served * quarter_year;
    }
  }
  return out;
}

struct Ends {
  BuildFigures low, mid, high;
};

/// Nothing where no range was asked for, no rate has one, or an end has no plan.
std::optional<Ends> ends_of(const StudyReport& report) {
  const auto plan_at = [&](Confidence confidence) -> const Plan* {
    const auto found = report.ends.find(confidence);
    return found != report.ends.end() ? std::get_if<Plan>(&found->second) : nullptr;
  };
  const Plan *low = plan_at(Confidence::low), *mid = plan_at(Confidence::mid), *high = plan_at(Confidence::high);
  if (low == nullptr || mid == nullptr || high == nullptr) return std::nullopt;
  return Ends{figures_of(*low), figures_of(*mid), figures_of(*high)};
}

std::string ends_table(const StudyReport& report, const Plan& plan, const Ends& ends) {
  TextTable table({{"the build where unmeasured devices are", Align::left}, {"slow (low)"}, {"mid"}, {"fast (high)"}});
  const auto row = [&](const std::string& name, const auto& figure, double unit, int digits) {
    table.add_row({name, fmt::format("{:.{}f}", figure(ends.low) / unit, digits),
                   fmt::format("{:.{}f}", figure(ends.mid) / unit, digits),
                   fmt::format("{:.{}f}", figure(ends.high) / unit, digits)});
  };
  const auto count = [](double most) { return most >= 1e5 ? 0 : 1; };
  row("accelerators at the end, thousands", [](const BuildFigures& f) { return f.accelerators; }, 1e3,
      count(ends.mid.accelerators));
  for (const auto& system : plan.systems) {
    const auto of = [&](const BuildFigures& f) { return f.by_system.at(system); };
    const auto [least, most] = std::minmax({of(ends.low), of(ends.mid), of(ends.high)});
    if (most - least < kSameBuild * ends.mid.accelerators) continue;
    row("  of them in " + system, of, 1e3, count(ends.mid.accelerators));
  }
  const bool large = ends.mid.spent >= 20 * billion_dollars;
  const Money unit = large ? billion_dollars : million_dollars;
  const std::string name = large ? "B$" : "M$";
  row("spent by the end, " + name, [](const BuildFigures& f) { return f.spent.base(); }, unit.base(), large ? 1 : 0);
  row("present value, " + name, [](const BuildFigures& f) { return f.present_value.base(); }, unit.base(),
      large ? 1 : 0);
  for (const auto& service : plan.services) {
    row("tokens of " + service + ", 1e15", [&](const BuildFigures& f) { return f.served.at(service).base(); }, 1e15, 3);
  }
  std::string out = table.format(2);
  if (report.prepared.study.systems.size() > 1 && out.find("of them in") == std::string::npos) {
    out += "  Of no kind of machine more or fewer stand at the end.\n";
  }
  return out;
}

void write_figures(JsonWriter& json, const char* name, const BuildFigures& f) {
  json.key(name).begin_object().member("accelerators", f.accelerators).member("accelerators_by_system", f.by_system);
  json.member("value_usd", f.present_value.base()).member("spent_usd", f.spent.base());
  std::map<std::string, double> tokens;
  for (const auto& [service, served] : f.served) tokens[service] = served.base();
  json.member("tokens", tokens).end_object();
}

}  // namespace

LawShares plan_law_shares(const MachineRates& rates, const Plan& plan) {
  LawShares sum;
  double all = 0;
  for (const auto& quarter : plan.quarters) {
    for (std::size_t k = 0; k < plan.services.size(); ++k) {
      for (std::size_t g = 0; g < plan.systems.size(); ++g) {
        const double running = quarter.services[k].running[g];
        if (running <= 0) continue;
        const auto rate = std::find_if(rates.begin(), rates.end(), [&](const MachineRate& r) {
          return r.service == plan.services[k] && r.system == plan.systems[g];
        });
        if (rate == rates.end()) continue;
        sum += running * rate->shares;
        all += running;
      }
    }
  }
  return all > 0 ? (1 / all) * sum : LawShares{};
}

std::string format_plan_ground(const StudyReport& report, const Plan& plan) {
  const MachineRates& rates = report.prepared.rates;
  const LawShares shares = plan_law_shares(rates, plan);
  std::string out;
  if (shares.rest() < 1) {
    out += fmt::format("  its accelerators' time at work rests {}\n",
                       format_law_shares(shares, "the overheads of engines and frameworks"));
  }
  const auto ranged = unmeasured_systems(report.prepared);
  if (ranged.empty()) return out + "  no rate of it rests on laws typical of measured devices: it has no range\n";
  const Confidence confidence = report.prepared.confidence;
  out += fmt::format("  rated by laws typical of measured devices, which have a range: {}; this plan is at its {}\n",
                     fmt::join(ranged, ", "), confidence == Confidence::low    ? "low end (slow)"
                                              : confidence == Confidence::high ? "high end (fast)"
                                                                               : "middle");
  if (const auto ends = ends_of(report)) out += "\n" + ends_table(report, plan, *ends);
  return out;
}

void write_plan_ground(JsonWriter& json, const StudyReport& report, const Plan& plan) {
  json.member("confidence", confidence_name(report.prepared.confidence));
  write_law_shares(json, plan_law_shares(report.prepared.rates, plan));
  const auto ends = ends_of(report);
  if (!ends) return;
  json.key("range").begin_object();
  write_figures(json, "low", ends->low), write_figures(json, "mid", ends->mid), write_figures(json, "high", ends->high);
  json.end_object();
}

const AnswerFields& plan_ground_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out = law_ground_fields();
    for (const char* end : {"low", "mid", "high"}) {
      add_answer_fields(out, std::string("range/") + end + "/",
                        {{"accelerators", "number", "Installed at the end, where unmeasured devices are at this end"},
                         {"accelerators_by_system/*", "number", "Of them, by system"},
                         {"value_usd", "number", "Present value of that plan"},
                         {"spent_usd", "number", "By the end"},
                         {"tokens/*", "number", "Served over all quarters, by service"}});
    }
    return out;
  }();
  return fields;
}

}  // namespace stargate
