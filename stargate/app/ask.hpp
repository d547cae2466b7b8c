// Commands that are questions: each is a word or two on the command line with the flags of its table. `ask` reads the
// same question from a JSON file, `schema` prints what such a file and its answer may hold.
#pragma once

#include <memory>

#include "stargate/app/question_flags.hpp"
#include "stargate/app/session.hpp"

namespace stargate {

/// The commands of all questions below a program's. Lives as long as the CLI11 app and the session it refers to.
/// Nothing here returns an error: faults are printed and the exit code is kept in the session.
class QuestionCommands {
 public:
  QuestionCommands(CLI::App& app, Session& session);

  /// After the command line was parsed: answers the question it asks, helps, or tells what is mistyped. A command that
  /// is no question has answered by then.
  void answer();

 private:
  void add_ask();
  CLI::App& command_named(const std::string& words);
  const QuestionCommand* question_of(const CLI::App* command) const;
  bool tell_mistyped(const CLI::App& command);
  void answer_command(const QuestionCommand& chosen);
  void answer_file();
  void print_schema();
  void help(const CLI::App& command);
  void ask(const Question& question, const Document& document, std::map<std::string, std::string, std::less<>> wanted,
           bool json);

  CLI::App& app_;
  Session& session_;
  std::vector<std::unique_ptr<QuestionCommand>> commands_;
  std::vector<CLI::App*> made_;  ///< every command of ours, questions and the words above them
  CLI::App *ask_ = nullptr, *schema_ = nullptr;
};

}  // namespace stargate
