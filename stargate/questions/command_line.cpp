// The reverse of app/question_flags.cpp.
#include "stargate/questions/command_line.hpp"

#include <algorithm>

namespace stargate {
namespace {

std::string quoted_word(const std::string& word) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Of one field; a list has its flag once a value, or once in all where commas may part them.
std::string words_of(const std::string& name, const FieldFace& face, const Node& value) {
  const std::string flag = face.positional ? std::string() : " " + flag_of(name);
  if (face.shape == FieldShape::on) return value.text == "true" ? flag : std::string();
  if (!value.is_sequence()) return flag + " " + quoted_word(value.text);
  std::string out, together;
  for (const Node& item : value.items) {
    together += (together.empty() ? "" : ",") + item.text;
    out += flag + " " + quoted_word(item.text);
  }
  return face.commas && !together.empty() ? flag + " " + quoted_word(together) : out;
}

}  // namespace

std::string flag_of(std::string_view field) {
  std::string out = "--" + std::string(field);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string format_command_line(const Question& question, const Document& document) {
  std::string out = "stargate " + question.name();
  const auto& fields = question.text.record->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Node* value = document.root.find(fields[i].name);
    if (value != nullptr && !value->is_null()) out += words_of(fields[i].name, question.text.faces[i], *value);
  }
  return out;
}

}  // namespace stargate
