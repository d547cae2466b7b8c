// Places of faults, and paths of answers.
#include "stargate/questions/question.hpp"

#include <algorithm>

#include "stargate/questions/unused_changes.hpp"

namespace stargate {

std::string Answer::text() const {
  std::string out = body();
  for (const auto& change : unused_changes) out += "no part of this answer uses " + change + "\n";
  return out;
}

std::string Answer::json() const {
  JsonWriter json;
  members(json.begin_object());
  if (!unused_changes.empty()) {
    json.key("unused_changes").begin_array();
    for (const auto& change : unused_changes) json.value(change);
    json.end_array();
  }
  return json.end_object().text();
}

std::string QuestionContext::path_of(std::string_view form) const {
  const auto found = wanted.find(form);
  return found == wanted.end() ? std::string() : found->second;
}

Diagnostic QuestionContext::fault(std::string_view field, std::string message, std::string hint) const {
  const Node* node = asked != nullptr ? asked->root.find(field) : nullptr;
  if (node == nullptr) return {{}, 0, 0, std::string(field), std::move(message), std::move(hint), {}};
  // the place of a flag is its own text; the path would say the same again
  std::string path = node->origin == 0 ? std::string(field) : std::string();
  return asked->fault(*node, std::move(path), std::move(message), std::move(hint));
}

/// Faults of inner layers name a field of the question in `path`; they get the place where the user wrote it. Those of
/// files keep theirs.
Diagnostics QuestionContext::placed(Diagnostics faults) const {
  for (Diagnostic& known : faults) {
    std::string field = known.path;
    std::replace(field.begin(), field.end(), '-', '_');
    const bool of_a_field = known.file.empty() && asked != nullptr && asked->root.find(field) != nullptr;
    if (of_a_field) known = fault(field, known.message, known.hint);
  }
  return faults;
}

AnswerField unused_changes_field() {
  return {"unused_changes[]", "text", "Changes that no part of the answer uses, where there are any"};
}

Question finish_question(Question question, const AskedAgain& asked, bool tells_unused) {
  if (tells_unused) question.answer.push_back(unused_changes_field());
  question.run = [asked, tells_unused](const Document& document, QuestionContext context) {
    context.asked = &document;
    return tells_unused ? answer_and_tell_unused(document, context, asked) : asked.answer(document, context);
  };
  return question;
}

void add_answer_fields(AnswerFields& out, const std::string& prefix, const AnswerFields& part) {
  for (const auto& field : part) out.push_back({prefix + field.path, field.type, field.sentence});
}

}  // namespace stargate
