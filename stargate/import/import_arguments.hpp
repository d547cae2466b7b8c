// Command-line arguments out of a launch script: comments, continued lines, quotes, arrays, variables set in the file
// and `$((A * B))` are understood; commands are not run.
#pragma once

#include "stargate/import/imported_option.hpp"

namespace stargate {

/// Every word that begins with two dashes, with the word behind it as its value where that is no option. No faults:
/// what a script cannot say (a variable from outside) stays in unset_variable.
std::vector<ImportedOption> read_arguments(std::string_view text);

/// "--tensor-model-parallel-size" as "tensor_model_parallel_size".
std::string option_name(std::string_view written);

}  // namespace stargate
