// Paths of answers ("ranking[]/step_time_s", "step/*") become nested schema objects; "[]" is a list's item, "*" any
// name.
#include "stargate/questions/schema.hpp"

#include <algorithm>

#include "stargate/config/reference.hpp"

namespace stargate {
namespace {

/// A member of the answer: a value with its field, or an object or list of more.
struct SchemaNode {
  std::string name;
  const AnswerField* field = nullptr;
  std::vector<SchemaNode> children;

  SchemaNode& child(const std::string& wanted) {
    for (auto& node : children) {
      if (node.name == wanted) return node;
    }
    return children.emplace_back(SchemaNode{wanted, nullptr, {}});
  }
  const SchemaNode* find(const std::string& wanted) const {
    const SchemaNode* any = nullptr;
    for (const auto& node : children) {
      if (node.name == wanted) return &node;
      if (node.name == "*") any = &node;
    }
    return any;
  }
};

SchemaNode schema_tree(const AnswerFields& fields) {
  static const AnswerField version{"schema_version", "integer", "1; it rises when a member changes its meaning"};
  SchemaNode root;
  root.child("schema_version").field = &version;
  for (const auto& field : fields) {
    SchemaNode* at = &root;
    std::string rest = field.path;
    while (!rest.empty()) {
      const auto slash = rest.find('/');
      std::string name = rest.substr(0, slash);
      rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
      const bool list = name.ends_with("[]");
      if (list) name.resize(name.size() - 2);
      at = &at->child(name);
      if (list) at = &at->child("[]");
    }
    at->field = &field;
  }
  return root;
}

void write_type(JsonWriter& json, const std::string& type) {
  if (type == "any") return;
  const bool nullable = type.ends_with(" or null");
  const std::string name = nullable ? type.substr(0, type.size() - 8) : type;
  const std::string word = name == "text" ? "string" : name;
  if (!nullable) {
    json.member("type", word);
    return;
  }
  json.key("type").begin_array().value(word).value("null").end_array();
}

void write_answer(JsonWriter& json, const SchemaNode& node) {
  json.begin_object();
  if (node.field != nullptr) json.member("description", node.field->sentence);
  if (node.children.empty()) {
    if (node.field != nullptr) write_type(json, node.field->type);
  } else if (node.children.front().name == "[]") {
    write_answer(json.member("type", "array").key("items"), node.children.front());
  } else {
    json.member("type", "object").key("properties").begin_object();
    for (const auto& child : node.children) {
      if (child.name != "*") write_answer(json.key(child.name), child);
    }
    json.end_object();
    if (const auto* any = node.find("*")) write_answer(json.key("additionalProperties"), *any);
  }
  json.end_object();
}

void write_field(JsonWriter& json, const FieldText& field, const FieldFace& face) {
  json.key(field.name).begin_object();
  write_schema_type(json, field);
  std::string sentence = field.sentence + " (" + field.type + (field.range.empty() ? "" : ", " + field.range) + ")";
  json.member("description", sentence);
  if (!face.default_text.empty()) json.member("default", face.default_text);
  json.end_object();
}

void write_question(JsonWriter& json, const Question& question) {
  const RecordText& record = *question.text.record;
  json.begin_object().member("type", "object").member("additionalProperties", false).key("required").begin_array();
  json.value("question");
  for (const auto& field : record.fields) {
    if (field.required) json.value(field.name);
  }
  json.end_array().key("properties").begin_object();
  json.key("question").begin_object().member("const", question.name()).end_object();
  for (std::size_t i = 0; i < record.fields.size(); ++i) write_field(json, record.fields[i], question.text.faces[i]);
  json.end_object().end_object();
}

const char* json_type_of(const Node& node) {
  if (node.is_null()) return "null";
  if (node.is_mapping()) return "object";
  if (node.is_sequence()) return "array";
  if (node.quoted) return "text";
  if (node.text == "true" || node.text == "false") return "boolean";
  return node.text.find_first_of(".eE") == std::string::npos ? "integer" : "number";
}

/// A whole number stands for any number.
bool is_of_type(const Node& node, const std::string& type) {
  const std::string is = json_type_of(node);
  return type.starts_with(is) || (is == "integer" && type.starts_with("number")) ||
         (is == "null" && type.ends_with(" or null"));
}

/// Walks the answer, not the schema: what is described and not there is no fault, since most members are optional.
void compare(const Node& node, const SchemaNode& schema, const std::string& path, std::vector<std::string>& out) {
  if (schema.field != nullptr && schema.field->type == "any") return;
  if (node.is_mapping()) {
    for (const auto& member : node.members) {
      const std::string below = path.empty() ? member.key : path + "/" + member.key;
      const SchemaNode* child = schema.find(member.key);
      child == nullptr ? out.push_back(below + " is not described") : compare(member.value, *child, below, out);
    }
  } else if (node.is_sequence()) {
    const SchemaNode* item = schema.find("[]");
    if (item == nullptr) return out.push_back(path + " is a list, which is not described");
    for (const auto& each : node.items) compare(each, *item, path + "[]", out);
  } else if (schema.field == nullptr) {
    out.push_back(path + " is not described as a value");
  } else if (!is_of_type(node, schema.field->type)) {
    out.push_back(path + " is " + describe_node(node) + ", described as " + schema.field->type);
  }
}

}  // namespace

std::string format_question_schema(const Question& question) {
  JsonWriter json;
  json.begin_object().member("$schema", "http://json-schema.org/draft-07/schema#").member("title", question.name());
  json.member("description", question.sentence()).key("definitions").begin_object();
  write_question(json.key("question"), question);
  write_answer(json.key("answer"), schema_tree(question.answer));
  return json.end_object().end_object().text();
}

std::vector<std::string> undescribed_members(const Question& question, const Node& answer) {
  std::vector<std::string> out;
  compare(answer, schema_tree(question.answer), {}, out);
  return out;
}

}  // namespace stargate
