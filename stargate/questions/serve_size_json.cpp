// The same as JSON.
#include "stargate/questions/serve_size_day.hpp"
#include "stargate/questions/serve_size_report.hpp"
#include "stargate/questions/serving_memory.hpp"

namespace stargate {
namespace {

constexpr double kMillion = 1e6;

void write_layout(JsonWriter& json, const char* key, const ReplicaGroup& group) {
  json.key(key).begin_object().member("replicas", group.replicas).member("layout", format_layout(group.layout));
  const ServingLayout& l = group.layout;
  json.member("tp", l.tp).member("pp", l.pp).member("attention_dp", l.attention_dp).member("ep", l.ep);
  json.member("accelerators", group.accelerators()).end_object();
}

void write_length(JsonWriter& json, const char* key, const TrialLength& length) {
  json.key(key).begin_object().member("requests", length.requests).member("counted", length.counted);
  json.member("simulated_s", length.simulated.in(second)).member("batches", length.batches);
  json.member("ttft_half_width", length.ttft_half_width).member("tpot_half_width", length.tpot_half_width);
  json.member("steady", length.steady).end_object();
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
  write_length(json, "trial", s.at_capacity.length);
  write_length(json, "held", s.held);
  json.member("candidates", s.candidates).member("simulated", s.simulated).member("trials", s.trials);
  json.member("cost_usd_per_h", economy.rate.in(dollar / hour));
  json.member("cost_usd_per_million_output_tokens", economy.per_token.base() * kMillion);
  json.member("power_w", economy.power.base()).member("energy_j_per_output_token", economy.joules_per_token);
}

void write_answer(JsonWriter& json, const SizeRequest& request, const SizeAnswer& answer) {
  json.begin_object().member("system", answer.system->id);
  json.member("mode", answer.mode_name());
  json.member("meets_targets", answer.sized() != nullptr);
  if (const auto* s = answer.sized()) {
    write_sized(json, *s, answer.economy);
    write_serving_memory(json, serving_memory(answer.option.engine, s->memory));
  } else {
    const auto& shortfall = std::get<FleetShortfall>(answer.result);
    json.member("why", shortfall.sentence).member("lost_by_memory", shortfall.losses.memory);
    json.member("lost_by_latency", shortfall.losses.latency).member("lost_by_topology", shortfall.losses.topology);
    json.member("overloaded", shortfall.overloaded);
    if (shortfall.missing) json.member("missing_bytes", shortfall.missing->base());
  }
  json.member("precision", precision_name(answer.option.precision.linear));
  json.member("expert_precision", precision_name(answer.option.precision.expert));
  write_sized_days(json, request, answer);
  write_serving_basis(json, answer.basis);
  json.end_object();
}

void write_pareto(JsonWriter& json, const std::vector<SizedPareto>& fronts) {
  json.key("pareto").begin_array();
  for (const auto& front : fronts) {
    for (const auto& p : front.points) {
      json.begin_object().member("system", front.system).member("layout", format_layout(p.layout));
      json.member("output_tokens_per_s_per_user", p.per_user);
      json.member("output_tokens_per_s_per_gpu", p.per_accelerator);
      json.member("cost_usd_per_million_output_tokens", front.usd_per_mtok(p));
      json.member("ttft_ms", p.ttft.in(millisecond)).member("concurrency", p.concurrency).end_object();
    }
  }
  json.end_array();
}

}  // namespace

void write_sizes(JsonWriter& json, const SizeReport& report) {
  json.member("schema_version", 1).member("model", report.request.model->id);
  json.key("answers").begin_array();
  for (const auto& answer : report.answers) write_answer(json, report.request, answer);
  json.end_array();
  if (!report.pareto.empty()) write_pareto(json, report.pareto);
}

const AnswerFields& size_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields f{
        {"model", "text", "Its id, or its path"},
        {"answers[]/system", "text", "Id; the cheapest first, what cannot serve last"},
        {"answers[]/mode", "text", "aggregated: replicas do whole requests; disaggregated: prefill or decode"},
        {"answers[]/meets_targets", "boolean", "Whether some deployment does"},
        {"answers[]/why", "text", "Where none does: what stands in the way"},
        {"answers[]/lost_by_memory", "integer", "Layouts that do not hold the model"},
        {"answers[]/lost_by_latency", "integer", "Layouts that miss a target"},
        {"answers[]/lost_by_topology", "integer", "Layouts that the machine cannot run"},
        {"answers[]/overloaded", "boolean", "Where none does: the queue grew without end"},
        {"answers[]/precision", "text", "Of the weights"},
        {"answers[]/expert_precision", "text", "Of the experts' weights"},
        {"answers[]/candidates", "integer", "Deployments the estimate knew"},
        {"answers[]/simulated", "integer", "Of those, tried by simulation"},
        {"answers[]/trials", "integer", "Rates simulated in all"},
        {"answers[]/missing_bytes", "number", "Where memory stands in the way: of one accelerator"},
        {"answers[]/accelerators", "integer", "Of the deployment"},
        {"answers[]/max_num_batched_tokens", "integer", "The engine is to be run with"},
        {"answers[]/capacity_requests_per_s", "number", "The most within the targets"},
        {"answers[]/headroom", "number", "Capacity over the rate, less 1"},
        {"answers[]/ttft_ms", "number", "At the load, as its target counts it"},
        {"answers[]/tpot_ms", "number", "At the load, as its target counts it"},
        {"answers[]/ttft_mean_ms", "number", "At the load"},
        {"answers[]/tpot_mean_ms", "number", "At the load"},
        {"answers[]/output_tokens_per_s_per_gpu", "number", "At the load"},
        {"answers[]/best_output_tokens_per_s_per_gpu", "number", "At capacity"},
        {"answers[]/estimated_output_tokens_per_s_per_gpu", "number", "At capacity, before simulating"},
        {"answers[]/output_tokens_per_s_per_user", "number", "One over the mean TPOT"},
        {"answers[]/cost_usd_per_h", "number", "Of all accelerators"},
        {"answers[]/cost_usd_per_million_output_tokens", "number", "At the load"},
        {"answers[]/power_w", "number", "At the plug, at the load"},
        {"answers[]/energy_j_per_output_token", "number", "At the load"},
        {"pareto[]/system", "text", "Id"},
        {"pareto[]/layout", "text", "Of a replica"},
        {"pareto[]/output_tokens_per_s_per_user", "number", "By the estimate"},
        {"pareto[]/output_tokens_per_s_per_gpu", "number", "By the estimate"},
        {"pareto[]/cost_usd_per_million_output_tokens", "number", "By the estimate and the answer's price"},
        {"pareto[]/ttft_ms", "number", "By the estimate"},
        {"pareto[]/concurrency", "number", "Of a replica"}};
    add_answer_fields(f, "", sized_day_fields());
    add_answer_fields(f, "answers[]/", serving_memory_fields());
    for (const char* run : {"trial", "held"}) {
      const std::string at = std::string("answers[]/") + run + "/";
      f.push_back({at + "requests", "integer", "That came; of the trial at capacity, of the whole deployment's run"});
      f.push_back({at + "counted", "integer", "Whose latencies count: after the warm-up"});
      f.push_back({at + "simulated_s", "number", "Until the last came"});
      f.push_back({at + "batches", "integer", "Whose figures were compared"});
      f.push_back({at + "ttft_half_width", "number", "At 99 %, as a share of the figure"});
      f.push_back({at + "tpot_half_width", "number", "At 99 %, as a share of the figure"});
      f.push_back({at + "steady", "boolean", "Whether the figures were known to 5 %, or a target was clearly met"});
    }
    for (const char* side : {"replicas", "prefill", "decode"}) {
      const std::string of = std::string("answers[]/") + side + "/";
      f.push_back({of + "tp", "integer", "Tensor parallel size"});
      f.push_back({of + "pp", "integer", "Pipeline stages"});
      f.push_back({of + "attention_dp", "integer", "Groups that each attend to their own sequences"});
      f.push_back({of + "ep", "integer", "Expert groups"});
      f.push_back({std::string("answers[]/") + side + "/replicas", "integer", "Equal ones"});
      f.push_back({std::string("answers[]/") + side + "/layout", "text", "Of one"});
      f.push_back({std::string("answers[]/") + side + "/accelerators", "integer", "Of all"});
    }
    add_answer_fields(f, "answers[]/", serving_basis_fields());
    return f;
  }();
  return fields;
}

}  // namespace stargate
