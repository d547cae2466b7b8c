// All systems and both ways are sized at once on the cores there are, then put side by side, cheapest first.
#include "stargate/questions/serve_size.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/parallel.hpp"
#include "stargate/questions/serve_size_report.hpp"
#include "stargate/questions/serving_figures.hpp"
#include "stargate/sizing/deployment_law.hpp"

namespace stargate {
namespace {

/// Cheapest first where a rate is served, most served first where accelerators are given; what cannot serve last.
bool comes_first(const SizeAnswer& a, const SizeAnswer& b, const SizingDemand& demand) {
  const auto *x = a.sized(), *y = b.sized();
  if (x == nullptr || y == nullptr) return x != nullptr && y == nullptr;
  if (demand.accelerators > 0) return x->best_output_per_accelerator > y->best_output_per_accelerator;
  return a.economy.rate < b.economy.rate;
}

/// Power and money buy another number of accelerators of each system.
FleetQuestion question_for(const SizeRequest& request, const SizedSystem& system) {
  FleetQuestion question = request.question;
  if (system.accelerators > 0) question.demand.accelerators = system.accelerators;
  return question;
}

std::vector<SizeAnswer> size_all(const SizeRequest& request) {
  std::vector<SizeAnswer> answers;
  for (const auto& system : request.systems) {
    for (std::size_t i = 0; i < system.ways.size(); ++i)
      answers.push_back({&system, request.modes[i], {}, FleetShortfall{}, {}, {}});
  }
  for_each_parallel(answers.size(), [&](std::size_t i) {
    SizeAnswer& answer = answers[i];
    // A mode stands once among the modes; its place is that of its ways.
    const auto way = std::find(request.modes.begin(), request.modes.end(), answer.mode) - request.modes.begin();
    const auto& options = answer.system->ways[static_cast<std::size_t>(way)].options;
    const FleetQuestion question = question_for(request, *answer.system);
    answer.result = size_fleet(*request.model, question, options);
    const auto* fleet = answer.sized();
    answer.option = fleet != nullptr ? options[fleet->option] : options.front();
    const LawShares shares = fleet != nullptr ? deployment_law_shares(*request.model, question, answer.option, *fleet)
                                              : LawShares{};
    answer.basis = make_serving_basis(*request.catalogue, request.errors, answer.option.engine, *answer.option.machine,
                                      answer.option.precision, shares);
    if (fleet != nullptr) {
      RunningCost cost = answer.system->cost;
      cost.power = deployment_power(cost.power, *request.model, request.question, answer.option, *fleet);
      answer.economy = fleet_economy(*fleet, cost);
    }
  });
  std::stable_sort(answers.begin(), answers.end(), [&](const SizeAnswer& a, const SizeAnswer& b) {
    return comes_first(a, b, request.question.demand);
  });
  return answers;
}

Rule between(double low, double high) { return {.at_least = low, .above = {}, .at_most = high}; }

void add_traffic_fields(QuestionTable<SizeQuestion>& t) {
  using Q = SizeQuestion;
  t.group("Traffic")
      .optional("traffic", &Q::traffic, "A trace (Azure, Mooncake, BurstGPT, Vidur, ServeGen; by its header)")
      .type("FILE")
      .otherwise("random arrivals");
  t.optional("rate", &Q::rate, "Requests a second to serve", between(0, 1e9))
      .otherwise("of a trace, its busiest minute's");
  t.optional("cv", &Q::cv, "Coefficient of variation of the gaps: 1 Poisson, above 1 bursts", between(0, 100));
  t.optional("isl", &Q::isl, "Input tokens: 4000, uniform(800, 1000) or lognormal(1155, 1.4)");
  t.optional("osl", &Q::osl, "Output tokens, likewise");
  t.optional("prefix", &Q::prefix, "Tokens of the input that all requests share and a cache holds", between(0, 1e8));
  t.optional("requests", &Q::requests, "At most, of a trial that is not steady before", between(1000, 10'000'000));
  t.optional("seed", &Q::seed, "Of the random numbers", not_negative);
  t.optional("gpus", &Q::gpus, "All that so many accelerators serve, in place of a rate", between(0, 1e8))
      .otherwise("");
  const Rule positive{.at_least = {}, .above = 0.0, .at_most = {}};
  t.optional("power", &Q::power, "All that so much power at the plugs serves, in place of a rate, as \"100 MW\"", positive)
      .otherwise("");
  t.optional("budget", &Q::budget, "All that so much money pays for, in place of a rate, as \"50 M$/year\"", positive)
      .otherwise("");
}

}  // namespace

const QuestionTable<SizeQuestion>& SizeQuestion::table() {
  using Q = SizeQuestion;
  static const auto table = [] {
    QuestionTable<Q> t(
        "serve size",
        "The cheapest deployment on each system that meets TTFT and TPOT, whole and disaggregated, by simulation");
    t.group("What is served")
        .optional("model", &Q::model, "Id of a model of the catalogue, or the path of a config.json")
        .otherwise("the study's");
    t.optional("assume", &Q::assume, kAssumeSentence);
    t.optional("precision", &Q::precision, "Of the weights; the best of several")
        .commas()
        .otherwise("as the model is stored");
    t.optional("kv_dtype", &Q::kv_dtype, "Of the cache").otherwise("as the model is stored");
    t.optional("study", &Q::study, "A service's study: its model, engine, traffic, targets and headroom")
        .type("FILE")
        .otherwise("");
    t.group("On what").required("system", &Q::system, "Ids of systems").alias("systems").commas();
    t.optional("mode", &Q::mode,
               "Replicas that do whole requests, or that prefill and that decode; both: each sized, best: one answer");
    t.optional("engine", &Q::engine, "Whose rules and overheads; best: of all that run there");
    add_engine_start_fields(t);
    add_price_field(t);
    add_traffic_fields(t);
    t.group("Targets").optional("ttft_p99", &Q::ttft_p99, "TTFT of 99 % of the requests, ms or with a unit",
                                life_within_century);
    t.optional("tpot_p99", &Q::tpot_p99, "TPOT of 99 % of the requests, ms or with a unit", life_within_century);
    t.optional("ttft", &Q::ttft, "Mean time to the first token, in place of ttft_p99", life_within_century);
    t.optional("tpot", &Q::tpot, "Mean time of each further token, in place of tpot_p99", life_within_century);
    t.optional("share", &Q::share, "Of the requests that ttft_p99 and tpot_p99 hold for", between(0.5, 0.9999));
    t.optional("headroom", &Q::headroom, "Planned for on top of the rate, such as 0.2", between(0, 100));
    t.group("Shown").optional("pareto", &Q::pareto, "Also tokens of a user against tokens of an accelerator");
    t.optional("most_per_mtok", &Q::most_per_mtok, "With pareto: the most a million output tokens may cost, in dollars",
               Rule{.at_least = {}, .above = 0.0, .at_most = 1e9})
        .otherwise("no bound");
    t.group("A day").optional("peak_to_mean", &Q::peak_to_mean,
                              "The rate is the peak of a day, so many times its mean", between(1, 2));
    t.optional("api_per_mtok", &Q::api_per_mtok,
               "Dollars a million output tokens of an API that takes the rest: sized for peak, mean, trough",
               Rule{.at_least = {}, .above = 0.0, .at_most = 1e9})
        .otherwise("none");
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_serve_size(const SizeQuestion& question, const QuestionContext& context) {
  auto request = make_size_request(question, context);
  if (!request) return request.faults();
  context.progress(fmt::format("sizing on {} systems", request->systems.size()));
  SizeReport report{std::move(*request), {}, {}};
  report.answers = size_all(report.request);
  if (question.pareto) {
    for (const auto& system : report.request.systems) {
      // Of the system's best answer: its engine, formats and kernels.
      const FleetOption& option = std::ranges::find(report.answers, &system, &SizeAnswer::system)->option;
      ServingQuestion serving = report.request.question.serving;
      serving.engine = option.engine, serving.precision = option.precision;
      report.pareto.push_back(
          {system.id, pareto_front(*report.request.model, *option.machine, serving), system.cost.accelerator_hour});
    }
  }
  const bool served = report.answers.front().sized() != nullptr;
  return make_answer(served ? AnswerKind::answered : AnswerKind::is_no, std::move(report), format_size_text,
                     write_sizes);
}

namespace {

/// Of every system in every way.
Result<std::string> size_figures(const SizeQuestion& question, const QuestionContext& context) {
  auto request = make_size_request(question, context);
  if (!request) return request.faults();
  std::string out;
  for (const auto& system : request->systems) {
    const System& record = request->catalogue->systems.at(system.id);
    for (const auto& way : system.ways) {
      for (const FleetOption& o : way.options) {
        out += serving_figures({*request->catalogue, record, *request->model, *o.machine, o.engine, o.precision},
                               system.price) +
               "\n";
      }
    }
  }
  return out;
}

}  // namespace

Question serve_size_question() {
  return make_question(answer_serve_size,
                       {{"--model llama-3.1-8b --system hgx-h100 --rate 20 --isl 1000 --osl 200 --ttft-p99 500 "
                         "--tpot-p99 30 --mode aggregated --requests 1000",
                         "the cheapest deployment for 20 requests a second"}},
                       size_answer_fields(), {}, size_figures);
}

}  // namespace stargate
