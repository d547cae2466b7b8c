// The table of `stargate serve simulate`, by vLLM's names where it has them.
#include "stargate/questions/serve_simulate.hpp"
#include "stargate/questions/serve_simulate_report.hpp"
#include "stargate/questions/serving_figures.hpp"

namespace stargate {
namespace {

using Q = SimulateQuestion;
const Rule one_or_more{.at_least = 1.0, .above = {}, .at_most = 1e8};
Rule between(double low, double high) { return {.at_least = low, .above = {}, .at_most = high}; }

std::string router_sentence() { return "Which replica a request goes to: " + router_policy_names(); }

void add_replica_fields(QuestionTable<Q>& t) {
  t.group("What is served")
      .required("model", &Q::model, "Id of a model of the catalogue, or the path of a config.json");
  t.optional("assume", &Q::assume, kAssumeSentence);
  add_precision_fields(t);
  t.group("Replicas").required("system", &Q::system, "Id of a system of the catalogue");
  t.optional("tp", &Q::tp, "Tensor parallel size of a replica", one_or_more);
  t.optional("pp", &Q::pp, "Pipeline parallel size", one_or_more);
  t.optional("ep", &Q::ep, "Expert parallel size", one_or_more);
  t.optional("attention_dp", &Q::attention_dp, "Groups of TP ranks that attend to sequences of their own", one_or_more);
  t.optional("replicas", &Q::replicas, "Replicas; with --prefill-replicas, those that decode", between(1, 100'000));
  t.optional("prefill_replicas", &Q::prefill_replicas, "Disaggregated: replicas that only prefill",
             between(1, 100'000));
  t.optional("prefill_tp", &Q::prefill_tp, "Their tensor parallel size", one_or_more).otherwise("the same");
  t.optional("prefill_pp", &Q::prefill_pp, "Their pipeline parallel size", one_or_more).otherwise("the same");
  t.optional("prefill_ep", &Q::prefill_ep, "Their expert parallel size", one_or_more).otherwise("the same");
  t.optional("prefill_attention_dp", &Q::prefill_attention_dp, "Their attention groups", one_or_more)
      .otherwise("the same");
  static const std::string router = router_sentence();
  t.optional("router", &Q::router, router.c_str());
}

void add_engine_fields(QuestionTable<Q>& t) {
  t.group("Engine").optional("engine", &Q::engine, "Whose rules and overheads; best: the fastest of all that run there");
  t.optional("engine_version", &Q::engine_version, "Version of it").otherwise("the newest the catalogue has");
  t.optional("max_num_seqs", &Q::max_num_seqs, "Sequences that run at once", one_or_more).otherwise("the engine's");
  t.optional("max_num_batched_tokens", &Q::max_num_batched_tokens, "Tokens of one step", one_or_more)
      .otherwise("the engine's");
  t.optional("gpu_memory_utilization", &Q::gpu_memory_utilization, "Share of the memory it may use (SGLang: mem_fraction_static)",
             between(0.05, 1))
      .otherwise("its version's");
  t.optional("max_model_len", &Q::max_model_len, "Longest sequence, which must have room for it to start", one_or_more)
      .otherwise("the model's, not asked for");
  t.optional("block_size", &Q::block_size, "Tokens of a cache block", between(1, 4096)).otherwise("the engine's");
  t.optional("prefix_caching", &Q::prefix_caching, "Blocks of equal beginnings are kept and shared")
      .otherwise("the engine's");
  t.optional("chunked_prefill", &Q::chunked_prefill, "Prompts in pieces beside the decodes").otherwise("the engine's");
  t.optional("long_prefill_token_threshold", &Q::long_prefill_token_threshold, "Largest piece of one prompt",
             one_or_more);
  t.optional("scheduling_policy", &Q::scheduling_policy, "Order of those that wait");
  t.optional("capacity_policy", &Q::capacity_policy, "TensorRT-LLM: who is let in").otherwise("the engine's");
  t.optional("preemption_mode", &Q::preemption_mode, "What becomes of the cache of who gives way");
  t.optional("enable_mixed_chunk", &Q::enable_mixed_chunk, "SGLang: decodes join the steps that prefill");
  t.optional("num_speculative_tokens", &Q::num_speculative_tokens, "Draft tokens a step (MTP, EAGLE)", between(0, 32));
  t.optional("acceptance_rate", &Q::acceptance_rate, "That a draft token is accepted after those before it", fraction);
  t.optional("static_batch", &Q::static_batch, "A batch is formed and runs until its last sequence ends");
  t.optional("fresh_server", &Q::fresh_server, "It has just started: the first prompts find it cold (warm_up)");
  t.optional("walk_every_step", &Q::walk_every_step, "No fast-forward between events: slower, the same answer");
}

void add_traffic_fields(QuestionTable<Q>& t) {
  t.group("Traffic")
      .optional("traffic", &Q::traffic,
                "A trace (Azure, Mooncake, BurstGPT, Vidur, ServeGen; by its header), or poisson")
      .type("FILE");
  t.optional("rate", &Q::rate, "Mean requests a second; a trace is stretched to it", between(1e-6, 1e9))
      .otherwise("the trace's");
  t.optional("cv", &Q::cv, "Coefficient of variation of the gaps: 1 Poisson, 0 a clock, above 1 bursts",
             between(0, 100));
  t.optional("concurrency", &Q::concurrency, "Closed loop: so many clients, each waiting for its answer", one_or_more)
      .otherwise("an open loop");
  t.optional("isl", &Q::isl, "Prompt tokens: 1024, uniform(800, 1000) or lognormal(1155, 1.4)");
  t.optional("osl", &Q::osl, "Output tokens, likewise");
  t.optional("requests", &Q::requests, "Requests", one_or_more)
      .otherwise("a trace's; of poisson 1000, or the duration's");
  t.optional("duration", &Q::duration, "Seconds of traffic", between(1e-3, 1e9)).otherwise("no bound");
  t.optional("from", &Q::from, "Of a trace: seconds to pass over", between(0, 1e9));
  t.optional("shared_prefix", &Q::shared_prefix, "Tokens that all prompts begin with, beside isl", between(0, 1e8));
  t.optional("turns", &Q::turns, "Mean turns of a conversation, whose context grows", between(1, 1000));
  t.optional("think_time", &Q::think_time, "Mean seconds between an answer and the next turn", between(0, 1e9));
  t.optional("seed", &Q::seed, "Of the random numbers", not_negative);
}

}  // namespace

const QuestionTable<SimulateQuestion>& SimulateQuestion::table() {
  static const auto table = [] {
    QuestionTable<Q> t(
        "serve simulate",
        "Replicas under a trace or random traffic: latencies, goodput, batch, cache, power and cost over time");
    add_replica_fields(t);
    add_engine_fields(t);
    add_traffic_fields(t);
    t.group("Targets and price")
        .optional("ttft", &Q::ttft, "Target of a request's TTFT, ms or with a unit", life_within_century);
    t.optional("tpot", &Q::tpot, "Target of a request's TPOT, ms or with a unit", life_within_century);
    add_price_field(t);
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

namespace {

/// Of the replica; one that does not fit is told at once, without simulation.
Result<std::string> simulation_figures(const SimulateQuestion& question, const QuestionContext& context) {
  auto made = make_simulation(question, context);
  if (!made) return made.faults();
  const auto* owned = std::get_if<std::unique_ptr<Simulation>>(&*made);
  if (owned == nullptr) return std::string();
  const Simulation& s = **owned;
  return serving_figures({*s.catalogue, *s.system, *s.model, *s.machine, s.engine, s.precision}, s.price);
}

}  // namespace

Question serve_simulate_question() {
  return make_question(
      answer_serve_simulate,
      {{"--model llama-3.1-8b --system hgx-h100 --rate 20 --isl 1000 --osl 200", "one replica of one accelerator"},
       {"--model deepseek-v3 --system hgx-h200 --tp 8 --ep 8 --concurrency 64 --requests 200 --isl 4000 --osl 1000 "
        "--engine sglang",
        "a closed loop of 64 clients"}},
      simulation_answer_fields(),
      {{"trace", "FILE", "A timeline of steps and requests (.pftrace, for ui.perfetto.dev)"},
       {"requests_csv", "FILE", "A row a request"}},
      simulation_figures);
}

}  // namespace stargate
