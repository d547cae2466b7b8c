// The command line: one subcommand a task. CLI11 reads the flags, each command's file does the work.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "stargate/app/ask.hpp"
#include "stargate/app/command_calibrate.hpp"
#include "stargate/app/command_calibrate_serving.hpp"
#include "stargate/app/command_calibrate_training.hpp"
#include "stargate/app/command_catalogue.hpp"
#include "stargate/app/command_import.hpp"
#include "stargate/app/command_plan.hpp"
#include "stargate/app/command_serve.hpp"
#include "stargate/app/command_serve_size.hpp"
#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/app/command_validate.hpp"
#include "stargate/app/command_validate_requests.hpp"
#include "stargate/app/command_validate_serving.hpp"
#include "stargate/app/command_validate_training.hpp"

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
