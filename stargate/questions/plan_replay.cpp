// study -> its plan -> the plan kept under draws of all drivers (fan), and under each driver alone (tornado)
#include "stargate/questions/plan_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/replay.hpp"
#include "stargate/questions/risk_study.hpp"

namespace stargate {
namespace {

constexpr std::array kFanQuantiles{0.05, 0.25, 0.5, 0.75, 0.95};
using Quantiles = std::array<double, kFanQuantiles.size()>;

Quantiles quantiles_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Quantiles out{};
  for (std::size_t i = 0; i < kFanQuantiles.size(); ++i) {
    const double place = kFanQuantiles[i] * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    out[i] = values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  }
  return out;
}

struct FanQuarter {
  Quarter quarter;
  Quantiles revenue, net;  ///< of the quarter; revenue less payments from the first to it; dollars
};

/// One driver alone, the plan kept.
struct TornadoBar {
  std::string name;
  double low_amount = 0, high_amount = 0;
  double low = 0, high = 0;  ///< value, dollars
};

struct ReplayAnswer {
  std::string study;
  std::int64_t draws = 0;
  double promised = 0, same_data = 0;  ///< of the plan; replayed under its own data
  double mean = 0, worst_quarter = 0;  ///< worst_quarter: mean of the worst 25 %
  double losing = 0, short_of_money = 0;  ///< shares of the draws
  double missing = 0;                     ///< median of what is missing where money runs out
  Quantiles value{};
  std::vector<FanQuarter> fan;
  std::vector<TornadoBar> tornado;  ///< widest first
};

std::string quantile_cells(const Quantiles& q) {
  return fmt::format("{} / {} / {} / {} / {}", in_billions(q[0]), in_billions(q[1]), in_billions(q[2]),
                     in_billions(q[3]), in_billions(q[4]));
}

std::string replay_text(const ReplayAnswer& a) {
  std::string out = fmt::format("{}: the plan kept, {} draws of {} risks; present values in B$\n", a.study, a.draws,
                                a.tornado.size());
  out += fmt::format("  promised {}; replayed under its own data {}\n", in_billions(a.promised),
                     in_billions(a.same_data));
  out += fmt::format("  mean {}, mean of the worst quarter {}\n  5 / 25 / 50 / 75 / 95 %: {}\n", in_billions(a.mean),
                     in_billions(a.worst_quarter), quantile_cells(a.value));
  out += fmt::format("  it loses money in {:.0f} % of the draws\n", 100 * a.losing);
  out += a.short_of_money > 0
             ? fmt::format("  money runs out in {:.0f} % of them, half of these lack more than {} B$\n",
                           100 * a.short_of_money, in_billions(a.missing))
             : std::string("  money never runs out\n");
  TextTable fan({{"quarter", Align::left}, {"revenue 5 %"}, {"50 %"}, {"95 %"}, {"net to date 5 %"}, {"25 %"}, {"50 %"},
                 {"75 %"}, {"95 %"}});
  for (const FanQuarter& q : a.fan) {
    fan.add_row({format_quarter(q.quarter), in_billions(q.revenue[0]), in_billions(q.revenue[2]),
                 in_billions(q.revenue[4]), in_billions(q.net[0]), in_billions(q.net[1]), in_billions(q.net[2]),
                 in_billions(q.net[3]), in_billions(q.net[4])});
  }
  out += "\nRevenue of the quarter, and revenue less payments to date, B$\n" + fan.format(2);
  TextTable tornado({{"one risk alone", Align::left},
                     {"1 in 10 below"},
                     {"1 in 10 above"},
                     {"value then"},
                     {"and then"},
                     {"swing"}});
  for (const TornadoBar& bar : a.tornado) {
    tornado.add_row({bar.name, fmt::format("{:.3g}", bar.low_amount), fmt::format("{:.3g}", bar.high_amount),
                     in_billions(bar.low), in_billions(bar.high), in_billions(std::abs(bar.high - bar.low))});
  }
  return out + "\n" + tornado.format(2);
}

void write_quantiles(JsonWriter& json, const char* name, const Quantiles& values) {
  json.key(name).begin_object();
  for (std::size_t i = 0; i < values.size(); ++i) {
    json.member(fmt::format("p{:02.0f}", 100 * kFanQuantiles[i]), values[i]);
  }
  json.end_object();
}

void write_replay(JsonWriter& json, const ReplayAnswer& a) {
  json.member("schema_version", 1).member("study", a.study).member("draws", a.draws);
  json.member("promised_usd", a.promised).member("same_data_usd", a.same_data).member("mean_usd", a.mean);
  json.member("worst_quarter_mean_usd", a.worst_quarter).member("losing_share", a.losing);
  json.member("short_of_money_share", a.short_of_money).member("missing_usd", a.missing);
  write_quantiles(json, "value_usd", a.value);
  json.key("fan").begin_array();
  for (const FanQuarter& q : a.fan) {
    json.begin_object().member("quarter", format_quarter(q.quarter));
    write_quantiles(json, "revenue_usd", q.revenue);
    write_quantiles(json, "net_to_date_usd", q.net);
    json.end_object();
  }
  json.end_array().key("tornado").begin_array();
  for (const TornadoBar& bar : a.tornado) {
    json.begin_object().member("risk", bar.name).member("low_amount", bar.low_amount);
    json.member("high_amount", bar.high_amount).member("low_usd", bar.low).member("high_usd", bar.high).end_object();
  }
  json.end_array();
}

AnswerFields replay_answer_fields() {
  return {{"study", "text", "Its name"},
          {"draws", "integer", "Of all drivers together"},
          {"promised_usd", "number", "Present value of the plan"},
          {"same_data_usd", "number", "Of the plan replayed under its own data"},
          {"mean_usd", "number", "Mean over the draws"},
          {"worst_quarter_mean_usd", "number", "Mean of the worst quarter of the draws"},
          {"losing_share", "number", "Draws with a value below zero"},
          {"short_of_money_share", "number", "Draws in which the tranches do not pay for what was ordered"},
          {"missing_usd", "number", "Median of what they lack then"},
          {"value_usd/*", "number", "At 5, 25, 50, 75 and 95 % of the draws"},
          {"fan[]/quarter", "text", "2027Q1"},
          {"fan[]/revenue_usd/*", "number", "Of the quarter, at these shares"},
          {"fan[]/net_to_date_usd/*", "number", "Revenue less payments to its end, at these shares"},
          {"tornado[]/risk", "text", "A driver alone, the plan kept"},
          {"tornado[]/low_amount", "number", "What one in ten is below"},
          {"tornado[]/high_amount", "number", "What one in ten is above"},
          {"tornado[]/low_usd", "number", "Value at the low amount"},
          {"tornado[]/high_usd", "number", "Value at the high amount"}};
}

void tell_draws(const std::vector<Replay>& replays, Quarter first, ReplayAnswer& out) {
  std::vector<double> values, missing;
  for (const Replay& replay : replays) {
    values.push_back(replay.value);
    if (replay.missing > 1e6) missing.push_back(replay.missing);
    out.mean += replay.value / static_cast<double>(replays.size());
    out.losing += replay.value < 0 ? 1.0 / static_cast<double>(replays.size()) : 0;
  }
  out.value = quantiles_of(values);
  std::sort(values.begin(), values.end());
  const std::size_t worst = std::max<std::size_t>(1, values.size() / 4);
  for (std::size_t i = 0; i < worst; ++i) out.worst_quarter += values[i] / static_cast<double>(worst);
  out.short_of_money = static_cast<double>(missing.size()) / static_cast<double>(replays.size());
  if (!missing.empty()) out.missing = quantiles_of(missing)[2];
  std::vector<double> to_date(replays.size(), 0);
  for (std::size_t t = 0; t < replays[0].revenue.size(); ++t) {
    std::vector<double> revenue;
    for (std::size_t i = 0; i < replays.size(); ++i) {
      revenue.push_back(replays[i].revenue[t]);
      to_date[i] += replays[i].revenue[t] - replays[i].paid[t];
    }
    out.fan.push_back({first + static_cast<int>(t), quantiles_of(revenue), quantiles_of(to_date)});
  }
}

std::vector<TornadoBar> tornado_of(const std::vector<PlanMarginal>& marginals, const RiskBasis& basis,
                                   const KeptPlan& plan) {
  std::vector<TornadoBar> out(marginals.size());
  for_each_parallel(2 * marginals.size(), [&](std::size_t i) {
    const bool low = i % 2 == 0;
    const PlanChange change = change_at(marginals[i / 2], low ? 0.1 : 0.9);
    const double value = plan.under(changed_programme(basis, {&change, 1})).value;
    TornadoBar& bar = out[i / 2];
    (low ? bar.low_amount : bar.high_amount) = change.amount, (low ? bar.low : bar.high) = value;
  });
  for (std::size_t i = 0; i < out.size(); ++i) out[i].name = marginals[i].name;
  std::stable_sort(out.begin(), out.end(), [](const TornadoBar& a, const TornadoBar& b) {
    return std::abs(a.high - a.low) > std::abs(b.high - b.low);
  });
  return out;
}

}  // namespace

