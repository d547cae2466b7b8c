// Two questions at a time: each uses all cores where it can, and a short one should not wait for a long one.
#include "stargate/app/ui.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "stargate/server/api.hpp"

namespace stargate {
namespace {

constexpr int kThreads = 2;

struct UiFlags {
  std::string study, history;
  int port = 8400;
  bool no_browser = false;
};

/// Detached, and silent where there is none: the address stands on the screen.
void open_browser(const std::string& address) {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return;
  const pid_t child = fork();
  if (child != 0) {
    if (child > 0) waitpid(child, nullptr, 0);
    return;
  }
  if (fork() == 0) {
    const int nowhere = open("/dev/null", O_RDWR);  // NOLINT
    dup2(nowhere, 1), dup2(nowhere, 2);
    execlp("xdg-open", "xdg-open", address.c_str(), static_cast<char*>(nullptr));
  }
  _exit(0);
}

/// As many open files as the system lets this process have: a connection is one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// $XDG_STATE_HOME, else ~/.local/state; in memory where there is no home.
std::string usual_history() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if ((state == nullptr || *state == 0) && (home == nullptr || *home == 0)) return ":memory:";
  const std::filesystem::path folder =
      (state != nullptr && *state != 0 ? std::filesystem::path(state) : std::filesystem::path(home) / ".local/state") /
      "stargate";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  return (folder / "history.sqlite").string();
}

void serve(const UiFlags& flags, Session& session) {
  auto store = JobStore::open(flags.history.empty() ? usual_history() : flags.history);
  if (!store) return session.fail(store.faults());
  raise_file_limit();
  JobQueue jobs(session.catalogue_folder, kThreads, std::move(*store));
  const std::string secret = make_token();
  LocalApi api(jobs, secret);
  auto server = HttpServer::listen(static_cast<std::uint16_t>(flags.port),
                                   [&](HttpRequest request, const std::shared_ptr<HttpReply>& reply) {
                                     api.handle(std::move(request), reply);
                                   });
  if (!server) return session.fail(server.faults());
  api.set_port((*server)->port());
  std::string address = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/?token=" + secret;
  if (!flags.study.empty()) address += "#plan?study=" + encode_percent(flags.study);
  session.print_text(address + "\n");
  session.output.close();
  Session::progress("this address is yours alone; Ctrl-C ends it");
  if (!flags.no_browser) open_browser(address);
  (*server)->stop_on_signals();
  (*server)->run();
}

}  // namespace

void add_ui_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<UiFlags>();
  CLI::App* command = app.add_subcommand("ui", "The questions as a page in this machine's browser");
  command->add_option("STUDY", flags->study, "A study whose plan is asked for at once");
  command->add_option("--port", flags->port, "Port of 127.0.0.1; 0: any that is free [8400]")
      ->type_name("N")->check(CLI::Range(0, 65535));
  command->add_option("--history", flags->history, "What was asked and answered is kept there [~/.local/state/stargate/history.sqlite]")
      ->type_name("FILE");
  command->add_flag("--no-browser", flags->no_browser, "Print the address and open nothing");
  command->callback([flags, &session] { serve(*flags, session); });
}

}  // namespace stargate
