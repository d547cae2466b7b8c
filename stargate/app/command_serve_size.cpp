// All systems and both ways are sized at once on the cores there are, then put side by side, cheapest first.
#include "stargate/app/command_serve_size.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/app/size_question.hpp"
#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"

namespace stargate {
namespace {

struct SizeAnswer {
  const SizedSystem* system = nullptr;
  bool disaggregated = false;
  FleetAnswer result = FleetShortfall{};
  FleetEconomy economy;

  const SizedFleet* sized() const { return std::get_if<SizedFleet>(&result); }
};

constexpr double kMillion = 1e6;

/// Cheapest first where a rate is served, most served first where accelerators are given; what cannot serve last.
bool comes_first(const SizeAnswer& a, const SizeAnswer& b, const SizingDemand& demand) {
  const auto *x = a.sized(), *y = b.sized();
  if (x == nullptr || y == nullptr) return x != nullptr && y == nullptr;
  if (demand.accelerators > 0) return x->best_output_per_accelerator > y->best_output_per_accelerator;
  return a.economy.rate < b.economy.rate;
}

std::vector<SizeAnswer> size_all(const SizeRequest& request, const std::string& mode) {
  std::vector<SizeAnswer> answers;
  for (const auto& system : request.systems) {
    if (mode != "disaggregated") answers.push_back({&system, false, {}, {}});
    if (mode != "aggregated") answers.push_back({&system, true, {}, {}});
  }
  for_each_parallel(answers.size(), [&](std::size_t i) {
    SizeAnswer& answer = answers[i];
    answer.result = size_fleet(*request.model, *answer.system->machine, request.question, answer.disaggregated);
    if (const auto* fleet = answer.sized()) answer.economy = fleet_economy(*fleet, answer.system->cost);
  });
  std::stable_sort(answers.begin(), answers.end(), [&](const SizeAnswer& a, const SizeAnswer& b) {
    return comes_first(a, b, request.question.demand);
  });
  return answers;
}

const char* mode_name(bool disaggregated) { return disaggregated ? "disaggregated" : "aggregated"; }

std::string losses_text(const LayoutLosses& l) {
  return fmt::format("{} by memory, {} by latency, {} by topology", l.memory, l.latency, l.topology);
}

void print_answers(const SizeRequest& request, const std::vector<SizeAnswer>& answers) {
  TextTable table({{"system", Align::left},
                   {"replicas", Align::left},
                   {"GPUs"},
                   {"req/s"},
                   {"TTFT"},
                   {"TPOT"},
                   {"tok/s each"},
                   {"tok/s a user"},
                   {"headroom"},
                   {"$/h"},
                   {"$/Mtok"},
                   {"J/tok"}});
  for (const auto& answer : answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      table.add_row({answer.system->id, fmt::format("{}: no layout serves it", mode_name(answer.disaggregated))});
      continue;
    }
    const bool all = request.question.demand.accelerators > 0;
    table.add_row({answer.system->id, format_deployment(s->deployment), std::to_string(s->deployment.accelerators()),
                   fmt::format("{:.3g}", all ? s->capacity : request.question.demand.rate),
                   format_quantity(s->at_load.ttft), format_quantity(s->at_load.tpot),
                   fmt::format("{:.0f}", s->output_per_accelerator),
                   fmt::format("{:.0f}", 1 / s->at_load.tpot_mean.in(second)),
                   all ? "-" : fmt::format("{:.0f} %", 100 * s->headroom),
                   fmt::format("{:.2f}", answer.economy.rate.in(dollar / hour)),
                   fmt::format("{:.2f}", answer.economy.per_token.base() * kMillion),
                   fmt::format("{:.2f}", answer.economy.joules_per_token)});
  }
  fmt::print("{}", table.format());
}

void print_notes(const SizeRequest& request, const std::vector<SizeAnswer>& answers) {
  for (const auto& answer : answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      const auto& shortfall = std::get<FleetShortfall>(answer.result);
      fmt::print("\n{}, {}: {}\n  layouts that lost: {}\n", answer.system->id, mode_name(answer.disaggregated),
                 shortfall.sentence, losses_text(shortfall.losses));
      continue;
    }
    const int budget = s->max_num_batched_tokens, usual = request.question.serving.engine.max_num_batched_tokens;
    const std::string setting = budget == usual ? "" : fmt::format(", with --max-num-batched-tokens {}", budget);
    fmt::print(
        "\n{}, {}{}: takes {:.3g} requests/s, {:.0f} tok/s each; the estimate before simulating was {:.0f}\n"
        "  layouts that lost: {}; price: {}\n",
        answer.system->id, mode_name(answer.disaggregated), setting, s->capacity, s->best_output_per_accelerator,
        s->estimated_output_per_accelerator, losses_text(s->losses), answer.system->price.origin);
  }
  const auto goal = [](const LatencyGoal& g) { return g.share > 0 ? "99th percentile" : "mean"; };
  fmt::print(
      "\nEngine: {}. TTFT ({}): time to the first token, waiting included. TPOT ({}): time of each further token. "
      "Tokens are output; $/Mtok and J/tok at the load.\n",
      request.question.serving.engine.name, goal(request.question.targets.ttft), goal(request.question.targets.tpot));
}

