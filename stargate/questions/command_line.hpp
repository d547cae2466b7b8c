// A question as the command line that asks it: for pages that show how to ask the same in a terminal.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// "global_batch_size" -> "--global-batch-size"
std::string flag_of(std::string_view field);
/// As a POSIX shell reads it: "stargate train --model llama-3.1-8b --gpus 8"; words in quotes where they need them.
std::string format_command_line(const Question& question, const Document& document);

}  // namespace stargate
