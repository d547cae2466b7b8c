// A line a deployment, the best first; then what decided, and where the figures come from.
#include <fmt/format.h>

#include "stargate/base/text_table.hpp"
#include "stargate/questions/serve_size_day.hpp"
#include "stargate/questions/serve_size_report.hpp"
#include "stargate/questions/serving_memory.hpp"

namespace stargate {
namespace {

constexpr double kMillion = 1e6;

std::string losses_text(const LayoutLosses& l) {
  return fmt::format("{} by memory, {} by latency, {} by topology", l.memory, l.latency, l.topology);
}

std::string answers_text(const SizeRequest& request, const std::vector<SizeAnswer>& answers) {
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
      table.add_row({answer.system->id, fmt::format("{}: no layout serves it", answer.mode_name())});
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
  return table.format();
}

/// How long the trial at capacity ran, and how sure its figures are.
std::string trial_text(const TrialResult& trial, const SizingTargets& targets) {
  const TrialLength& l = trial.length;
  std::string out = fmt::format("  its trial: {} requests in {}, {} counted in {} batches", l.requests,
                                format_quantity(l.simulated), l.counted, l.batches);
  if (targets.ttft.limit) out += fmt::format(", TTFT to {:.1f} %", 100 * l.ttft_half_width);
  if (targets.tpot.limit) out += fmt::format(", TPOT to {:.1f} %", 100 * l.tpot_half_width);
  return out + (l.steady ? "\n" : "; it ended before they were steady\n");
}

std::string notes_text(const SizeRequest& request, const std::vector<SizeAnswer>& answers) {
  std::string out;
  for (const auto& answer : answers) {
    const auto* s = answer.sized();
    if (s == nullptr) {
      const auto& shortfall = std::get<FleetShortfall>(answer.result);
      out += fmt::format("\n{}, {}: {}\n  layouts that lost: {}\n", answer.system->id, answer.mode_name(),
                         shortfall.sentence, losses_text(shortfall.losses));
      out += format_serving_basis(answer.basis, "  ");
      continue;
    }
    const int budget = s->max_num_batched_tokens, usual = answer.option.engine.max_num_batched_tokens;
    const std::string setting = budget == usual ? "" : fmt::format(", with --max-num-batched-tokens {}", budget);
    out += fmt::format(
        "\n{}, {}{}: takes {:.3g} requests/s, {:.0f} tok/s each; the estimate before simulating was {:.0f}\n"
        "  layouts that lost: {}; price: {}\n"
        "  tried {} of {} deployments in {} trials; the whole deployment held its targets for {} requests in {}\n",
        answer.system->id, answer.mode_name(), setting, s->capacity, s->best_output_per_accelerator,
        s->estimated_output_per_accelerator, losses_text(s->losses), answer.system->price.origin, s->simulated,
        s->candidates, s->trials, s->held.requests, format_quantity(s->held.simulated));
    if (answer.system->accelerators > 0) {
      out += fmt::format("  asked of {} accelerators, of {} at the plug at their most and {} each\n",
                         answer.system->accelerators, format_quantity(answer.system->cost.power.busy),
                         format_quantity(answer.system->price.mid));
    }
    out += trial_text(s->at_capacity, request.question.targets);
    out += format_serving_memory(serving_memory(answer.option.engine, s->memory), "  ");
    out += format_serving_basis(answer.basis, "  ");
  }
  const auto goal = [](const LatencyGoal& g) { return g.share > 0 ? fmt::format("of {:g} %", 100 * g.share) : "mean"; };
  return out + fmt::format(
                   "\nTTFT ({}): time to the first token, waiting included. TPOT ({}): time of each further token. "
                   "Tokens are output; $/Mtok and J/tok at the load.\n",
                   goal(request.question.targets.ttft), goal(request.question.targets.tpot));
}

/// The fastest for a user within the price.
std::string within_text(const SizedPareto& front, double most) {
  const ParetoPoint* fastest = nullptr;
  for (const auto& p : front.points) {
    if (front.usd_per_mtok(p) <= most && (fastest == nullptr || p.per_user > fastest->per_user)) fastest = &p;
  }
  if (fastest == nullptr) return fmt::format("  nothing here costs at most {:g} $ a million output tokens\n", most);
  return fmt::format("  within {:g} $ a million output tokens a user has up to {:.0f} tok/s ({:.2f} $)\n", most,
                     fastest->per_user, front.usd_per_mtok(*fastest));
}

std::string pareto_text(const SizedPareto& front, const std::optional<double>& most) {
  TextTable table({{"tok/s a user"}, {"tok/s each"}, {"$/Mtok"}, {"TTFT"}, {"batch"}, {"layout", Align::left}});
  for (const auto& p : front.points) {
    table.add_row({fmt::format("{:.0f}", p.per_user), fmt::format("{:.0f}", p.per_accelerator),
                   front.price > MoneyRate{} ? fmt::format("{:.2f}", front.usd_per_mtok(p)) : "-",
                   format_quantity(p.ttft),
                   fmt::format("{:.0f}", p.concurrency), format_layout(p.layout)});
  }
  return fmt::format("\nPareto front of {} (whole replicas, estimate)\n", front.system) + table.format() +
         (most ? within_text(front, *most) : "");
}

}  // namespace

std::string format_size_text(const SizeReport& report) {
  std::string out = answers_text(report.request, report.answers) + notes_text(report.request, report.answers);
  for (const auto& answer : report.answers) out += format_sized_days(report.request, answer);
  for (const auto& front : report.pareto) out += pareto_text(front, report.request.most_per_mtok);
  return out;
}

}  // namespace stargate
