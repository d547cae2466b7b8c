// Text for people, members for programs.
#include "stargate/questions/goodput_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/layout_answer.hpp"

namespace stargate {
namespace {

constexpr double kQuantiles[] = {0.1, 0.5, 0.9};

Money cost(const GoodputTerms& q, Duration run, MoneyRate price) {
  return static_cast<double>(q.accelerators) * (run * price);
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }
std::string days(Duration run) { return is_finite(run) ? fmt::format("{:.1f}", run.in(day)) : "never"; }

std::string terms_text(const GoodputTerms& q) {
  const GoodputSpec& s = q.spec;
  std::string out =
      fmt::format("  failures    one in {} (fleet {}{}), {} of them take a node; {} planned stops a day\n",
                  format_quantity(1 / s.failures), q.failures.fleet,
                  q.failures.causes_of == q.failures.fleet ? "" : ", causes of " + q.failures.causes_of,
                  percent(s.node_share), fmt::format("{:.2f}", (1 * day) * s.planned));
  out +=
      fmt::format("  recovery    {}: detection {}, restart {}, loading {}\n", format_quantity(s.recovery),
                  format_quantity(q.recovery.detection), format_quantity(q.recovery.restart), format_quantity(q.load));
  out += fmt::format(
      "  checkpoint  {} every {} (Young {}, Daly {}): stalls {}, safe {} later\n", format_quantity(q.checkpoint),
      format_quantity(s.interval), format_quantity(young_interval(s.stall, s.failures)),
      format_quantity(daly_interval(s.stall, s.failures)), format_quantity(s.stall), format_quantity(s.write));
  out += fmt::format("  spares      {} nodes of {}, each away {}: {} accelerators in all\n", s.spares,
                     q.accelerators_per_node, format_quantity(s.repair), q.accelerators);
  return out;
}

std::string causes_text(const GoodputTerms& q) {
  TextTable table({{"what interrupts the job", Align::left}, {"class", Align::left}, {"a day"}, {"share"}});
  auto causes = q.failures.causes;
  std::stable_sort(causes.begin(), causes.end(), [](const auto& a, const auto& b) { return a.rate > b.rate; });
  for (std::size_t i = 0; i < causes.size() && i < 8; ++i) {
    table.add_row({causes[i].cause,
                   EnumNames<FailureClass>::names[static_cast<std::size_t>(causes[i].failure_class)].first,
                   fmt::format("{:.3f}", (1 * day) * causes[i].rate), percent(causes[i].rate / q.spec.failures)});
  }
  return table.format(2);
}

std::string shares_text(const GoodputAnswer& answer) {
  const GoodputReport& report = answer.report;
  TextTable table({{"where the time goes", Align::left}, {"share"}});
  for (int i = 0; i < kGoodputParts; ++i) {
    const auto part = static_cast<GoodputPart>(i);
    if (report[part] > 0) table.add_row({goodput_part_name(part), percent(report[part])});
  }
  std::string out = table.format(2);
  out += fmt::format("  effective training time {}: share of the wall-clock in steps that count\n",
                     percent(report.ettr()));
  out += fmt::format("  by simulation {} +- {}; first order {}, second order {}\n\n", percent(answer.exact.mean_ettr),
                     percent(answer.exact.standard_error), percent(report.first_order), percent(report.second_order));
  return out;
}

std::string range_text(const GoodputAnswer& answer) {
  const GoodputTerms& q = answer.terms;
  const Duration expected = q.undisturbed / answer.report.ettr();
  TextTable range({{fmt::format("to the last token", 0), Align::left}, {"days"}, {"cost"}});
  range.add_row({"nothing fails", days(q.undisturbed), format_quantity(cost(q, q.undisturbed, q.price.mid))});
  range.add_row({"expected", days(expected), format_quantity(cost(q, expected, q.price.mid))});
  for (const double share : kQuantiles) {
    const Duration run = answer.spread.quantile(share);
    range.add_row({fmt::format("p{:.0f}", 100 * share), days(run),
                   is_finite(run) ? format_quantity(cost(q, run, q.price.mid)) : "-"});
  }
  std::string out = range.format(2);
  out +=
      fmt::format("  rates of fleets differ by a factor of {:.2f} (one standard deviation), drawn for each scenario\n",
                  std::exp(q.rate_spread));
  const auto hourly = [](MoneyRate rate) { return fmt::format("{:.2f}", rate * hour / dollar); };
  return out + fmt::format("  {} $/h each ({} to {}): {}\n", hourly(q.price.mid), hourly(q.price.low),
                           hourly(q.price.high), q.price.origin);
}

void write_range(JsonWriter& json, const GoodputTerms& q, const GoodputDistribution& spread) {
  for (const double share : kQuantiles) {
    const Duration run = spread.quantile(share);
    json.key(fmt::format("p{:.0f}", 100 * share)).begin_object();
    json.member("days", run.in(day)).member("cost_usd", cost(q, run, q.price.mid).in(dollar)).end_object();
  }
}

void write_causes(JsonWriter& json, const JobFailures& failures) {
  json.key("causes_per_day").begin_object();
  for (const auto& cause : failures.causes) json.member(cause.cause, (1 * day) * cause.rate);
  json.end_object();
}

void write_price(JsonWriter& json, const HourPrice& price) {
  json.key("usd_per_accelerator_hour").begin_object().member("low", (price.low * hour).in(dollar));
  json.member("mid", (price.mid * hour).in(dollar)).member("high", (price.high * hour).in(dollar));
  json.member("origin", price.origin).end_object();
}

}  // namespace

std::string goodput_text(const GoodputAnswer& answer) {
  const GoodputTerms& q = answer.terms;
  std::string out = answer.title + terms_text(q) + "\n" + causes_text(q) + "\n";
  if (answer.makes_headway()) return out + shares_text(answer) + range_text(answer);
  return out + fmt::format(
                   "The job makes no headway: {} of its time is effective. Recovery takes {}, a failure comes in {}.\n",
                   percent(answer.report.ettr()), format_quantity(q.spec.recovery),
                   format_quantity(1 / q.spec.failures));
}

void write_goodput_answer(JsonWriter& json, const GoodputAnswer& answer) {
  const GoodputTerms& q = answer.terms;
  const GoodputReport& report = answer.report;
  const GoodputSpec& s = q.spec;
  json.member("schema_version", 1).member("makes_headway", answer.makes_headway());
  write_law(json, answer.asked.job);
  json.member("expected_error", answer.asked.expected_error);
  json.member("ettr", report.ettr());
  if (answer.makes_headway()) json.member("ettr_simulated", answer.exact.mean_ettr);
  if (answer.makes_headway()) json.member("ettr_standard_error", answer.exact.standard_error);
  json.member("ettr_first_order", report.first_order);
  json.member("ettr_second_order", report.second_order).key("shares").begin_object();
  for (int i = 0; i < kGoodputParts; ++i) {
    const auto part = static_cast<GoodputPart>(i);
    json.member(goodput_part_name(part), report[part]);
  }
  json.end_object().member("fleet", q.failures.fleet).member("causes_of", q.failures.causes_of);
  json.member("mean_time_between_failures_s", (1 / s.failures).in(second)).member("node_share", s.node_share);
  json.member("recovery_s", s.recovery.in(second)).member("checkpoint_bytes", q.checkpoint.base());
  json.member("checkpoint_interval_s", s.interval.in(second)).member("checkpoint_stall_s", s.stall.in(second));
  json.member("checkpoint_write_s", s.write.in(second)).member("spare_nodes", s.spares);
  json.member("accelerators_with_spares", q.accelerators).member("step_time_s", q.step_time.in(second));
  write_causes(json, q.failures);
  json.member("undisturbed_days", q.undisturbed.in(day));
  json.member("expected_days", (q.undisturbed / report.ettr()).in(day));
  json.member("expected_cost_usd", cost(q, q.undisturbed / report.ettr(), q.price.mid).in(dollar));
  if (answer.makes_headway()) write_range(json, q, answer.spread);
  write_price(json, q.price);
  json.member("rate_spread", q.rate_spread);
}

const AnswerFields& goodput_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{{"makes_headway", "boolean", "At least 1 % of the time is effective"}};
    add_answer_fields(out, "", law_answer_fields());
    add_answer_fields(out, "",
                      {{"ettr", "number", "Effective training time: share of the wall-clock in steps that count"},
                       {"ettr_simulated", "number", "The same by simulation"},
                       {"ettr_standard_error", "number", "Of the simulated"},
                       {"ettr_first_order", "number", "By the first-order formula"},
                       {"ettr_second_order", "number", "By the second-order formula"},
                       {"shares/*", "number", "Where the time goes"},
                       {"fleet", "text", "Record whose failure rate is taken"},
                       {"causes_of", "text", "Record whose causes are taken"},
                       {"mean_time_between_failures_s", "number", "Of the whole job"},
                       {"node_share", "number", "Failures that take a node away"},
                       {"recovery_s", "number", "Detection, restart and loading"},
                       {"checkpoint_bytes", "number", "Weights and optimiser states"},
                       {"checkpoint_interval_s", "number", "Work between checkpoints"},
                       {"checkpoint_stall_s", "number", "The job waits for each"},
                       {"checkpoint_write_s", "number", "Until it survives"},
                       {"spare_nodes", "integer", "Nodes that wait to replace others"},
                       {"accelerators_with_spares", "integer", "In all"},
                       {"step_time_s", "number", "Of a step when nothing fails"},
                       {"causes_per_day/*", "number", "Interruptions by cause"},
                       {"undisturbed_days", "number", "To the last token when nothing fails"},
                       {"expected_days", "number or null", "To the last token"},
                       {"expected_cost_usd", "number or null", "The same in dollars"},
                       {"usd_per_accelerator_hour/low", "number", "Price range"},
                       {"usd_per_accelerator_hour/mid", "number", "Price taken"},
                       {"usd_per_accelerator_hour/high", "number", "Price range"},
                       {"usd_per_accelerator_hour/origin", "text", "Where the price comes from"},
                       {"rate_spread", "number", "Standard deviation of the logarithm of fleets' rates"}});
    for (const char* share : {"p10/", "p50/", "p90/"}) {
      add_answer_fields(out, share,
                        {{"days", "number or null", "Of the scenarios, this share is faster"},
                         {"cost_usd", "number or null", "The same in dollars"}});
    }
    return out;
  }();
  return fields;
}

}  // namespace stargate
