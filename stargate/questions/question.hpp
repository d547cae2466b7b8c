// What a user can ask, as a value: its fields (question_table.hpp), examples, and a function from a question written
// down to an answer. Command lines, `stargate ask` and the schema all go through it, so that they cannot differ.
// Nothing here prints, exits or knows a flag: a fault names the field's place in the document it was read from, and
// where that document was made from a command line the place is the flag.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "stargate/base/file_reader.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/question_table.hpp"

namespace stargate {

/// What the process's exit code says: answered, or "the answer is no".
enum class AnswerKind {
  answered,
  is_no  ///< it does not fit, misses its target, is infeasible: told in full, with what is missing
};

struct OutputFile {
  std::string path, content;  ///< of a file the answer writes
  bool replaces = false;      ///< the answer is a new state of a file that was read; any other is not written over
};

struct Answer {
  AnswerKind kind = AnswerKind::answered;    ///< decides the exit code
  std::function<std::string()> body;         ///< what text() begins with
  std::function<void(JsonWriter&)> members;  ///< of the object that json() is; it is open
  std::vector<OutputFile> files;  ///< the forms that were wanted (QuestionContext::wanted), to be written by the caller
  std::vector<std::string> unused_changes = {};  ///< "--set PATH=VALUE" that no part of it uses (unused_changes.hpp)

  std::string text() const;  ///< for people: laid out for their screen by whoever shows it
  std::string json() const;
};

/// An answer whose forms are functions of one report.
template <class Report>
Answer make_answer(AnswerKind kind, Report report, std::string (*text)(const Report&),
                   void (*write)(JsonWriter&, const Report&)) {
  auto shared = std::make_shared<const Report>(std::move(report));
  return {kind, [=] { return text(*shared); }, [=](JsonWriter& json) { write(json, *shared); }, {}};
}

/// Where a question is asked.
struct QuestionContext {
  const FileReader& files;       ///< the disk, or a test's
  std::string catalogue_folder;  ///< empty: the one that came with the program
  std::function<void(const std::string&)> progress = [](const std::string&) {};  ///< what goes on now, in a few words
  std::map<std::string, std::string, std::less<>> wanted = {};                   ///< forms in files, by name: the path
  const Document* asked = nullptr;  ///< the question as written; Question::run sets it
  /// The change to be left out, counted through `set`, then `without` (unused_changes.hpp): the question stays as it
  /// was asked, its words too.
  std::optional<std::size_t> left_out_change = {};

  /// The path of a form in a file; empty: not wanted.
  std::string path_of(std::string_view form) const;
  /// What is wrong with a field, at the place where it was given.
  Diagnostic fault(std::string_view field, std::string message, std::string hint = {}) const;
  /// Faults from below whose path is a field's name and that know no file, at the place where that field was given.
  Diagnostics placed(Diagnostics faults) const;
};

/// A form of the answer that goes to a file, or to several in a folder: "csv", "html", "trace". Asked for by its name
/// as a flag, with the path as its value.
struct FileForm {
  std::string name, type, sentence;  ///< type: "FILE", "DIR"
};

/// A member of the answer's JSON. Its path: "layout", "step/*" (any name), "ranking[]/step_time_s" (of each).
struct AnswerField {
  std::string path;
  std::string type;  ///< "number", "integer", "text", "boolean"; "any"; with " or null" where a figure may have no value
  std::string sentence;
};
using AnswerFields = std::vector<AnswerField>;
/// The fields of a part below `prefix` ("ranking[]/").
void add_answer_fields(AnswerFields& out, const std::string& prefix, const AnswerFields& part);

struct Example {
  std::string arguments;  ///< after the command's words, as in a shell: "--model llama-3.1-8b --gpus 8"
  std::string sentence;   ///< what it asks; may be empty
};

/// A question that can be asked again with one change less; `figures` may be empty (make_question).
struct AskedAgain {
  std::function<Result<Answer>(const Document&, const QuestionContext&)> answer;
  std::function<Result<std::string>(const Document&, const QuestionContext&)> figures;
};

/// Cheap to copy; all of them stand in registry.hpp.
struct Question {
  QuestionText text;              ///< name, sentence, fields
  std::vector<Example> examples;  ///< each is run by a test
  AnswerFields answer;            ///< members of the JSON, for the reference pages
  std::vector<FileForm> forms;    ///< files it can write, beside the answer
  std::function<Result<Answer>(const Document&, QuestionContext)> run;

  const std::string& name() const { return text.record->kind; }
  const std::string& sentence() const { return text.record->sentence; }
};

/// Q has the fields of changes.hpp.
template <class Q>
concept TakesChanges = requires(const Q& question) {
  question.set;
  question.without;
};
/// Finds its unused changes itself, at less cost than asking again would have (`static constexpr bool`).
template <class Q>
concept TellsUnusedChanges = requires { Q::kTellsUnusedChanges; };

AnswerField unused_changes_field();
/// With its run; where `tells_unused`, the answer is asked again without each change (unused_changes.hpp).
Question finish_question(Question question, const AskedAgain& asked, bool tells_unused);

/// What is asked of a document: its fields are read, all faults told at once.
template <class Q, class Out>
std::function<Result<Out>(const Document&, const QuestionContext&)> asked_of(
    Result<Out> (*ask)(const Q&, const QuestionContext&)) {
  if (ask == nullptr) return {};
  return [ask](const Document& document, const QuestionContext& context) -> Result<Out> {
    auto question = read_record<Q>(document);
    if (!question) return question.faults();
    auto answered = ask(*question, context);
    if (!answered) return context.placed(answered.faults());
    return answered;
  };
}

/// A question of type Q that `answer` answers. `figures`: what a long answer rests on, as text, in a fraction of its
/// time; a change that moves them is used by the answer (unused_changes.hpp).
template <class Q>
Question make_question(Result<Answer> (*answer)(const Q&, const QuestionContext&), std::vector<Example> examples,
                       AnswerFields fields, std::vector<FileForm> forms = {},
                       Result<std::string> (*figures)(const Q&, const QuestionContext&) = nullptr) {
  return finish_question({Q::table().question_text(), std::move(examples), std::move(fields), std::move(forms), {}},
                         {asked_of(answer), asked_of(figures)}, TakesChanges<Q> && !TellsUnusedChanges<Q>);
}

}  // namespace stargate
