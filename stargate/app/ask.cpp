// CLI11 only finds the command and splits the words; from there on a command line and a JSON file are the same thing.
#include "stargate/app/ask.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "stargate/app/help_text.hpp"
#include "stargate/questions/registry.hpp"
#include "stargate/questions/schema.hpp"

namespace stargate {
namespace {

constexpr int kHelpWidth = 100;  // where the screen has no limit

/// "train search", without the program's name.
std::string path_of(const CLI::App* command) {
  std::string out;
  for (; command != nullptr && command->get_parent() != nullptr; command = command->get_parent()) {
    out = command->get_name() + (out.empty() ? "" : " ") + out;
  }
  return out;
}

std::vector<HelpEntry> commands_below(const CLI::App& command) {
  std::vector<HelpEntry> out;
  for (const auto* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    out.push_back({below->get_name(), below->get_description()});
  }
  return out;
}

std::vector<std::string> names_of(const std::vector<HelpEntry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(entry.name);
  return out;
}

/// The command the words lead to.
CLI::App* deepest(CLI::App& app) {
  CLI::App* out = &app;
  while (!out->get_subcommands().empty()) out = out->get_subcommands().front();
  return out;
}

/// Of all questions, each name once: `ask` does not know yet which question its file asks.
std::vector<FileForm> all_forms() {
  std::vector<FileForm> out;
  for (const auto& question : all_questions()) {
    for (const auto& form : question.forms) {
      const auto same = [&](const FileForm& known) { return known.name == form.name; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(form);
    }
  }
  return out;
}

/// --help anywhere on the way to the command.
bool wants_help(const CLI::App& command) {
  for (const auto* at = &command; at != nullptr; at = at->get_parent()) {
    const auto* help = at->get_option_no_throw("--help");
    if (help != nullptr && help->count() > 0) return true;
  }
  return false;
}

}  // namespace

QuestionCommands::QuestionCommands(CLI::App& app, Session& session) : app_(app), session_(session) {
  app.set_help_flag();
  app.add_flag("-h,--help");
  app.require_subcommand(0, 1);
  for (const auto& question : all_questions()) {
    CLI::App& command = command_named(question.name());
    command.description(question.sentence());
    commands_.push_back(std::make_unique<QuestionCommand>(question, command));
  }
  add_ask();
}

void QuestionCommands::add_ask() {
  ask_ = &command_named("ask");
  for (CLI::App* made : made_) {
    if (made->get_description().empty()) made->description(std::string(group_sentence(path_of(made))));
  }
  ask_->description("Answer a question written as JSON: {\"question\": \"train\", \"model\": ...}");
  ask_->add_option("FILE.json", "The question");
  ask_->add_flag("--json")->description("Print JSON");
  for (const auto& form : all_forms()) ask_->add_option(flag_of(form.name), form.sentence)->expected(1);
  schema_ = &command_named("schema");
  schema_->description("The JSON Schema of a question and of its answer");
  schema_->add_option("QUESTION", "Its name, such as train search")->expected(1, 3)->allow_extra_args();
}

/// Made with the commands above it where they are not there yet.
CLI::App& QuestionCommands::command_named(const std::string& words) {
  CLI::App* at = &app_;
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    const std::string word = words.substr(begin, end - begin);
    const auto known = at->get_subcommands([&](CLI::App* command) { return command->get_name() == word; });
    CLI::App* below = known.empty() ? at->add_subcommand(word, "") : known.front();
    if (known.empty()) {
      below->set_help_flag();
      below->add_flag("-h,--help");
      below->fallthrough()->allow_extras()->require_subcommand(0, 1);
      made_.push_back(below);
    }
    at = below;
    begin = end + 1;
  }
  return *at;
}

const QuestionCommand* QuestionCommands::question_of(const CLI::App* command) const {
  for (const auto& known : commands_) {
    if (&known->command() == command) return known.get();
  }
  return nullptr;
}

/// The first word that no command and no flag takes, with the nearest that one would.
bool QuestionCommands::tell_mistyped(const CLI::App& command) {
  const auto left = app_.remaining(true);
  if (left.empty()) return false;
  const auto flag = std::find_if(left.begin(), left.end(), [](const auto& word) { return word.starts_with("-"); });
  const std::string where = command.get_parent() == nullptr ? "stargate" : "stargate " + path_of(&command);
  if (flag == left.end()) {
    const auto below = names_of(commands_below(command));
    session_.fail("'" + left[0] + "' is no " + (below.empty() ? "argument" : "command") + " of `" + where + "`",
                  below.empty() ? "`" + where + " --help` lists what it takes" : suggest_name(left[0], below));
    return true;
  }
  const std::string word = flag->substr(0, flag->find('='));
  const auto* chosen = question_of(&command);
  std::vector<std::string> flags = chosen == nullptr ? std::vector<std::string>() : chosen->flags();
  for (const auto* at = &command; at != nullptr; at = at->get_parent()) {
    for (const auto* option : at->get_options()) flags.push_back(option->get_name());
  }
  const auto near = nearest_name(word, flags);
  session_.fail(word + " is no flag of `" + where + "`",
                near.empty() ? "`" + where + " --help` lists them" : "did you mean '" + near + "'?");
  return true;
}

void QuestionCommands::answer() {
  const CLI::App* command = deepest(app_);
  const bool ours = std::find(made_.begin(), made_.end(), command) != made_.end();
  if (command != &app_ && !ours) return;
  if (wants_help(*command)) return help(*command);
  if (tell_mistyped(*command)) return;
  if (command == ask_) return answer_file();
  if (command == schema_) return print_schema();
  if (const auto* chosen = question_of(command)) return answer_command(*chosen);
  help(*command);
  session_.exit_code = kExitWrongInput;
}

void QuestionCommands::answer_command(const QuestionCommand& chosen) {
  auto document = chosen.asked(question_of(chosen.command().get_parent()));
  if (!document) return session_.fail(document.faults());
  ask(chosen.question(), *document, chosen.wanted(), chosen.wants_json());
}

void QuestionCommands::answer_file() {
  const auto* file = ask_->get_option("FILE.json");
  if (file->count() == 0) return session_.fail("FILE.json is missing", "`stargate ask FILE.json`, or /dev/stdin");
  const std::string path = file->results().front();
  auto text = session_.files.read(path);
  if (!text) return session_.fail(text.faults());
  auto asked = parse_asked_question(path, *text);
  if (!asked) return session_.fail(asked.faults());
  std::map<std::string, std::string, std::less<>> wanted;
  for (const auto& form : all_forms()) {
    const auto* option = ask_->get_option(flag_of(form.name));
    if (option->count() == 0) continue;
    const auto& forms = asked->question->forms;
    if (std::none_of(forms.begin(), forms.end(), [&](const FileForm& own) { return own.name == form.name; })) {
      return session_.fail("the answer to '" + asked->question->name() + "' has no form '" + form.name + "'");
    }
    wanted[form.name] = option->results().back();
  }
  ask(*asked->question, asked->document, std::move(wanted), ask_->get_option("--json")->count() > 0);
}

/// Where command line and JSON file meet: runs the question, prints its answer, writes its files.
void QuestionCommands::ask(const Question& question, const Document& document,
                           std::map<std::string, std::string, std::less<>> wanted, bool json) {
  QuestionContext context{session_.files, session_.catalogue_folder, Session::progress_line, std::move(wanted),
                          nullptr};
  auto answer = question.run(document, std::move(context));
  Session::progress_line("");
  if (!answer) return session_.fail(told_by_flags(question, document, answer.faults()));
  if (answer->kind == AnswerKind::is_no) session_.exit_code = kExitAnswerIsNo;
  json ? session_.print_data(answer->json()) : session_.print_text(answer->text());
  for (const auto& file : answer->files) {
    if (!(file.replaces ? session_.replace(file.path, file.content) : session_.write(file.path, file.content))) return;
    Session::progress("wrote " + file.path);
  }
}

void QuestionCommands::print_schema() {
  const auto* words = schema_->get_option("QUESTION");
  const std::string name = words->count() == 0 ? std::string() : CLI::detail::join(words->results(), " ");
  const Question* question = find_question(name);
  if (question == nullptr) {
    const std::string what = name.empty() ? "QUESTION is missing" : "'" + name + "' is no question";
    return session_.fail(what, suggest_name(name, question_names()));
  }
  session_.print_data(format_question_schema(*question));
}

void QuestionCommands::help(const CLI::App& command) {
  const int width = session_.screen.width > 0 ? std::min(session_.screen.width, kHelpWidth) : kHelpWidth;
  if (const auto* chosen = question_of(&command)) {
    return session_.print_text(format_command_help(chosen->question(), commands_below(command), width));
  }
  const bool whole = &command == &app_;
  std::string out = command.get_description();
  out +=
      (out.empty() ? "Usage: stargate " : "\n\nUsage: stargate ") + (whole ? std::string() : path_of(&command) + " ");
  out += "COMMAND [flags]\n\nCommands\n" + format_help_entries(commands_below(command), width);
  if (whole) {
    out += "\nFlags\n" + format_help_entries({{"--help, -h", "Of stargate, or of the command before it"},
                                              {"--catalogue DIR", "Folder of the catalogue"},
                                              {"--width N", "Columns of the screen; else the terminal's or COLUMNS"},
                                              {"--wide", "Tables in one piece, however wide"},
                                              {"--version", "The version"}},
                                             width);
    out += "\n" + app_.get_footer() + "\n";
  }
  session_.print_text(out);
}

}  // namespace stargate
