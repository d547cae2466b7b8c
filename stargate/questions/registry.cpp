// Each question's own file makes its entry; the list below is all there is to add it to.
#include "stargate/questions/registry.hpp"

#include <algorithm>

#include "stargate/config/json_writer.hpp"
#include "stargate/questions/model.hpp"

namespace stargate {
namespace {

void write_node(JsonWriter& json, const Node& node) {
  if (node.is_mapping()) {
    json.begin_object();
    for (const auto& member : node.members) write_node(json.key(member.key), member.value);
    json.end_object();
  } else if (node.is_sequence()) {
    json.begin_array();
    for (const auto& item : node.items) write_node(json, item);
    json.end_array();
  } else if (node.text == "true" || node.text == "false") {
    json.value(node.text == "true");
  } else {
    json.value(node.text);  // a number in quotes reads the same, to the last digit
  }
}

}  // namespace

const std::vector<Question>& all_questions() {
  static const std::vector<Question> questions{model_question()};
  return questions;
}

const Question* find_question(std::string_view name) {
  const auto& all = all_questions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Question& q) { return q.name() == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> question_names() {
  std::vector<std::string> names;
  for (const auto& question : all_questions()) names.push_back(question.name());
  return names;
}

Result<AskedQuestion> parse_asked_question(const std::string& file, std::string_view text) {
  auto document = parse_json(file, text);
  if (!document) return document.faults();
  Node& root = document->root;
  const auto named = std::find_if(root.members.begin(), root.members.end(),
                                  [](const Member& member) { return member.key == "question"; });
  if (named == root.members.end()) {
    return document->fault(root, {}, "'question' is missing", "write {\"question\": \"train\", \"model\": ...}");
  }
  const Question* question = named->value.is_scalar() ? find_question(named->value.text) : nullptr;
  if (question == nullptr) {
    return document->fault(named->value, "question", describe_node(named->value) + " is no question",
                           suggest_name(named->value.text, question_names()));
  }
  root.members.erase(named);
  return AskedQuestion{question, std::move(*document)};
}

std::string format_asked_question(const Question& question, const Document& document) {
  JsonWriter json;
  json.begin_object().member("question", question.name());
  for (const auto& member : document.root.members) write_node(json.key(member.key), member.value);
  return json.end_object().text();
}

}  // namespace stargate
