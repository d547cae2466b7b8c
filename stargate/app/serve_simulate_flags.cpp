// The flags of `stargate serve simulate`, by their names in vLLM where it has them.
#include <CLI/CLI.hpp>

#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/app/command_service_study.hpp"
#include "stargate/fleet/fleet_spec.hpp"

namespace stargate {
namespace {

template <class E>
CLI::IsMember names_of() {
  std::vector<std::string> names;
  for (const auto& [name, value] : EnumNames<E>::names) names.emplace_back(name);
  return CLI::IsMember(names);
}
CLI::IsMember on_or_off() { return CLI::IsMember({"on", "off"}); }

std::vector<std::string> known_routers() {
  std::vector<std::string> names;
  for (const auto& [name, policy] : router_policies()) names.emplace_back(name);
  return names;
}

void add_replica_flags(CLI::App& command, ReplicaFlags& flags) {
  command.add_option("--model", flags.model, "Id of a model of the catalogue, or the path of a config.json");
  command.add_option("--system", flags.system, "Id of a system of the catalogue");
  command.add_option("--tp", flags.tp, "Tensor parallel size of a replica")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--pp", flags.pp, "Pipeline parallel size")->capture_default_str()->check(CLI::PositiveNumber);
  command.add_option("--ep", flags.ep, "Expert parallel size")->capture_default_str()->check(CLI::PositiveNumber);
  command.add_option("--attention-dp", flags.attention_dp, "Groups of TP ranks that attend to sequences of their own")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--replicas", flags.replicas, "Replicas; with --prefill-replicas, those that decode")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  command.add_option("--precision", flags.precision, "Of the weights; else as the model is stored")
      ->check(names_of<Precision>());
  command.add_option("--kv-dtype", flags.kv_dtype, "Of the cache; else as the model is stored")
      ->check(names_of<Precision>());
}

void add_engine_flags(CLI::App& command, EngineFlags& flags) {
  command.add_option("--engine", flags.engine, "Whose rules and overheads")
      ->capture_default_str()
      ->check(CLI::IsMember({"vllm", "sglang", "trtllm", "static"}));
  command.add_option("--engine-version", flags.version, "Else the newest the catalogue has");
  command.add_option("--max-num-seqs", flags.max_num_seqs, "Sequences that run at once")->check(CLI::PositiveNumber);
  command.add_option("--max-num-batched-tokens", flags.max_num_batched_tokens, "Tokens of one step")
      ->check(CLI::PositiveNumber);
  command.add_option("--gpu-memory-utilization", flags.gpu_memory_utilization, "Share of the memory it may use")
      ->check(CLI::Range(0.05, 1.0));
  command.add_option("--block-size", flags.block_size, "Tokens of a cache block")->check(CLI::Range(1, 4096));
  command.add_option("--prefix-caching", flags.prefix_caching, "Blocks of equal beginnings are kept and shared")
      ->check(on_or_off());
  command.add_option("--chunked-prefill", flags.chunked_prefill, "Prompts in pieces beside the decodes")
      ->check(on_or_off());
  command
      .add_option("--long-prefill-token-threshold", flags.long_prefill_token_threshold, "Largest piece of one prompt")
      ->check(CLI::PositiveNumber);
  command.add_option("--scheduling-policy", flags.policy, "Order of those that wait")
      ->capture_default_str()
      ->check(CLI::IsMember({"fcfs", "priority"}));
  command.add_option("--capacity-policy", flags.admission, "TensorRT-LLM: who is let in")
      ->check(CLI::IsMember({"guaranteed_no_evict", "max_utilization"}));
  command.add_option("--preemption-mode", flags.preemption, "What becomes of the cache of who gives way")
      ->capture_default_str()
      ->check(CLI::IsMember({"recompute", "swap"}));
  command.add_flag("--enable-mixed-chunk", flags.mixed_chunks, "SGLang: decodes join the steps that prefill");
  command.add_option("--num-speculative-tokens", flags.draft_tokens, "Draft tokens a step (MTP, EAGLE)")
      ->check(CLI::Range(0, 32));
  command
      .add_option("--acceptance-rate", flags.acceptance_rate, "That a draft token is accepted after those before it")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("--walk-every-step", flags.walk_every_step,
                   "No fast-forward between events: slower, the same answer");
}

void add_traffic_flags(CLI::App& command, TrafficFlags& flags) {
  command
      .add_option("--traffic", flags.trace,
                  "A trace (Azure, Mooncake, BurstGPT, Vidur, ServeGen; by its header), or poisson")
      ->capture_default_str();
  command.add_option("--rate", flags.rate, "Mean requests a second; a trace is stretched to it")
      ->check(CLI::Range(1e-6, 1e9));
  command.add_option("--cv", flags.cv, "Coefficient of variation of the gaps: 1 Poisson, 0 a clock, above 1 bursts")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  command.add_option("--concurrency", flags.concurrency, "Closed loop: so many clients, each waiting for its answer")
      ->check(CLI::PositiveNumber);
  command.add_option("--isl", flags.isl, "Prompt tokens: 1024, uniform(800, 1000) or lognormal(1155, 1.4)")
      ->capture_default_str();
  command.add_option("--osl", flags.osl, "Output tokens, likewise")->capture_default_str();
  command.add_option("--requests", flags.requests, "Requests; of poisson, 1000 unless a duration is given")
      ->check(CLI::PositiveNumber);
  command.add_option("--duration", flags.duration_s, "Seconds of traffic")->check(CLI::Range(1e-3, 1e9));
  command.add_option("--from", flags.from_s, "Of a trace: seconds to pass over")->check(CLI::NonNegativeNumber);
  command.add_option("--shared-prefix", flags.shared_prefix, "Tokens that all prompts begin with, beside --isl")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--turns", flags.turns, "Mean turns of a conversation, whose context grows")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1000.0));
  command.add_option("--think-time", flags.think_s, "Mean seconds between an answer and the next turn")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--seed", flags.seed, "Of the random numbers")->capture_default_str();
}

}  // namespace

void add_serve_simulate(CLI::App& serve, Session& session) {
  auto* command = serve.add_subcommand(
      "simulate",
      "Replicas under a trace or random traffic: latencies, goodput, batch, cache, power and cost over time");
  auto flags = std::make_shared<SimulateFlags>();
  command->add_option("study", flags->study,
                      "A service's study: sized, run and priced; instead of --model and --system");
  add_replica_flags(*command, flags->replica);
  add_engine_flags(*command, flags->engine);
  add_traffic_flags(*command, flags->traffic);
  command->add_option("--prefill-replicas", flags->prefill.replicas, "Disaggregated: replicas that only prefill")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--prefill-tp", flags->prefill.tp, "Their tensor parallel size; else the same")
      ->check(CLI::PositiveNumber);
  command->add_option("--router", flags->router, "Which replica a request goes to")
      ->capture_default_str()
      ->check(CLI::IsMember(known_routers()));
  command->add_option("--ttft", flags->ttft, "Target of a request's TTFT, ms or with a unit");
  command->add_option("--tpot", flags->tpot, "Target of a request's TPOT, ms or with a unit");
  command->add_option("--price", flags->price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership");
  command
      ->add_option("--trace", flags->trace_file,
                   "Write a timeline of steps and requests (.pftrace, for ui.perfetto.dev)")
      ->type_name("FILE");
  command->add_option("--requests-csv", flags->requests_csv, "Write a row a request")->type_name("FILE");
  command->add_flag("--json", flags->json, "Print JSON");
  command
      ->add_option("--set", flags->changes.set,
                   "Change a value: path=value, or +10%, x2; a record's path begins with kind:id")
      ->type_name("PATH=VALUE");
  command->callback([&session, flags] {
    if (flags->study.empty()) return serve_simulate(session, *flags);
    simulate_service_study(session, {flags->study, flags->requests_csv, flags->price, flags->json, flags->changes});
  });
}

}  // namespace stargate
