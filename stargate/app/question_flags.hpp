// Flags of a question, made from its table, and the question that a command line asks, as a document whose every value
// knows the flag it came from.
#pragma once

#include "stargate/questions/command_line.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stargate {

/// A question as a command: its flags on a CLI11 command.
class QuestionCommand {
 public:
  QuestionCommand(const Question& question, CLI::App& command);

  /// References are to the question and the command given to the constructor, which outlive this.
  const Question& question() const { return *question_; }
  CLI::App& command() const { return *command_; }
  bool wants_json() const;  ///< --json was given
  /// Forms in files that were asked for, by name.
  std::map<std::string, std::string, std::less<>> wanted() const;
  /// All flags, for suggestions.
  std::vector<std::string> flags() const;
  /// The question asked. Fields given before a subcommand's word count for it too: `train --model X search`; `above` is
  /// that command, or null. Faults: a field given twice, one that is missing.
  Result<Document> asked(const QuestionCommand* above) const;

 private:
  const CLI::Option* given(const std::string& field) const;  ///< null: the flag was not used

  const Question* question_;          ///< not owned
  CLI::App* command_;                 ///< its words on the command line
  std::vector<CLI::Option*> fields_;  ///< as in the question's table
  std::vector<CLI::Option*> forms_;   ///< as in Question::forms
  CLI::Option* json_ = nullptr;       ///< of every question
};

/// Faults of a question whose document was made from flags (others are returned as they are): the place is the flag,
/// its field's path would repeat it; a field that was not given is told by its flag too.
Diagnostics told_by_flags(const Question& question, const Document& document, Diagnostics faults);

}  // namespace stargate
