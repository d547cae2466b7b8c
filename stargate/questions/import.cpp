// The file's options -> a layout -> the catalogue's model of that shape or name -> command, YAML, what was ignored.
#include "stargate/questions/import.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/import/import_layout.hpp"

namespace stargate {
namespace {

bool same_shape(const Model& model, const ImportedLayout& l) {
  int heads = 0, experts = 0;
  for (const auto& shape : model.shapes) {
    heads = std::max(heads, shape.attention.heads), experts = std::max(experts, shape.feed_forward.experts);
  }
  return model.layer_count() == *l.layers && model.hidden == *l.hidden && l.heads.value_or(heads) == heads &&
         l.experts.value_or(experts) == experts;
}

std::string letters_and_digits(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// The model of this shape; else the newest by name whose id begins with the name and ends with the flavour
/// ("llama3", "405B": llama-3.1-405b).
std::string find_model(const Catalogue& catalogue, const ImportedLayout& l) {
  std::string found;
  const std::string name = letters_and_digits(l.model_name), flavor = letters_and_digits(l.model_flavor);
  for (const auto& [id, model] : catalogue.models) {
    if (l.layers && l.hidden) {
      if (same_shape(model, l)) return id;
      continue;
    }
    const std::string plain = letters_and_digits(id);
    if (!name.empty() && plain.starts_with(name) && plain.ends_with(flavor)) found = id;
  }
  return found;
}

struct Imported {
  std::string file, model, system;
  ImportedLayout layout;
};

std::string option_value(const ImportedOption& option) {
  std::string value = option.value;
  std::replace(value.begin(), value.end(), '\n', ' ');
  return value;
}

std::string import_text(const Imported& in) {
  const ImportedLayout& layout = in.layout;
  std::string out = fmt::format("{} configuration {}\n\nCommand\n{}\nLayout, in Megatron-Core's names\n{}",
                                import_dialect_name(layout.dialect), in.file,
                                format_import_command(layout, in.model, in.system), format_import_yaml(layout));
  if (!layout.notes.empty()) out += "\nAssumed\n";
  for (const auto& note : layout.notes) out += "  " + note + "\n";
  if (!layout.ignored.empty()) out += "\nIgnored: no part of the layout\n";
  for (const auto& option : layout.ignored) {
    const std::string value = option_value(option);
    out += fmt::format("  line {}: {}{}{}\n", option.at.line, option.path, value.empty() ? "" : " ", value);
  }
  return out;
}

std::string import_json(const Imported& in) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("dialect", import_dialect_name(in.layout.dialect));
  json.member("file", in.file).member("command", format_import_command(in.layout, in.model, in.system));
  json.member("layout_yaml", format_import_yaml(in.layout)).key("assumed").begin_array();
  for (const auto& note : in.layout.notes) json.value(note);
  json.end_array().key("ignored").begin_array();
  for (const auto& option : in.layout.ignored) {
    json.begin_object().member("line", option.at.line).member("option", option.path);
    json.member("value", option_value(option)).end_object();
  }
  return json.end_array().end_object().text();
}

}  // namespace

const QuestionTable<ImportQuestion>& ImportQuestion::table() {
  static const auto table = [] {
    QuestionTable<ImportQuestion> t(
        "import", "A layout written for Megatron-LM, torchtitan or NeMo, as a command of this program");
    t.required("file", &ImportQuestion::file, "Arguments or launch script, .yaml, .toml, .json or .py").positional();
    t.optional("model", &ImportQuestion::model, "Model, else the catalogue's of the same shape or name");
    t.optional("system", &ImportQuestion::system, "System to put into the command");
    t.optional("gpus", &ImportQuestion::gpus, "Accelerators, where the file does not say",
               {.at_least = 1.0, .above = {}, .at_most = 1e8})
        .otherwise("");
    return t;
  }();
  return table;
}

Result<Answer> answer_import(const ImportQuestion& question, const QuestionContext& context) {
  // Every option is known by its line; those of a layout are understood, the others listed.
  auto text = context.files.read(question.file);
  if (!text) return text.faults();
  auto options = read_import_options(question.file, *text);
  if (!options) return options.faults();
  auto layout = import_layout(*options, question.gpus);
  if (!layout) return layout.faults();
  if (layout->ignored.size() == options->options.size()) {
    return Diagnostic{question.file,
                      0,
                      0,
                      {},
                      "holds no option of a layout",
                      "give Megatron-LM arguments, a torchtitan or a NeMo configuration",
                      {}};
  }
  // The model is the one named, or the catalogue's of that shape or name.
  auto catalogue = load_catalogue_without_laws(context.files, context.catalogue_folder);
  if (!catalogue) return catalogue.faults();
  const std::string model = question.model.empty() ? find_model(*catalogue, *layout) : question.model;
  return make_answer(AnswerKind::answered, Imported{question.file, model, question.system, std::move(*layout)},
                     import_text, import_json);
}

Question import_question() {
  return make_question(
      answer_import,
      {{"tests/golden/inputs/megatron_llama_405b.sh --system hgx-h100", "a launch script of Megatron-LM"},
       {"tests/golden/inputs/torchtitan_8b.toml --system hgx-h100 --gpus 128", "of torchtitan"}},
      {{"dialect", "text", "megatron, torchtitan or nemo"},
       {"file", "text", "The file read"},
       {"command", "text", "The command that asks about the same job"},
       {"layout_yaml", "text", "The layout as YAML, in Megatron-Core's names"},
       {"assumed[]", "text", "What was assumed"},
       {"ignored[]/line", "integer", "Where an option stands that is no part of the layout"},
       {"ignored[]/option", "text", "Its name"},
       {"ignored[]/value", "text", "Its value"}});
}

}  // namespace stargate
