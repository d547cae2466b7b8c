// Prints where the wall-clock goes by the closed form, what the simulation says beside it, and the range of days and
// dollars it draws.
#include "stargate/app/command_goodput.hpp"

#include <fmt/format.h>

#include <cmath>

#include "stargate/app/goodput_question.hpp"
#include "stargate/app/training_flags.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"

namespace stargate {
namespace {

/// A job below this makes no headway worth the name: the answer is no.
constexpr double kLeastEttr = 0.01;

constexpr double kQuantiles[] = {0.1, 0.5, 0.9};

/// The step as given, else of the layout given, else of the best layout.
Result<Duration> find_step_time(const TrainFlags& train, const GoodputFlags& flags, const TrainingJob& job) {
  if (!flags.step_time.empty()) {
    auto given = parse_step_time(flags);
    if (given && given->base() <= 0) return Diagnostic{"--step-time", 0, 0, {}, "a step takes time", {}, {}};
    return given;
  }
  if (has_layout(train)) {
    const auto made = make_layout(train);
    if (!made) return made.faults();
    const TrainingLayout& layout = *made;
    if (const auto faults = check_layout(job, layout); !faults.empty()) return faults;
    return simulate_step(job, layout).step_time();
  }
  Session::progress("searching layouts");
  auto search = search_layouts(job);
  if (!search) return search.faults();
  if (search->best() == nullptr) {
    return Diagnostic{{}, 0, 0, "layout", "no layout fits", "see `stargate train`, or give --step-time", {}};
  }
  return search->best()->report.step_time();
}

Money cost(const GoodputQuestion& q, Duration run, MoneyRate price) {
  return static_cast<double>(q.accelerators) * (run * price);
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }
std::string days(Duration run) { return is_finite(run) ? fmt::format("{:.1f}", run.in(day)) : "never"; }

/// Before the simulation, which takes time when a job hardly moves.
std::string question_text(const GoodputQuestion& q) {
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

std::string causes_text(const GoodputQuestion& q) {
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

std::string answer_text(const GoodputQuestion& q, const GoodputReport& report, const GoodputDistribution& exact,
                        const GoodputDistribution& spread) {
  TextTable table({{"where the time goes", Align::left}, {"share"}});
  for (int i = 0; i < kGoodputParts; ++i) {
    const auto part = static_cast<GoodputPart>(i);
    if (report[part] > 0) table.add_row({goodput_part_name(part), percent(report[part])});
  }
  std::string out = table.format(2);
  out += fmt::format("  effective training time {}: share of the wall-clock in steps that count\n",
                     percent(report.ettr()));
  out += fmt::format("  by simulation {} +- {}; first order {}, second order {}\n\n", percent(exact.mean_ettr),
                     percent(exact.standard_error), percent(report.first_order), percent(report.second_order));
  TextTable range({{fmt::format("to the last token", 0), Align::left}, {"days"}, {"cost"}});
  range.add_row({"nothing fails", days(q.undisturbed), format_quantity(cost(q, q.undisturbed, q.price.mid))});
  range.add_row({"expected", days(q.undisturbed / report.ettr()),
                 format_quantity(cost(q, q.undisturbed / report.ettr(), q.price.mid))});
  for (const double share : kQuantiles) {
    const Duration run = spread.quantile(share);
    range.add_row({fmt::format("p{:.0f}", 100 * share), days(run),
                   is_finite(run) ? format_quantity(cost(q, run, q.price.mid)) : "-"});
  }
  out += range.format(2);
  out +=
      fmt::format("  rates of fleets differ by a factor of {:.2f} (one standard deviation), drawn for each scenario\n",
                  std::exp(q.rate_spread));
  const auto hourly = [](MoneyRate rate) { return fmt::format("{:.2f}", rate * hour / dollar); };
  return out + fmt::format("  {} $/h each ({} to {}): {}\n", hourly(q.price.mid), hourly(q.price.low),
                           hourly(q.price.high), q.price.origin);
}

void write_range(JsonWriter& json, const GoodputQuestion& q, const GoodputDistribution& spread) {
  for (const double share : kQuantiles) {
    const Duration run = spread.quantile(share);
    json.key(fmt::format("p{:.0f}", 100 * share)).begin_object();
    json.member("days", run.in(day)).member("cost_usd", cost(q, run, q.price.mid).in(dollar)).end_object();
  }
}

std::string answer_json(const GoodputQuestion& q, const GoodputReport& report, const GoodputDistribution& exact,
                        const GoodputDistribution& spread) {
  const GoodputSpec& s = q.spec;
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("makes_headway", report.ettr() >= kLeastEttr);
  json.member("ettr", report.ettr()).member("ettr_simulated", exact.mean_ettr);
  json.member("ettr_standard_error", exact.standard_error).member("ettr_first_order", report.first_order);
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
  json.key("causes_per_day").begin_object();
  for (const auto& cause : q.failures.causes) json.member(cause.cause, (1 * day) * cause.rate);
  json.end_object().member("undisturbed_days", q.undisturbed.in(day));
  json.member("expected_days", (q.undisturbed / report.ettr()).in(day));
  json.member("expected_cost_usd", cost(q, q.undisturbed / report.ettr(), q.price.mid).in(dollar));
  write_range(json, q, spread);
  json.key("usd_per_accelerator_hour").begin_object().member("low", (q.price.low * hour).in(dollar));
  json.member("mid", (q.price.mid * hour).in(dollar)).member("high", (q.price.high * hour).in(dollar));
  return json.member("origin", q.price.origin).end_object().member("rate_spread", q.rate_spread).end_object().text();
}

}  // namespace

void train_goodput(Session& session, const TrainFlags& train, const GoodputFlags& flags) {
  if (train.gpu_counts.size() > 1) {
    return session.fail("--gpus: goodput is of one number of accelerators",
                        "`train search --objective tokens-by DATE` compares several");
  }
  auto question = make_training_question(session, train);
  if (!question) return session.fail(question.faults());
  auto step = find_step_time(train, flags, question->job);
  if (!step) return session.fail(step.faults());
  auto q = make_goodput_question(*question->catalogue, question->job, *step, flags);
  if (!q) return session.fail(q.faults());
  const GoodputReport report = goodput(q->spec);
  if (!train.json) {
    session.print_text(fmt::format("{} on {} x {} ({}), {} at {} a step of {}\n{}", train.model, train.gpus,
                                   question->job.system->accelerator, train.system,
                                   format_quantity(flags.tokens * token), format_quantity(*step, 4),
                                   format_quantity(question->job.batch_tokens()), question_text(*q)));
    session.print_text(fmt::format("\n{}\n", causes_text(*q)));
  }
  if (report.ettr() < kLeastEttr) {
    session.exit_code = kExitAnswerIsNo;
    if (!train.json) {
      session.print_text(fmt::format(
          "The job makes no headway: {} of its time is effective. Recovery takes {}, a failure comes in {}.\n",
          percent(report.ettr()), format_quantity(q->spec.recovery), format_quantity(1 / q->spec.failures)));
      return;
    }
  }
  const auto seed = static_cast<std::uint64_t>(flags.seed);
  const auto exact = simulate_goodput(q->spec, q->undisturbed, {seed, flags.scenarios, 0});
  const auto spread = simulate_goodput(q->spec, q->undisturbed, {seed, flags.scenarios, q->rate_spread});
  train.json ? session.print_data(answer_json(*q, report, exact, spread))
             : session.print_text(answer_text(*q, report, exact, spread));
}

}  // namespace stargate
