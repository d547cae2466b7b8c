// Command-line arguments out of a launch script: comments, continued lines, quotes, arrays, variables set in the file
// and `$((A * B))` are understood; commands are not run.
#pragma once

#include "stargate/import/imported_option.hpp"

namespace stargate {

std::vector<ImportedOption> read_arguments(std::string_view text);

/// "--tensor-model-parallel-size" as "tensor_model_parallel_size".
std::string option_name(std::string_view written);

}  // namespace stargate
