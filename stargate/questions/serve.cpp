// Each system is sized on its own and the answers are put side by side, cheapest first.
#include "stargate/questions/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/serving_memory.hpp"
#include "stargate/serving/step_law.hpp"
#include "stargate/sizing/estimate.hpp"
#include "stargate/sizing/serving_ways.hpp"

namespace stargate {
namespace {

struct SystemAnswer {
  std::string system;
  std::variant<SizedService, ServingShortfall> result;
  ServingBasis basis;
  std::optional<ServingMemory> memory;  ///< of the layout chosen, or of the one that lacks least

  const SizedService* sized() const { return std::get_if<SizedService>(&result); }
};

struct ServeReport {
  std::string model;
  std::vector<SystemAnswer> answers;  ///< in the order of comes_before
};

ServingQuestion serving_question(const ServeQuestion& question, const Model& model) {
  ServingQuestion out;
  out.workload = {static_cast<double>(question.isl), static_cast<double>(question.osl), question.prefix_share};
  out.target = {duration_of(question.ttft), duration_of(question.tpot)};
  out.precision = chosen_precision(question, model);
  return out;
}

/// By price, then by accelerators; what has no price comes after what has one, and what cannot serve last.
bool comes_before(const SystemAnswer& a, const SystemAnswer& b) {
  const auto key = [](const SystemAnswer& answer) {
    const auto* sized = answer.sized();
    if (sized == nullptr) return std::tuple(true, true, Money{}, std::int64_t{0});
    return std::tuple(false, !(sized->price > Money{}), sized->price, std::int64_t{sized->accelerators});
  };
  return key(a) < key(b);
}

/// The best engine's answer.
Result<SystemAnswer> answer_system(const Catalogue& catalogue, const ExpectedErrors& errors, const Model& model,
                                   const System& system, const ServeQuestion& question) {
  ServingQuestion asked = serving_question(question, model);
  auto ways = make_serving_ways(catalogue, model, system, sized_engine_name(question.engine), {asked.precision},
                                FleetMode::aggregated, question.engine_version, engine_start_changes(question));
  if (!ways) return ways.faults();
  std::optional<SystemAnswer> best;
  for (const FleetOption& option : ways->options) {
    asked.engine = option.engine;
    auto sized = size_service(model, *option.machine, asked, {question.rate * per_second, Traffic{}.headroom});
    if (!sized) return sized.faults();
    LawShares shares;
    std::optional<ServingMemory> memory;
    if (const auto* s = std::get_if<SizedService>(&*sized)) {
      const Replica replica{&model, option.machine, s->choice.layout, asked.precision, asked.engine,
                            asked.engine.rules.speculation};
      shares = steady_law_shares(replica, asked.workload, s->at_load.decoding);
      memory = serving_memory(replica);
    }
    SystemAnswer answer{
        system.id, std::move(*sized),
        make_serving_basis(catalogue, errors, asked.engine, *option.machine, asked.precision, shares),
        std::move(memory)};
    if (!best || comes_before(answer, *best)) best = std::move(answer);
  }
  return std::move(*best);
}

std::string losses_text(const LayoutLosses& l) {
  return fmt::format("layouts that lost: {} by memory, {} by latency, {} by topology, {} cost more", l.memory,
                     l.latency, l.topology, l.costlier);
}

TextTable systems_table(const std::vector<SystemAnswer>& answers) {
  TextTable table({{"system", Align::left},
                   {"accelerators"},
                   {"replicas"},
                   {"layout", Align::left},
                   {"batch"},
                   {"TTFT"},
                   {"TPOT"},
                   {"tok/s each"},
                   {"tok/s a user"},
                   {"price"},
                   {"held back by", Align::left}});
  for (const auto& answer : answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      table.add_row({answer.system, "-", "-", "no layout serves it"});
      continue;
    }
    table.add_row({answer.system, std::to_string(s->accelerators), std::to_string(s->replicas),
                   format_layout(s->choice.layout), fmt::format("{:.0f}", s->at_load.concurrency),
                   format_quantity(s->at_load.ttft), format_quantity(s->at_load.tpot),
                   fmt::format("{:.0f}", s->output_per_accelerator.base()),
                   fmt::format("{:.0f}", 1 / s->at_load.tpot.in(second)),
                   s->price.base() > 0 ? format_quantity(s->price) : "-", binding_limit_name(s->choice.binding)});
  }
  return table;
}

std::string serve_text(const ServeReport& report) {
  std::string out = systems_table(report.answers).format();
  for (const auto& answer : report.answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      const auto& shortfall = std::get<ServingShortfall>(answer.result);
      out += fmt::format("\n{}: {}\n  {}\n", answer.system, shortfall.sentence, losses_text(shortfall.losses));
      continue;
    }
    out += fmt::format("\n{}: {}\n  a step: {}\n  {}\n", answer.system, s->sentence, explain(s->at_load.mean_step),
                       losses_text(s->choice.losses));
    if (answer.memory) out += format_serving_memory(*answer.memory, "  ");
    out += format_serving_basis(answer.basis, "  ");
  }
  return out +
         "\nTTFT: mean time to the first token, waiting included. TPOT: mean time of each further token, (E2E - TTFT) "
         "/ (osl - 1).\n";
}

