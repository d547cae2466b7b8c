// Groups stand in the order in which the table first names them.
#include "stargate/app/help_text.hpp"

#include <algorithm>
#include <cctype>

#include "stargate/app/question_flags.hpp"
#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

constexpr std::size_t kWidestLeft = 30;

/// What stands for the value in the help: the field's own word, else one made from its type's text.
std::string value_name(const FieldText& field, const FieldFace& face) {
  if (!face.type_name.empty()) return face.type_name;
  if (field.type.find(" | ") != std::string::npos) return "NAME";
  if (field.type.find("whole number") != std::string::npos) return "N";
  if (field.type.find("number") != std::string::npos) return "NUMBER";
  return field.type.find(", as \"") != std::string::npos ? "QUANTITY" : "TEXT";
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The flag with its other names, and its sentence with choices, example and default.
HelpEntry field_entry(const FieldText& field, const FieldFace& face) {
  HelpEntry out;
  if (face.positional) {
    out.name = upper(field.name);
  } else {
    for (const auto& alias : face.aliases) out.name += flag_of(alias) + ", ";
    out.name = flag_of(field.name) + (face.aliases.empty() ? "" : ", " + out.name.substr(0, out.name.size() - 2));
    if (face.shape != FieldShape::on) out.name += " " + value_name(field, face);
  }
  out.sentence = field.sentence;
  if (field.type.find(" | ") != std::string::npos) out.sentence += ": " + field.type;
  if (const auto as = field.type.find(", as \""); as != std::string::npos && face.type_name.empty()) {
    out.sentence += field.type.substr(as);
  }
  if (!face.default_text.empty()) out.sentence += " [" + face.default_text + "]";
  if (face.shape == FieldShape::list) out.sentence += face.commas ? " (several, with commas)" : " (may be repeated)";
  if (field.required) out.sentence += " (required)";
  return out;
}

/// The text in lines of at most `width` columns, broken between words.
std::vector<std::string> wrap(const std::string& text, int width) {
  std::vector<std::string> lines(1);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

std::string usage(const Question& question) {
  std::string out = "Usage: stargate " + question.name();
  const auto& fields = question.text.record->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldFace& face = question.text.faces[i];
    if (face.positional) {
      const std::string name = upper(fields[i].name) + (face.shape == FieldShape::list ? "..." : "");
      out += " " + (fields[i].required ? name : "[" + name + "]");
    } else if (fields[i].required) {
      out += " " + flag_of(fields[i].name) + " " + value_name(fields[i], face);
    }
  }
  return out + " [flags]\n";
}

std::vector<std::string> groups_of(const Question& question) {
  std::vector<std::string> out;
  for (const auto& face : question.text.faces) {
    if (std::find(out.begin(), out.end(), face.group) == out.end()) out.push_back(face.group);
  }
  return out;
}

}  // namespace

std::string format_help_entries(const std::vector<HelpEntry>& entries, int width) {
  std::size_t left = 0;
  for (const auto& entry : entries) {
    if (entry.name.size() <= kWidestLeft) left = std::max(left, entry.name.size());
  }
  std::string out;
  for (const auto& entry : entries) {
    std::string line = "  " + entry.name;
    const auto lines = wrap(entry.sentence, std::max(24, width - static_cast<int>(left) - 4));
    if (entry.name.size() > left) out += line + "\n", line.clear();
    for (const auto& text : lines) {
      line.resize(left + 4, ' ');
      out += line + text + "\n";
      line.clear();
    }
  }
  return out;
}

std::string format_command_help(const Question& question, const std::vector<HelpEntry>& below, int width) {
  std::string out;
  out += question.sentence() + "\n" + usage(question);
  const auto& fields = question.text.record->fields;
  for (const auto& group : groups_of(question)) {
    std::vector<HelpEntry> entries;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const FieldFace& face = question.text.faces[i];
      if (face.group == group) entries.push_back(field_entry(fields[i], face));
    }
    out += "\n" + (group.empty() ? std::string("What is asked") : group) + "\n" + format_help_entries(entries, width);
  }
  std::vector<HelpEntry> forms{{"--json", "Print JSON"}};
  for (const auto& form : question.forms) forms.push_back({flag_of(form.name) + " " + form.type, form.sentence});
  forms.push_back({"--catalogue DIR", "Folder of the catalogue"});
  out += "\nThe answer\n" + format_help_entries(forms, width);
  if (!below.empty()) out += "\nCommands below\n" + format_help_entries(below, width);
  if (!question.examples.empty()) out += "\nExamples\n";
  for (const auto& example : question.examples) {
    out += "  stargate " + question.name() + " " + example.arguments + "\n";
    if (!example.sentence.empty()) out += "      " + example.sentence + "\n";
  }
  return out + "\n`stargate schema " + question.name() + "` prints question and answer as JSON Schema.\n";
}

}  // namespace stargate
