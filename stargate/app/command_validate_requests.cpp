// Reads the runs and the catalogue, replays each.
#include "stargate/app/command_validate_requests.hpp"

#include <fmt/format.h>

#include "stargate/measured/request_replay.hpp"

namespace stargate {

void validate_requests(Session& session, const ValidateRequestsFlags& flags) {
  auto catalogue = load_changed_catalogue(session, flags.changes);
  if (!catalogue) return session.fail(catalogue.faults());
  const auto measured = load_measured_requests(session.files, flags.file);
  if (!measured) return session.fail(measured.faults());
  std::vector<ReplayedRun> runs;
  for (const auto& run : *measured) {
    Session::progress("replaying " + run.name);
    runs.push_back(replay_run(*catalogue, run));
  }
  flags.json ? session.print_data(format_replay_json(runs)) : session.print_text(format_replay_text(runs));
}

}  // namespace stargate
