// CLI11 splits the command line into words; what the words mean is read by the question's table, as from JSON.
#include "stargate/app/question_flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

namespace stargate {
namespace {

constexpr int kAnyNumber = CLI::detail::expected_max_vector_size;

Node scalar(Document& document, const std::string& text, std::string origin) {
  Node node;
  node.kind = NodeKind::scalar, node.text = text;
  document.mark_origin(node, std::move(origin));
  return node;
}

/// Words of one or several occurrences of a flag; commas inside a word separate items where the field allows it.
Node list_of(Document& document, const std::vector<std::string>& words, const FieldFace& face,
             const std::string& flag) {
  Node list;
  list.kind = NodeKind::sequence;
  for (const auto& word : words) {
    std::size_t begin = 0;
    for (std::size_t comma = 0; face.commas && (comma = word.find(',', begin)) != std::string::npos;
         begin = comma + 1) {
      list.items.push_back(scalar(document, word.substr(begin, comma - begin), flag + " " + word));
    }
    list.items.push_back(scalar(document, word.substr(begin), flag + " " + word));
  }
  document.mark_origin(list, flag + " " + CLI::detail::join(words, " "));
  return list;
}

std::string names_of(const std::string& field, const FieldFace& face) {
  if (face.positional) return field;
  std::string out = flag_of(field);
  for (const auto& alias : face.aliases) out += "," + flag_of(alias);
  return out;
}

/// CLI11 gets no defaults and no types: the field's own codec reads the words, with the messages that files give.
CLI::Option* add_field(CLI::App& command, const FieldText& field, const FieldFace& face) {
  if (face.shape == FieldShape::on) return command.add_flag(names_of(field.name, face));
  auto* option = command.add_option(names_of(field.name, face));
  // one word an occurrence; a second occurrence of a single value is told as a fault of ours
  option->expected(1, face.words > 1 ? face.words : kAnyNumber)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  const bool many_at_once = face.words > 1 || (face.positional && face.shape == FieldShape::list);
  return option->allow_extra_args(many_at_once);
}

/// The "file" of a document made from flags.
std::string command_line_of(const Question& question) { return "stargate " + question.name(); }

void collect_origins(const Document& document, const Node& node, std::set<std::string>& out) {
  out.insert(document.origin(node));
  for (const auto& item : node.items) collect_origins(document, item, out);
  for (const auto& member : node.members) collect_origins(document, member.value, out);
}

}  // namespace

QuestionCommand::QuestionCommand(const Question& question, CLI::App& command)
    : question_(&question), command_(&command) {
  const auto& fields = question.text.record->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields_.push_back(add_field(command, fields[i], question.text.faces[i]));
  }
  for (const auto& form : question.forms) forms_.push_back(command.add_option(flag_of(form.name))->expected(1));
  json_ = command.add_flag("--json");
}

bool QuestionCommand::wants_json() const { return json_->count() > 0; }

std::map<std::string, std::string, std::less<>> QuestionCommand::wanted() const {
  std::map<std::string, std::string, std::less<>> out;
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (forms_[i]->count() > 0) out[question_->forms[i].name] = forms_[i]->results().back();
  }
  return out;
}

std::vector<std::string> QuestionCommand::flags() const {
  std::vector<std::string> out{"--json", "--help", "--catalogue"};
  for (const auto& form : question_->forms) out.push_back(flag_of(form.name));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const FieldFace& face = question_->text.faces[i];
    if (face.positional) continue;
    out.push_back(flag_of(question_->text.record->fields[i].name));
    for (const auto& alias : face.aliases) out.push_back(flag_of(alias));
  }
  return out;
}

const CLI::Option* QuestionCommand::given(const std::string& field) const {
  const auto& fields = question_->text.record->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field && fields_[i]->count() > 0) return fields_[i];
  }
  return nullptr;
}

Result<Document> QuestionCommand::asked(const QuestionCommand* above) const {
  Document document(command_line_of(*question_), {});
  document.root.kind = NodeKind::mapping;
  Diagnostics faults;
  const auto& fields = question_->text.record->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldFace& face = question_->text.faces[i];
    const std::string flag = face.positional ? fields[i].name : flag_of(fields[i].name);
    const CLI::Option* option = given(fields[i].name);
    if (option == nullptr && above != nullptr) option = above->given(fields[i].name);
    if (option == nullptr) {
      if (fields[i].required) faults.push_back({document.file, 0, 0, {}, flag + " is missing", fields[i].sentence, {}});
      continue;
    }
    const auto& words = option->results();
    const std::string text = CLI::detail::join(words, " ");
    if (face.shape == FieldShape::list) {
      document.root.members.push_back({fields[i].name, {}, list_of(document, words, face, flag)});
    } else if (face.shape == FieldShape::on) {
      document.root.members.push_back({fields[i].name, {}, scalar(document, words.back(), flag)});
    } else if (face.words == 1 && words.size() > 1) {
      faults.push_back({flag + " " + text, 0, 0, {}, "is given more than once", "give one value", {}});
    } else {
      document.root.members.push_back({fields[i].name, {}, scalar(document, text, flag + " " + text)});
    }
  }
  if (!faults.empty()) return faults;
  return document;
}

Diagnostics told_by_flags(const Question& question, const Document& document, Diagnostics faults) {
  if (document.file != command_line_of(question)) return faults;
  std::set<std::string> origins;
  collect_origins(document, document.root, origins);
  const auto& fields = question.text.record->fields;
  for (auto& fault : faults) {
    if (fault.line == 0 && !fault.file.empty() && origins.contains(fault.file)) fault.path.clear();
    const bool ours = std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.name == fault.path; });
    if (fault.file.empty() && ours) fault.file = flag_of(fault.path), fault.path.clear();
  }
  return faults;
}

}  // namespace stargate
