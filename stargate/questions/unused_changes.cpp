// The question is asked in the same words each time; only the context says which change not to make, so that words that
// repeat the changes are the same too.
#include "stargate/questions/unused_changes.hpp"

namespace stargate {
namespace {

/// "--set PATH=VALUE" and "--without KIND:ID" of a question as written.
std::vector<std::string> changes_of(const Document& document) {
  std::vector<std::string> out;
  for (const char* field : {"set", "without"}) {
    const Node* given = document.root.find(field);
    if (given == nullptr) continue;
    for (const Node& item : given->items) out.push_back(std::string("--") + field + " " + item.text);
  }
  return out;
}

std::string unused_text(const std::vector<std::string>& changes) {
  std::string out;
  for (const auto& change : changes) out += "no part of this answer uses " + change + "\n";
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// A member more at the end of an object.
std::string with_member(std::string json, const std::vector<std::string>& changes) {
  const auto end = json.rfind('}');
  if (end == std::string::npos) return json;
  std::string list;
  for (const auto& change : changes) list += (list.empty() ? "" : ", ") + quoted(change);
  return json.insert(end, ", \"unused_changes\": [" + list + "]");
}

}  // namespace

Question tell_unused_changes(Question question) {
  question.answer.push_back(
      {"unused_changes[]", "text", "Changes that no part of the answer uses, where there are any"});
  const auto ask = question.run;
  question.run = [ask](const Document& document, QuestionContext context) -> Result<Answer> {
    auto answer = ask(document, context);
    const std::vector<std::string> changes = changes_of(document);
    if (!answer.ok() || changes.empty()) return answer;
    const std::string whole = answer->json();
    std::vector<std::string> unused;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      context.left_out_change = i;
      const auto without = ask(document, context);
      if (without.ok() && without->json() == whole) unused.push_back(changes[i]);
    }
    if (unused.empty()) return answer;
    const auto text = answer->text, json = answer->json;
    answer->text = [=] { return text() + unused_text(unused); };
    answer->json = [=] { return with_member(json(), unused); };
    return answer;
  };
  return question;
}

}  // namespace stargate