Result<Answer> answer_replay(const ReplayQuestion& question, const QuestionContext& context) {
  auto study = prepare_risk_study(question.study, question, context);
  if (!study) return study.faults();
  if (study->risk.drivers.empty()) return context.fault("study", "names no drivers", "add 'drivers' to its 'risk'");
  const Programme& programme = study->basis.programme;
  context.progress("planning");
  const LpOutcome outcome = make_clp_solver()->solve(build_plan_model(programme).lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) {
    return context.fault("study", "has no plan to keep", "stargate plan says what stands in its way");
  }
  const KeptPlan plan(programme, found->values);
  const auto marginals = plan_marginals(study->risk);
  ReplayAnswer out;
  out.study = study->prepared.study.name, out.draws = question.draws;
  out.promised = -1e6 * found->objective, out.same_data = plan.under(programme).value;
  const auto seed = static_cast<std::uint64_t>(question.seed);
  const auto draws = draw_changes(marginals, static_cast<int>(question.draws), seed);
  std::vector<Replay> replays(draws.size());
  context.progress(fmt::format("replaying {} draws", draws.size()));
  for_each_parallel(draws.size(), [&](std::size_t i) {
    replays[i] = plan.under(changed_programme(study->basis, draws[i]));
    replays[i].columns.clear(), replays[i].columns.shrink_to_fit();
  });
  tell_draws(replays, programme.first, out);
  out.tornado = tornado_of(marginals, study->basis, plan);
  return make_answer(AnswerKind::answered, std::move(out), replay_text, write_replay);
}

const QuestionTable<ReplayQuestion>& ReplayQuestion::table() {
  using Q = ReplayQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan replay",
                       "A plan kept while everything may turn out otherwise: its value, fan and tornado");
    t.required("study", &Q::study, "Study file with a risk section").positional();
    t.optional("draws", &Q::draws, "Of all drivers together", Rule{.at_least = 1.0, .above = {}, .at_most = 1e5});
    t.optional("seed", &Q::seed, "Of the draws", not_negative);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question replay_question() {
  return make_question(answer_replay, {{"tests/golden/inputs/small.yaml --draws 100", "a small study"}},
                       replay_answer_fields());
}

}  // namespace stargate
