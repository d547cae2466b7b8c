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
  void add_ask();                                                     ///< `stargate ask`: a question from a file
  CLI::App& command_named(const std::string& words);                  ///< "serve size": made where it is not there yet
  const QuestionCommand* question_of(const CLI::App* command) const;  ///< null: no question's command
  bool tell_mistyped(const CLI::App& command);                        ///< the nearest name, when a word is none
  void answer_command(const QuestionCommand& chosen);                 ///< asks it with the flags given
  void answer_file();                                                 ///< asks what a file says
  void print_schema();                                                ///< of one question, or of all
  void help(const CLI::App& command);                                 ///< its page, as wide as the screen
  void ask(const Question& question, const Document& document, std::map<std::string, std::string, std::less<>> wanted,
           bool json);

  CLI::App& app_;
  Session& session_;
  std::vector<std::unique_ptr<QuestionCommand>> commands_;
  std::vector<CLI::App*> made_;  ///< every command of ours, questions and the words above them
  CLI::App *ask_ = nullptr, *schema_ = nullptr;
};

}  // namespace stargate
