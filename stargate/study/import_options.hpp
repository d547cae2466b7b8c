// A training configuration of another program as a flat list of named values with their lines, whatever its syntax:
// command-line arguments (a launch script with its variables, or bare text), YAML, TOML, JSON, Python keyword
// arguments.
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
};

enum class ImportSyntax { arguments, yaml, toml, json, python };

struct OptionList {
  ImportSyntax syntax = ImportSyntax::arguments;
  Document document;  ///< its lines, for messages
  std::vector<ImportedOption> options;
};

/// By the ending of the file's name: .yaml, .yml, .toml, .json, .py; everything else is arguments.
Result<OptionList> read_import_options(const std::string& file, std::string_view text);

}  // namespace stargate
