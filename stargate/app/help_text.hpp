// The help of a command, made from its question's table: what it asks, its flags by group with their defaults, its own
// examples.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// A command below another, with its sentence.
struct HelpEntry {
  std::string name, sentence;  ///< of a command
};

/// `width` in columns; `below`: the commands under this one.
std::string format_command_help(const Question& question, const std::vector<HelpEntry>& below, int width);

/// Two columns, the right one wrapped: "  left      right".
std::string format_help_entries(const std::vector<HelpEntry>& entries, int width);

}  // namespace stargate
