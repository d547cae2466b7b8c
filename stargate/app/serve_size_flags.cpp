// The flags of `stargate serve size`.
#include <CLI/CLI.hpp>

#include "stargate/app/command_serve_size.hpp"

namespace stargate {
namespace {

CLI::IsMember precision_names() {
  std::vector<std::string> names;
  for (const auto& [name, value] : EnumNames<Precision>::names) names.emplace_back(name);
  return CLI::IsMember(names);
}

void add_traffic(CLI::App& command, SizeTrafficFlags& flags) {
  command.add_option("--traffic", flags.trace, "A trace (Azure, Mooncake, BurstGPT, Vidur, ServeGen; by its header)")
      ->type_name("FILE");
  command.add_option("--rate", flags.rate, "Requests a second to serve; of a trace, else its busiest minute's")
      ->check(CLI::PositiveNumber);
  command.add_option("--cv", flags.cv, "Coefficient of variation of the gaps: 1 Poisson, above 1 bursts")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  command.add_option("--isl", flags.isl, "Input tokens: 4000, uniform(800, 1000) or lognormal(1155, 1.4)")
      ->capture_default_str();
  command.add_option("--osl", flags.osl, "Output tokens, likewise")->capture_default_str();
  command.add_option("--prefix", flags.prefix, "Tokens of the input that all requests share and a cache holds")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--requests", flags.requests, "At most, of a trial that does not become steady before")
      ->capture_default_str()
      ->check(CLI::Range(1000, 10'000'000));
  command.add_option("--seed", flags.seed, "Of the random numbers")->capture_default_str();
}

}  // namespace

void add_serve_size(CLI::App& serve, Session& session) {
  auto* command = serve.add_subcommand(
      "size",
      "The cheapest deployment on each system that meets TTFT and TPOT, whole and disaggregated, by simulation");
  auto flags = std::make_shared<SizeFlags>();
  command->add_option("--model", flags->model, "Id of a model of the catalogue, or the path of a config.json")
      ->required();
  command->add_option("--system,--systems", flags->systems, "Ids of systems, with commas")->required()->delimiter(',');
  add_traffic(*command, flags->traffic);
  command->add_option("--gpus", flags->accelerators, "All that so many accelerators serve, in place of --rate")
      ->check(CLI::PositiveNumber);
  auto& targets = flags->targets;
  command->add_option("--ttft-p99", targets.ttft_p99, "Target: TTFT of 99 % of the requests, ms or with a unit");
  command->add_option("--tpot-p99", targets.tpot_p99, "Target: TPOT of 99 % of the requests, ms or with a unit");
  command->add_option("--ttft", targets.ttft, "Target: mean time to the first token, in place of --ttft-p99");
  command->add_option("--tpot", targets.tpot, "Target: mean time of each further token, in place of --tpot-p99");
  command->add_option("--headroom", flags->headroom, "Planned for on top of the rate, such as 0.2")
      ->check(CLI::Range(0.0, 100.0));
  command->add_option("--mode", flags->mode, "Replicas that do whole requests, or that prefill and that decode")
      ->capture_default_str()
      ->check(CLI::IsMember({"aggregated", "disaggregated", "both"}));
  command->add_option("--engine", flags->engine, "Whose rules and overheads")
      ->capture_default_str()
      ->check(CLI::IsMember({"vllm", "sglang", "trtllm"}));
  command->add_option("--precision", flags->precision, "Of the weights; else as the model is stored")
      ->check(precision_names());
  command->add_option("--kv-dtype", flags->kv_dtype, "Of the cache; else as the model is stored")
      ->check(precision_names());
  command->add_option("--price", flags->price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership");
  command->add_flag("--pareto", flags->pareto, "Also tokens of a user against tokens of an accelerator");
  command->add_flag("--json", flags->json, "Print JSON");
  command
      ->add_option("--set", flags->changes.set,
                   "Change a value: path=value, or +10%, x2; a record's path begins with kind:id")
      ->type_name("PATH=VALUE");
  command->callback([&session, flags] { serve_size(session, *flags); });
}

}  // namespace stargate
