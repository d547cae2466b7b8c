// A named value of another program's configuration, with its place.
#pragma once

#include <string>
#include <vector>

#include "stargate/config/node.hpp"

namespace stargate {

struct ImportedOption {
  std::string name;   ///< last part of the path, dashes as underscores: "tensor_model_parallel_size"
  std::string path;   ///< as written: "--tensor-model-parallel-size", "model.tensor_model_parallel_size"
  std::string value;  ///< empty for a flag without one
  Location at;        ///< of the value, or of the flag
  /// A shell variable the value needs that the file does not set; empty when there is none.
  std::string unset_variable;
  std::string function = {};  ///< of a Python file, that it stands in; empty: outside all
};

}  // namespace stargate
