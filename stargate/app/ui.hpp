// `stargate ui`: the questions as a page, served to this machine's own browser.
#pragma once

#include "stargate/app/session.hpp"

namespace CLI {
class App;
}

namespace stargate {

/// The command, which answers while the command line is parsed: it runs until it is interrupted.
void add_ui_command(CLI::App& app, Session& session);

}  // namespace stargate
