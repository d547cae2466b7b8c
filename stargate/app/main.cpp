// The command line: its global flags, the questions (ask.cpp), and what happens when the answer cannot be written or
// something escapes.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <sstream>

#include "stargate/app/ask.hpp"
#include "stargate/app/ui.hpp"

namespace stargate {
namespace {

std::string default_catalogue() {
  const char* home = std::getenv("STARGATE_HOME");
  return (home != nullptr ? std::string(home) + "/" : std::string()) + "catalogue";
}

}  // namespace

/// What CLI11 says about flags, and the help: to where answers and faults go.
int tell(Session& session, const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, faults;
  const bool good = app.exit(error, out, faults) == 0;
  session.print_text(out.str());
  std::fputs(lay_out(shorten_long_words(faults.str()), {fault_width(session.screen)}).c_str(), stderr);
  return good ? kExitAnswered : kExitWrongInput;
}

/// The answer may be lost although the work went well: its reader is gone or the disk is full.
int finish(Session& session) {
  const std::string fault = session.output.close();
  if (fault.empty()) return session.exit_code;
  std::fprintf(stderr, "standard output: the answer could not be written: %s\n", fault.c_str());
  return kExitInternal;
}

int run_command_line(int argc, char** argv, Session& session) {
  session.catalogue_folder = default_catalogue();
  CLI::App app{
      "Stargate: from dollars to tokens. Plans, trains and serves on machines that exist and those that do not yet.",
      "stargate"};
  app.set_version_flag("--version", STARGATE_VERSION);
  app.add_option("--catalogue", session.catalogue_folder, "Folder of the catalogue")->type_name("DIR");
  int width = 0;
  bool wide = false;
  app.add_option("--width", width, "Columns of the screen; else the terminal's, else those of COLUMNS, else no limit")
      ->check(CLI::Range(40, 10'000));
  app.add_flag("--wide", wide, "Tables in one piece, however wide");
  session.screen = screen_layout(0, false);
  app.parse_complete_callback([&] { session.screen = screen_layout(width, wide); });
  app.fallthrough();
  app.footer(
      "Examples:\n  stargate plan studies/stargate.yaml --html report.html\n  stargate plan studies/stargate.yaml "
      "--without supplier:samsung\n"
      "  stargate train --model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --seq-length "
      "8192\n"
      "  stargate serve --model llama-3.1-70b --system hgx-h100,hgx-h200 --rate 20 --isl 2000 --osl 300 --ttft 500 "
      "--tpot 50\n"
      "Exit codes: 0 answered, 1 internal error or the answer could not be written, 2 wrong input, 3 the answer is "
      "no.");
  QuestionCommands questions(app, session);
  add_ui_command(app, session);
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    session.exit_code = tell(session, app, error);
    return finish(session);
  }
  questions.answer();
  return finish(session);
}

/// What escaped everywhere else is our fault; the command line names the input that showed it.
int report_escaped(int argc, char** argv, const char* what) {
  std::string line;
  for (int i = 1; i < argc; ++i) line += std::string(i > 1 ? " " : "") + argv[i];
  std::fprintf(stderr, "internal error: %s\n  at: stargate %s\n", what, shorten_long_words(line).c_str());
  return kExitInternal;
}

}  // namespace stargate

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is then a fault of writing, told like any other
  stargate::Session session;
  try {
    return stargate::run_command_line(argc, argv, session);
  } catch (const std::bad_alloc&) {
    return stargate::report_escaped(argc, argv, "the machine's memory is not enough for this");
  } catch (const std::exception& error) {
    return stargate::report_escaped(argc, argv, error.what());
  }
}
