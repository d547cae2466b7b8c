// The command line: one subcommand a task. CLI11 reads the flags, each command's file does the work.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "stargate/app/ask.hpp"
#include "stargate/app/command_calibrate.hpp"
#include "stargate/app/command_calibrate_serving.hpp"
#include "stargate/app/command_calibrate_training.hpp"
#include "stargate/app/command_catalogue.hpp"
#include "stargate/app/command_goodput.hpp"
#include "stargate/app/command_import.hpp"
#include "stargate/app/command_plan.hpp"
#include "stargate/app/command_serve.hpp"
#include "stargate/app/command_serve_size.hpp"
#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/app/command_train.hpp"
#include "stargate/app/command_validate.hpp"
#include "stargate/app/command_validate_requests.hpp"
#include "stargate/app/command_validate_serving.hpp"
#include "stargate/app/command_validate_training.hpp"
#include "stargate/app/training_flags.hpp"
#include "stargate/training/job.hpp"

namespace stargate {
namespace {

std::string default_catalogue() {
  const char* home = std::getenv("STARGATE_HOME");
  return (home != nullptr ? std::string(home) + "/" : std::string()) + "catalogue";
}

void add_change_flags(CLI::App& command, ChangeFlags& flags) {
  command
      .add_option("--set", flags.set, "Change a value: path=value, or +10%, x2; a record's path begins with kind:id")
      ->type_name("PATH=VALUE");
  command.add_option("--without", flags.without, "Leave a record out, such as supplier:samsung")->type_name("KIND:ID");
}

template <class E>
CLI::IsMember names_of() {
  std::vector<std::string> names;
  for (const auto& [name, value] : EnumNames<E>::names) names.emplace_back(name);
  return CLI::IsMember(names);
}

void add_plan(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("plan", "The build plan of a study: what, where, when, for how much, and what binds");
  auto flags = std::make_shared<PlanFlags>();
  command->add_option("study", flags->study, "Study file")->required();
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_option("--csv", flags->csv_folder, "Write CSV files into this folder")->type_name("DIR");
  command->add_option("--html", flags->html_file, "Write one page with charts")->type_name("FILE");
  command->add_option("--mps", flags->mps_file, "Write the linear programme for other solvers")->type_name("FILE");
  add_change_flags(*command, flags->changes);
  command->callback([&session, flags] { plan_study(session, *flags); });
}

/// Under `train`, whose flags say which job and which layout.
void add_goodput(CLI::App& train_command, Session& session, const std::shared_ptr<TrainFlags>& train_flags) {
  auto* command = train_command.add_subcommand(
      "goodput", "Effective training time under failures; days and dollars to a number of tokens");
  auto flags = std::make_shared<GoodputFlags>();
  command->fallthrough();
  command->add_option("--tokens", flags->tokens, "Tokens to train on, such as 15e12")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--step-time", flags->step_time, "Of one step; else of the layout, else of the best layout");
  command->add_option("--checkpoint-interval", flags->checkpoint_interval, "Work between checkpoints: 10min, or auto")
      ->capture_default_str();
  command->add_option("--checkpoint", flags->checkpoint, "Written while the job waits, or while it runs")
      ->capture_default_str()
      ->check(CLI::IsMember({"async", "blocking"}));
  command->add_option("--storage-bandwidth", flags->storage_bandwidth, "To storage, of one accelerator");
  command->add_option("--checkpoint-overhead", flags->checkpoint_overhead, "Stall of a checkpoint whatever its size");
  command->add_option("--spares", flags->spares, "Spare nodes; else enough to hardly ever wait")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--detection-time", flags->detection_time, "From a fault to the decision to restart");
  command->add_option("--restart-time", flags->restart_time, "From there to the first step, without loading");
  command->add_option("--repair-time", flags->repair_time, "For which a faulty node is away");
  command->add_option("--fleet", flags->fleet, "Reliability record whose failure rate is taken");
  command->add_option("--fleet-age", flags->fleet_age, "Age of the machines at the start; else grown up");
  command->add_option("--straggler-share", flags->straggler_share, "Share of nodes that are slow and stay in the job");
  command->add_option("--straggler-slowdown", flags->straggler_slowdown, "By how much they slow a step")
      ->capture_default_str();
  command->add_option("--rate-spread", flags->rate_spread, "Standard deviation of the logarithm of the failure rate")
      ->capture_default_str();
  command->add_option("--price", flags->price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership");
  command->add_option("--scenarios", flags->scenarios, "Lives of the job to simulate")
      ->capture_default_str()
      ->check(CLI::Range(2, 1'000'000));
  command->add_option("--seed", flags->seed, "Of the random numbers")->capture_default_str();
  command->callback([&session, train_flags, flags] { train_goodput(session, *train_flags, *flags); });
}

void read_gpu_counts(TrainFlags& flags, const std::string& text) {
  auto counts = parse_gpu_counts(text);
  if (!counts) throw CLI::ValidationError("--gpus", counts.faults()[0].message + "; " + counts.faults()[0].hint);
  flags.gpu_counts = *counts;
  flags.gpus = counts->front();
}

/// Under `train`, whose flags say which job; sizes given are fixed.
void add_search(CLI::App& train_command, Session& session, const std::shared_ptr<TrainFlags>& train_flags) {
  auto* command = train_command.add_subcommand(
      "search", "The best layout of all; sizes given to `train` are fixed, several --gpus are compared");
  auto flags = std::make_shared<TrainSearchFlags>();
  command->fallthrough();
  command
      ->add_option("--objective", flags->objective, "time, cost, energy, or tokens-by and a date or time such as 90d")
      ->expected(1, 2)
      ->capture_default_str();
  command->add_option("--start", flags->start, "Day the job starts, where tokens-by has a date")->type_name("DATE");
  command->add_option("--price", flags->price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership");
  command->add_option("--top", flags->top, "Best sets of parallel sizes to show")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  const auto limit = [&](const char* name, int& value, const char* text) {
    command->add_option(name, value, text)->check(CLI::PositiveNumber);
  };
  limit("--max-tp", flags->max_tp, "Largest tensor parallel size; else the scale-up domain");
  limit("--max-pp", flags->max_pp, "Largest pipeline parallel size");
  limit("--max-vpp", flags->max_vpp, "Most virtual stages a rank");
  limit("--max-cp", flags->max_cp, "Largest context parallel size");
  limit("--max-ep", flags->max_ep, "Largest expert parallel size");
  limit("--max-micro-batch-size", flags->max_micro_batch_size, "Largest micro-batch");
  command->add_option("--csv", flags->csv_file, "Write the ranking and the front of time against memory")
      ->type_name("FILE");
  command->callback([&session, train_flags, flags] { train_search(session, *train_flags, *flags); });
}

/// How the job computes, whatever its layout.
void add_train_recipe(CLI::App& command, RecipeFlags& flags) {
  const auto flag = [&](const char* name, bool& on, const char* what) { command.add_flag(name, on, what); };
  const auto bytes = [&](const char* name, double& to, const char* what) {
    command.add_option(name, to, what)->check(CLI::NonNegativeNumber);
  };
  command.add_option("--expert-precision", flags.expert_precision, "Of the experts' multiplies, else --precision")
      ->check(names_of<Precision>());
  flag("--bf16-attention", flags.bf16_attention, "Projections of attention stay in bf16");
  command.add_option("--bf16-first-layers", flags.bf16_first_layers, "Layers at the start that stay in bf16")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--bf16-last-layers", flags.bf16_last_layers, "Layers at the end that stay in bf16")
      ->check(CLI::NonNegativeNumber);
  flag("--fp8-param-gather", flags.fp8_param_gather, "Primary weights in the format of the multiplies");
  flag("--fp8-activation-input", flags.fp8_activation_input, "Inputs of activation functions are kept in fp8");
  flag("--fp8-dispatch", flags.fp8_dispatch, "Tokens travel to experts in fp8");
  command.add_option("--optimizer-states", flags.optimizer_states, "Formats of gradients, master weights and moments")
      ->capture_default_str()
      ->check(names_of<OptimizerStates>());
  bytes("--main-grads-bytes", flags.main_grads_bytes, "Of a parameter's gradient; else of --optimizer-states");
  bytes("--main-params-bytes", flags.main_params_bytes, "Of its master copy");
  bytes("--exp-avg-bytes", flags.exp_avg_bytes, "Of its first moment");
  bytes("--exp-avg-sq-bytes", flags.exp_avg_sq_bytes, "Of its second moment");
  flag("--offload-optimizer", flags.offload_optimizer, "Optimiser states and update on the host");
  flag("--keep-pipeline-outputs", flags.keep_pipeline_outputs, "Stage outputs are not freed once sent");
  flag("--unfused-attention", flags.unfused_attention, "Attention as separate kernels that write their scores");
  flag("--dropout", flags.dropout, "Dropout, as in GPT-3");
  flag("--lora", flags.lora, "Weights are frozen; only adapters are trained");
  command
      .add_option("--mtp-layers", flags.mtp_layers, "Layers of multi-token prediction; else as many as the model has")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--moe-imbalance", flags.moe_imbalance, "Tokens of the busiest expert rank over the mean")
      ->capture_default_str();
  command.add_option("--moe-capacity-factor", flags.moe_capacity_factor,
                     "Most an expert takes, times the mean; else dropless");
  flag("--moe-pad-to-capacity", flags.moe_pad_to_capacity, "Experts' buffers always hold their capacity");
  command.add_option("--moe-dispatcher", flags.moe_dispatcher, "deepep sends a token once to each scale-up domain")
      ->capture_default_str()
      ->check(CLI::IsMember({"alltoall", "deepep"}));
  flag("--moe-overlap", flags.moe_overlap, "Exchanges between experts run under other work");
  flag("--no-tp-overlap", flags.no_tp_overlap, "Tensor-parallel collectives wait for their multiplies");
  flag("--no-dp-overlap", flags.no_dp_overlap, "Gradients and weights travel after and before all passes");
}

/// What a layout recomputes, shards and offloads.
void add_train_memory(CLI::App& command, TrainFlags& flags) {
  command.add_option("--zero", flags.zero, "ZeRO stage")->check(CLI::Range(0, 3));
  command.add_option("--shard-size", flags.shard_size, "Ranks that share sharded states (HSDP); else all of dp * cp")
      ->check(CLI::PositiveNumber);
  command.add_option("--recompute", flags.recompute, "Activation recomputation")
      ->check(CLI::IsMember({"none", "selective", "full"}));
  command.add_option("--recompute-modules", flags.recompute_modules,
                     "Of selective: core_attn, mlp, moe, moe_act, shared_experts, layernorm, mla_up_proj, with commas");
  command
      .add_option("--recompute-num-layers,--recompute-layers", flags.recompute_layers,
                  "Of full: only the first layers of each stage's chunk")
      ->check(CLI::PositiveNumber);
  command.add_option("--offload-activations", flags.offload_activations, "Share of the activations kept on the host")
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("--memory", flags.memory, "Print memory by class, and activations tensor by tensor");
}

void add_train(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("train", "Step time, memory and MFU of a training job; without a layout, the best one");
  auto flags = std::make_shared<TrainFlags>();
  command->add_option("--model", flags->model, "Id of a model of the catalogue, or the path of a config.json")
      ->required();
  command->add_option("--system", flags->system, "Id of a system of the catalogue")->required();
  command
      ->add_option_function<std::string>(
          "--gpus", [flags](const std::string& text) { read_gpu_counts(*flags, text); },
          "Accelerators; a search also takes 1024,2048, 1024:16384 (doubling), 1024:4096:512 (steps)")
      ->required();
  command->add_option("--global-batch-size,--global-batch", flags->global_batch_size, "Sequences a step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--seq-length", flags->seq_length, "Tokens a sequence")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--precision", flags->precision, "Of the matrix multiplies")
      ->capture_default_str()
      ->check(names_of<Precision>());
  command->add_option("--tp", flags->tp, "Tensor parallel size")->check(CLI::PositiveNumber);
  command->add_option("--pp", flags->pp, "Pipeline parallel size")->check(CLI::PositiveNumber);
  command->add_option("--vpp", flags->vpp, "Virtual pipeline stages a rank")->check(CLI::PositiveNumber);
  command->add_option("--dp", flags->dp, "Data parallel size; else what is left")->check(CLI::PositiveNumber);
  command->add_option("--cp", flags->cp, "Context parallel size")->check(CLI::PositiveNumber);
  command->add_option("--ep", flags->ep, "Expert parallel size")->check(CLI::PositiveNumber);
  command->add_option("--etp", flags->etp, "Expert tensor parallel size")->check(CLI::PositiveNumber);
  command->add_option("--micro-batch-size", flags->micro_batch_size, "Sequences a micro-batch")
      ->check(CLI::PositiveNumber);
  add_train_memory(*command, *flags);
  add_train_recipe(*command, flags->recipe);
  command->add_flag("--sequence-parallel,--sp", flags->sequence_parallel,
                    "Sequence parallelism beside tensor parallelism");
  command->add_flag("--ends-as-layers", flags->ends_as_layers,
                    "Embedding and loss each take a layer's place in a stage");
  command->add_flag("--uneven-pipeline", flags->uneven_pipeline, "Stages may differ by one layer");
  command
      ->add_option("--schedule", flags->schedule,
                   "Of the pipeline; else 1f1b, with --vpp interleaved_1f1b. Without a layout the only one searched")
      ->check(names_of<PipelineSchedule>());
  command
      ->add_option("--trace", flags->trace_file,
                   "Write a timeline of one step: .pftrace for ui.perfetto.dev, .json for chrome://tracing")
      ->type_name("FILE");
  command->add_flag("--json", flags->json, "Print JSON");
  add_change_flags(*command, flags->changes);
  command->add_flag("--compare", flags->compare, "The answer as written and with the changes, side by side");
  add_goodput(*command, session, flags);
  add_search(*command, session, flags);
  command->callback([&session, flags, command] {
    if (command->get_subcommands().empty()) train(session, *flags);
  });
}

void add_import(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "import", "A layout written for Megatron-LM, torchtitan or NeMo, as a command of this program");
  auto flags = std::make_shared<ImportFlags>();
  command->add_option("file", flags->file, "Arguments or launch script, .yaml, .toml, .json or .py")->required();
  command->add_option("--model", flags->model, "Model, else the catalogue's of the same shape or name");
  command->add_option("--system", flags->system, "System to put into the command");
  command->add_option("--gpus", flags->gpus, "Accelerators, where the file does not say")->check(CLI::PositiveNumber);
  command->callback([&session, flags] { import_file(session, *flags); });
}

void add_serve(CLI::App& app, Session& session) {
  auto* command =
      app.add_subcommand("serve", "Accelerators a traffic needs under TTFT and TPOT targets, on one or more systems");
  auto flags = std::make_shared<ServeFlags>();
  // The first five are required without a subcommand, which `serve` checks.
  command->add_option("--model", flags->model, "Id of a model of the catalogue, or the path of a config.json");
  command->add_option("--system,--systems", flags->systems, "Ids of systems, with commas")->delimiter(',');
  command->add_option("--rate", flags->rate, "Requests a second")->check(CLI::PositiveNumber);
  command->add_option("--isl", flags->isl, "Input tokens of a request")->check(CLI::PositiveNumber);
  command->add_option("--osl", flags->osl, "Output tokens of a request")->check(CLI::PositiveNumber);
  command->add_option("--prefix-share", flags->prefix_share, "Share of the input found in a cache")
      ->check(CLI::Range(0.0, 0.99));
  command->add_option("--ttft", flags->ttft, "Target: mean time to the first token, ms or with a unit");
  command->add_option("--tpot", flags->tpot, "Target: mean time of each further token, ms or with a unit");
  command->add_option("--precision", flags->precision, "Of the weights; else as the model is stored")
      ->check(names_of<Precision>());
  command->add_flag("--json", flags->json, "Print JSON");
  add_change_flags(*command, flags->changes);
  add_serve_size(*command, session);
  add_serve_simulate(*command, session);
  command->callback([&session, flags, command] {
    if (command->get_subcommands().empty()) serve(session, *flags);
  });
}

void add_catalogue(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("catalogue", "What can be bought or run, with sources");
  command->require_subcommand(1);
  struct Flags {
    std::string kind, name;
    bool json = false, schema = false;
  };
  auto flags = std::make_shared<Flags>();
  auto* list = command->add_subcommand("list", "Kinds of records, or the records of one kind");
  list->add_option("kind", flags->kind, "accelerator, system, site, ...");
  list->add_flag("--json", flags->json, "Print JSON");
  list->callback([&session, flags] { list_catalogue(session, flags->kind, flags->json); });
  auto* show = command->add_subcommand("show", "One record with the source of each value");
  show->add_option("record", flags->name, "kind:id, such as accelerator:h100-sxm")->required();
  show->add_flag("--json", flags->json, "Print JSON");
  show->callback([&session, flags] { show_record(session, flags->name, flags->json); });
  auto* fields = command->add_subcommand("fields", "The fields a kind of record or a study can have");
  fields->add_option("kind", flags->kind, "A record kind, or study")->required();
  fields->add_flag("--schema", flags->schema, "As JSON Schema");
  fields->callback([&session, flags] { print_fields(session, flags->kind, flags->schema); });

  auto* check = app.add_subcommand("check", "Check the whole catalogue, and studies");
  auto studies = std::make_shared<std::vector<std::string>>();
  check->add_option("studies", *studies, "Study files");
  check->callback([&session, studies] { check_files(session, *studies); });
}

void add_calibrate(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("calibrate", "Fit coefficients to measurements and write or print them");
  auto flags = std::make_shared<CalibrateFlags>();
  auto training = std::make_shared<CalibrateTrainingFlags>();
  auto serving = std::make_shared<CalibrateServingFlags>();
  auto* what = command->add_option_group("measurements", "What to fit to");
  what->add_option("--kernels", flags->kernels, "Folder of DEVICE.TABLE.ENGINE-VERSION.csv[.gz]: laws of operators")
      ->type_name("DIR");
  what->add_option("--training", training->file, "Table of measured training runs")->type_name("FILE.csv");
  what->add_option("--serving", serving->file, "Table of measured serving figures")->type_name("FILE.csv");
  what->require_option(1);
  command->add_option("--collectives", flags->collectives, "CSV of collective sweeps, inside nodes and across")
      ->type_name("FILE");
  command->add_option("--device,--devices", flags->devices, "Only these devices, with commas")->delimiter(',');
  command->add_option("--law,--laws", flags->laws, "Only these laws, with commas")->delimiter(',');
  command->add_option("--out", flags->out, "Folder to write to; else calibration/ of the catalogue")->type_name("DIR");
  command->add_option("--coefficients", training->coefficients, "Training, serving: only these, with commas")
      ->delimiter(',');
  command->add_flag("--leave-out", training->leave_out,
                    "Training, serving: fit again without each source and judge it by that");
  add_change_flags(*command, training->changes);
  command->callback([&session, flags, training, serving] {
    if (!training->file.empty()) return calibrate_training(session, *training);
    if (serving->file.empty()) return calibrate_laws(session, *flags);
    serving->coefficients = training->coefficients, serving->leave_out = training->leave_out;
    serving->changes = training->changes;
    calibrate_serving(session, *serving);
  });
}

void add_validate(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("validate", "How far predictions are from measurements");
  auto flags = std::make_shared<ValidateFlags>();
  auto training = std::make_shared<ValidateTrainingFlags>();
  auto serving = std::make_shared<std::string>(), requests = std::make_shared<std::string>();
  auto* what = command->add_option_group("measurements", "What to hold predictions against");
  what->add_option("--kernels", flags->kernels, "Folder of DEVICE.TABLE.ENGINE-VERSION.csv[.gz]")->type_name("DIR");
  what->add_option("--training", training->file, "Table of measured training runs")->type_name("FILE.csv");
  what->add_option("--serving", *serving, "Table of measured serving figures")->type_name("FILE.csv");
  what->add_option("--requests", *requests, "Measured runs, a row a request")->type_name("FILE.csv");
  what->require_option(1);
  command->add_option("--rows", training->rows, "Training: write every prediction and where its step goes to this file")
      ->type_name("FILE.csv");
  command->add_option("--collectives", flags->collectives, "CSV of collective sweeps, inside nodes and across")
      ->type_name("FILE");
  command->add_option("--device,--devices", flags->devices, "Only these devices, with commas")->delimiter(',');
  command->add_option("--law,--laws", flags->laws, "Only these laws, with commas")->delimiter(',');
  command->add_option("--worst", flags->worst, "Show the rows it gets most wrong")->check(CLI::NonNegativeNumber);
  command->add_flag("--leave-out", flags->leave_out, "Predict each device with the coefficients other devices lend");
  command->add_flag("--json", flags->json, "Print JSON");
  add_change_flags(*command, flags->changes);
  command->callback([&session, flags, training, serving, requests] {
    if (!training->file.empty()) {
      training->worst = flags->worst, training->json = flags->json, training->changes = flags->changes;
      validate_training(session, *training);
    } else if (!requests->empty()) {
      validate_requests(session, {*requests, flags->json, flags->changes});
    } else if (!serving->empty()) {
      validate_serving(session, {*serving, flags->worst, flags->json, flags->changes});
    } else {
      validate(session, *flags);
    }
  });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  Session session;
  session.catalogue_folder = default_catalogue();
  CLI::App app{
      "Stargate: from dollars to tokens. Plans, trains and serves on machines that exist and those that do not yet.",
      "stargate"};
  app.set_version_flag("--version", STARGATE_VERSION);
  app.add_option("--catalogue", session.catalogue_folder, "Folder of the catalogue")->type_name("DIR");
  app.footer(
      "Examples:\n  stargate plan studies/stargate.yaml --html report.html\n  stargate plan studies/stargate.yaml "
      "--without supplier:samsung\n"
      "  stargate train --model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --seq-length "
      "8192\n"
      "  stargate serve --model llama-3.1-70b --system hgx-h100,hgx-h200 --rate 20 --isl 2000 --osl 300 --ttft 500 "
      "--tpot 50\n"
      "Exit codes: 0 answered, 1 internal error, 2 wrong input, 3 the answer is no.");
  add_plan(app, session);
  add_train(app, session);
  add_import(app, session);
  add_serve(app, session);
  add_catalogue(app, session);
  add_calibrate(app, session);
  add_validate(app, session);
  QuestionCommands questions(app, session);
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitAnswered : kExitWrongInput;
  }
  questions.answer();
  return session.exit_code;
}

}  // namespace stargate

int main(int argc, char** argv) { return stargate::run_command_line(argc, argv); }
