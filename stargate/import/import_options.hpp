// A training configuration of another program as a flat list of named values with their lines, whatever its syntax:
// command-line arguments (a launch script with its variables, or bare text), YAML, TOML, JSON, Python keyword
// arguments.
#pragma once

#include "stargate/import/imported_option.hpp"

namespace stargate {

enum class ImportSyntax { arguments, yaml, toml, json, python };

struct OptionList {
  ImportSyntax syntax = ImportSyntax::arguments;  ///< recognised from the text
  Document document;                              ///< its lines, for messages
  std::vector<ImportedOption> options;            ///< in the order of the file
};

/// A Python file may hold several recipes: only what stands in that function and outside all counts. A fault where the
/// file has no such function.
Check choose_function(OptionList& options, const std::string& function);

/// By the ending of the file's name: .yaml, .yml, .toml, .json, .py; everything else is arguments. Faults: text that is
/// not of its syntax, and configurations of DeepSpeed, Accelerate, Axolotl and LLaMA-Factory, which are refused by
/// name. Nothing of the file is executed and no other file is read.
Result<OptionList> read_import_options(const std::string& file, std::string_view text);

}  // namespace stargate