void write_system(JsonWriter& json, const SystemAnswer& answer) {
  json.begin_object().member("system", answer.system);
  write_serving_basis(json, answer.basis);
  if (answer.memory) write_serving_memory(json, *answer.memory);
  const auto* s = answer.sized();
  json.member("meets_targets", s != nullptr);
  if (s == nullptr) {
    const auto& shortfall = std::get<ServingShortfall>(answer.result);
    json.member("why", shortfall.sentence);
    if (shortfall.missing) json.member("missing_bytes", shortfall.missing->base());
  } else {
    json.member("accelerators", s->accelerators).member("replicas", s->replicas).member("systems", s->systems);
    json.member("layout", format_layout(s->choice.layout)).member("price_usd", s->price.base());
    json.member("ttft_ms", s->at_load.ttft.in(millisecond)).member("tpot_ms", s->at_load.tpot.in(millisecond));
    json.member("concurrency", s->at_load.concurrency);
    json.member("output_tokens_per_s_per_gpu", s->output_per_accelerator.base());
    json.member("best_output_tokens_per_s_per_gpu", s->choice.output_per_accelerator.base());
    json.member("output_tokens_per_s_per_user", 1 / s->at_load.tpot.in(second));
    json.member("limit", binding_limit_name(s->choice.binding)).member("sentence", s->sentence);
  }
  json.end_object();
}

void write_serve(JsonWriter& json, const ServeReport& report) {
  json.member("schema_version", 1).member("model", report.model).key("answers").begin_array();
  for (const auto& answer : report.answers) write_system(json, answer);
  json.end_array();
}

}  // namespace

const QuestionTable<ServeQuestion>& ServeQuestion::table() {
  using Q = ServeQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("serve", "Accelerators a traffic needs under TTFT and TPOT targets, on one or more systems");
    t.group("What is served");
    t.required("model", &Q::model, "Id of a model of the catalogue, or the path of a config.json");
    t.optional("assume", &Q::assume, kAssumeSentence);
    add_precision_fields(t);
    t.group("On what").required("system", &Q::system, "Ids of systems").alias("systems").commas();
    t.optional("engine", &Q::engine, "Whose rules and overheads; best: of all that run there");
    add_engine_start_fields(t);
    t.group("Traffic").required("rate", &Q::rate, "Requests a second", {.at_least = {}, .above = 0.0, .at_most = 1e9});
    t.required("isl", &Q::isl, "Input tokens of a request", {.at_least = 1.0, .above = {}, .at_most = 1e8});
    t.required("osl", &Q::osl, "Output tokens of a request", {.at_least = 1.0, .above = {}, .at_most = 1e8});
    t.optional("prefix_share", &Q::prefix_share, "Share of the input found in a cache",
               {.at_least = 0.0, .above = {}, .at_most = 0.99});
    t.group("Targets").optional("ttft", &Q::ttft, "Mean time to the first token, ms or with a unit",
                                life_within_century);
    t.optional("tpot", &Q::tpot, "Mean time of each further token, ms or with a unit", life_within_century);
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_serve(const ServeQuestion& question, const QuestionContext& context) {
  auto catalogue = load_changed_catalogue(context, question);
  if (!catalogue) return catalogue.faults();
  catalogue->confidence = question.confidence;
  auto model_id = resolve_model(context, *catalogue, question.model, question.assume);
  if (!model_id) return model_id.faults();
  const Model& model = catalogue->models.at(*model_id);
  if (auto start = check_engine_start(context, question, sized_engine_name(question.engine)); !start) {
    return start.faults();
  }
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  ServeReport report{*model_id, {}};
  for (const auto& id : question.system) {
    context.progress("sizing on " + id);
    auto system = find_system(context, *catalogue, "system", id);
    if (!system) return system.faults();
    auto answer = answer_system(*catalogue, *errors, model, **system, question);
    if (!answer) return answer.faults();
    report.answers.push_back(std::move(*answer));
  }
  std::stable_sort(report.answers.begin(), report.answers.end(), comes_before);
  const bool served = report.answers.front().sized() != nullptr;
  return make_answer(served ? AnswerKind::answered : AnswerKind::is_no, std::move(report), serve_text, write_serve);
}

Question serve_question() {
  AnswerFields fields{
      {"model", "text", "Its id, or its path"},
      {"answers[]/system", "text", "Id; the cheapest first, what cannot serve last"},
      {"answers[]/meets_targets", "boolean", "Whether some layout serves the traffic within the targets"},
      {"answers[]/why", "text", "Where none does: what stands in the way"},
      {"answers[]/missing_bytes", "number", "Where memory does: of one accelerator"},
      {"answers[]/accelerators", "integer", "In all replicas"},
      {"answers[]/replicas", "integer", "Equal ones"},
      {"answers[]/systems", "integer", "As they are bought"},
      {"answers[]/layout", "text", "Of a replica"},
      {"answers[]/price_usd", "number", "Of the systems"},
      {"answers[]/ttft_ms", "number", "Mean, waiting included"},
      {"answers[]/tpot_ms", "number", "Mean of each further token"},
      {"answers[]/concurrency", "number", "Requests in flight of a replica"},
      {"answers[]/output_tokens_per_s_per_gpu", "number", "At the traffic asked for"},
      {"answers[]/best_output_tokens_per_s_per_gpu", "number", "The most within the targets"},
      {"answers[]/output_tokens_per_s_per_user", "number", "One over TPOT"},
      {"answers[]/limit", "text", "What more of would help most"},
      {"answers[]/sentence", "text", "The answer in words"}};
  add_answer_fields(fields, "answers[]/", serving_memory_fields());
  add_answer_fields(fields, "answers[]/", serving_basis_fields());
  return make_question(answer_serve,
                       {{"--model llama-3.1-70b --system hgx-h100,hgx-h200 --rate 20 --isl 2000 --osl 300 --ttft 500 "
                         "--tpot 50",
                         "two systems side by side"}},
                       std::move(fields));
}

}  // namespace stargate
