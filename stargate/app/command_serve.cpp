// Each system is sized on its own and the answers are put side by side, cheapest first.
#include "stargate/app/command_serve.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/sizing/estimate.hpp"

namespace stargate {
namespace {

struct SystemAnswer {
  std::string system;
  std::variant<SizedService, ServingShortfall> result;
  LawOrigin origin = LawOrigin::specification;
  std::string basis;  ///< what the device law rests on, with the error to expect

  const SizedService* sized() const { return std::get_if<SizedService>(&result); }
};

void write_answer(JsonWriter& json, const SystemAnswer& answer) {
  json.begin_object().member("system", answer.system).member("device_law", law_origin_name(answer.origin));
  json.member("law_basis", answer.basis);
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

std::string losses_text(const LayoutLosses& l) {
  return fmt::format("layouts that lost: {} by memory, {} by latency, {} by topology, {} cost more", l.memory,
                     l.latency, l.topology, l.costlier);
}

void print_text(const std::vector<SystemAnswer>& answers) {
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
  fmt::print("{}", table.format());
  for (const auto& answer : answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      const auto& shortfall = std::get<ServingShortfall>(answer.result);
      fmt::print("\n{}: {}\n  {}\n", answer.system, shortfall.sentence, losses_text(shortfall.losses));
      continue;
    }
    fmt::print("\n{}: {}\n  a step: {}\n  {}; device law: {}\n", answer.system, s->sentence,
               explain(s->at_load.mean_step), losses_text(s->choice.losses), answer.basis);
  }
  fmt::print(
      "\nTTFT: mean time to the first token, waiting included. TPOT: mean time of each further token, (E2E - TTFT) / "
      "(osl - 1).\n");
}

std::optional<SystemAnswer> size_system(Session& session, const Catalogue& catalogue, const Model& model,
                                  const std::string& id, const std::pair<ServingQuestion, Traffic>& asked) {
  const auto system = catalogue.systems.find(id);
  if (system == catalogue.systems.end()) {
    session.fail("there is no system '" + id + "'", suggest_name(id, record_ids(catalogue, "system")));
    return std::nullopt;
  }
  auto machine = make_serving_machine(catalogue, system->second, kernel_choice(model));
  if (!machine) return session.fail(machine.faults()), std::nullopt;
  auto sized = size_service(model, *machine, asked.first, asked.second);
  if (!sized) return session.fail(sized.faults()), std::nullopt;
  const std::array used{asked.first.precision.linear, asked.first.precision.expert};
  return SystemAnswer{id, std::move(*sized), machine->law.origin(used), format_law_basis(machine->law, used)};
}

/// What the command cannot do without.
bool has_all(Session& session, const ServeFlags& flags) {
  const std::pair<bool, const char*> needed[] = {{!flags.model.empty(), "--model"},
                                                 {!flags.systems.empty(), "--system"},
                                                 {flags.rate > 0, "--rate"},
                                                 {flags.isl > 0, "--isl"},
                                                 {flags.osl > 0, "--osl"}};
  for (const auto& [given, name] : needed) {
    if (!given) session.fail(std::string(name) + " is required");
  }
  return session.exit_code == kExitAnswered;
}

}  // namespace

/// A flag such as "300 ms"; a bare number is milliseconds, as the field's tools have it.
std::optional<Duration> read_latency(Session& session, const char* flag, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const bool bare = text.find_first_not_of("0123456789.") == std::string::npos;
  auto parsed = parse_quantity<Dim{.second = 1}>(bare ? text + " ms" : text);
  if (const auto* fault = std::get_if<QuantityFault>(&parsed)) {
    session.fail(std::string(flag) + " " + text + ": " + fault->message);
    return std::nullopt;
  }
  return std::get<Duration>(parsed);
}

void serve(Session& session, const ServeFlags& flags) {
  if (!has_all(session, flags)) return;
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  auto model_id = resolve_model(session.files, *catalogue, flags.model);
  if (!model_id) return session.fail(model_id.faults());
  const Model& model = catalogue->models.at(*model_id);
  ServingQuestion question;
  question.workload = {static_cast<double>(flags.isl), static_cast<double>(flags.osl), flags.prefix_share};
  question.target = {read_latency(session, "--ttft", flags.ttft), read_latency(session, "--tpot", flags.tpot)};
  question.precision = stored_precision(model);
  for (const auto& [name, value] : EnumNames<Precision>::names) {
    if (flags.precision == name) question.precision = serving_precision(value, model.kv_precision);
  }
  if (const auto* engine = find_engine(*catalogue, kUsualEngine)) question.engine = *engine;
  if (session.exit_code != kExitAnswered) return;
  const Traffic traffic{flags.rate * per_second, Traffic{}.headroom};
  std::vector<SystemAnswer> answers;
  for (const auto& id : flags.systems) {
    Session::progress("sizing on " + id);
    auto answer = size_system(session, *catalogue, model, id, {question, traffic});
    if (!answer) return;
    answers.push_back(std::move(*answer));
  }
  // Cheapest first where prices are known, then fewest accelerators; what cannot serve last.
  std::stable_sort(answers.begin(), answers.end(), [](const SystemAnswer& a, const SystemAnswer& b) {
    const auto *x = a.sized(), *y = b.sized();
    if (x == nullptr || y == nullptr) return x != nullptr && y == nullptr;
    if (x->price.base() > 0 && y->price.base() > 0) return x->price < y->price;
    return x->accelerators < y->accelerators;
  });
  if (answers.front().sized() == nullptr) session.exit_code = kExitAnswerIsNo;
  if (!flags.json) return print_text(answers);
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("model", flags.model).key("answers").begin_array();
  for (const auto& answer : answers) write_answer(json, answer);
  fmt::print("{}", json.end_array().end_object().text());
}

}  // namespace stargate