void print_pareto(const SizeRequest& request) {
  for (const auto& system : request.systems) {
    fmt::print("\nPareto front of {} (whole replicas, estimate)\n", system.id);
    TextTable table({{"tok/s a user"}, {"tok/s each"}, {"TTFT"}, {"batch"}, {"layout", Align::left}});
    for (const auto& p : pareto_front(*request.model, *system.machine, request.question.serving)) {
      table.add_row({fmt::format("{:.0f}", p.per_user), fmt::format("{:.0f}", p.per_accelerator),
                     format_quantity(p.ttft), fmt::format("{:.0f}", p.concurrency), format_layout(p.layout)});
    }
    fmt::print("{}", table.format());
  }
}

void write_layout(JsonWriter& json, const char* key, const ReplicaGroup& group) {
  json.key(key).begin_object().member("replicas", group.replicas).member("layout", format_layout(group.layout));
  json.member("accelerators", group.accelerators()).end_object();
}

void write_sized(JsonWriter& json, const SizedFleet& s, const FleetEconomy& economy) {
  json.member("accelerators", s.deployment.accelerators());
  write_layout(json, s.deployment.disaggregated() ? "decode" : "replicas", s.deployment.main);
  if (s.deployment.prefill) write_layout(json, "prefill", *s.deployment.prefill);
  json.member("max_num_batched_tokens", s.max_num_batched_tokens);
  json.member("capacity_requests_per_s", s.capacity).member("headroom", s.headroom);
  json.member("ttft_ms", s.at_load.ttft.in(millisecond)).member("tpot_ms", s.at_load.tpot.in(millisecond));
  json.member("ttft_mean_ms", s.at_load.ttft_mean.in(millisecond));
  json.member("tpot_mean_ms", s.at_load.tpot_mean.in(millisecond));
  json.member("output_tokens_per_s_per_gpu", s.output_per_accelerator);
  json.member("best_output_tokens_per_s_per_gpu", s.best_output_per_accelerator);
  json.member("estimated_output_tokens_per_s_per_gpu", s.estimated_output_per_accelerator);
  json.member("output_tokens_per_s_per_user", 1 / s.at_load.tpot_mean.in(second));
  json.member("cost_usd_per_h", economy.rate.in(dollar / hour));
  json.member("cost_usd_per_million_output_tokens", economy.per_token.base() * kMillion);
  json.member("power_w", economy.power.base()).member("energy_j_per_output_token", economy.joules_per_token);
}

void write_pareto(JsonWriter& json, const SizeRequest& request) {
  json.key("pareto").begin_array();
  for (const auto& system : request.systems) {
    for (const auto& p : pareto_front(*request.model, *system.machine, request.question.serving)) {
      json.begin_object().member("system", system.id).member("layout", format_layout(p.layout));
      json.member("output_tokens_per_s_per_user", p.per_user);
      json.member("output_tokens_per_s_per_gpu", p.per_accelerator);
      json.member("ttft_ms", p.ttft.in(millisecond)).member("concurrency", p.concurrency).end_object();
    }
  }
  json.end_array();
}

void print_json(const SizeRequest& request, const std::vector<SizeAnswer>& answers, const SizeFlags& flags) {
  JsonWriter json;
  json.begin_object()
      .member("schema_version", 1)
      .member("model", flags.model)
      .member("engine", request.question.serving.engine.name);
  json.key("answers").begin_array();
  for (const auto& answer : answers) {
    json.begin_object().member("system", answer.system->id).member("mode", mode_name(answer.disaggregated));
    json.member("meets_targets", answer.sized() != nullptr);
    if (const auto* s = answer.sized()) {
      write_sized(json, *s, answer.economy);
    } else {
      const auto& shortfall = std::get<FleetShortfall>(answer.result);
      json.member("why", shortfall.sentence).member("lost_by_memory", shortfall.losses.memory);
      json.member("lost_by_latency", shortfall.losses.latency).member("lost_by_topology", shortfall.losses.topology);
      if (shortfall.missing) json.member("missing_bytes", shortfall.missing->base());
    }
    json.end_object();
  }
  json.end_array();
  if (flags.pareto) write_pareto(json, request);
  fmt::print("{}", json.end_object().text());
}

}  // namespace

void serve_size(Session& session, const SizeFlags& flags) {
  const auto request = make_size_request(session, flags);
  if (!request) return;
  Session::progress(fmt::format("sizing on {} systems", request->systems.size()));
  const auto answers = size_all(*request, flags.mode);
  if (answers.front().sized() == nullptr) session.exit_code = kExitAnswerIsNo;
  if (flags.json) return print_json(*request, answers, flags);
  print_answers(*request, answers);
  print_notes(*request, answers);
  if (flags.pareto) print_pareto(*request);
}

}  // namespace stargate
