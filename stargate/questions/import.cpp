// The file's options -> a layout -> the catalogue's model of that shape or name -> command, YAML, what was ignored.
#include "stargate/questions/import.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/import/import_layout.hpp"

namespace stargate {
namespace {

/// What the file says of the shape, and nothing else, must be the model's. What the file leaves out agrees with every
/// model.
bool same_shape(const Model& model, const ImportedLayout& l) {
  int heads = 0, kv_heads = 0, experts = 0, width = 0;
  for (const auto& shape : model.shapes) {
    heads = std::max(heads, shape.attention.heads), kv_heads = std::max(kv_heads, shape.attention.kv_heads);
    experts = std::max(experts, shape.feed_forward.experts);
    if (shape.feed_forward.kind == FeedForwardKind::dense) width = std::max(width, shape.feed_forward.width);
  }
  const auto is = [](const std::optional<std::int64_t>& said, std::int64_t own) { return said.value_or(own) == own; };
  return is(l.layers, model.layer_count()) && is(l.hidden, model.hidden) && is(l.heads, heads) &&
         is(l.kv_heads, kv_heads) && l.experts.value_or(0) == experts && is(l.vocab, model.vocab) &&
         (width == 0 || is(l.width, width));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '-' || c == '_' || c == ' ') {
      if (!out.back().empty()) out.emplace_back();
    } else {
      out.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

/// "llama3" and "405B" name llama-3.1-405b: the id ends in the flavour's words, and what stands before is the name or a
/// later version of it.
bool is_named(const std::string& id, const ImportedLayout& l) {
  const auto words = words_of(id), flavor = words_of(l.model_flavor);
  if (l.model_name.empty() || l.model_flavor.empty() || words.size() <= flavor.size()) return false;
  const auto tail = static_cast<std::ptrdiff_t>(words.size() - flavor.size());
  if (!std::equal(flavor.begin(), flavor.end(), words.begin() + tail)) return false;
  std::string head, name;
  for (std::ptrdiff_t i = 0; i < tail; ++i) head += words[static_cast<std::size_t>(i)];
  for (const auto& word : words_of(l.model_name)) name += word;
  return head == name || head.starts_with(name + ".");
}

/// The model of this shape; else the one of this name. Of several of a shape none, with a note: which is meant is not
/// ours to guess.
std::string find_model(const Catalogue& catalogue, ImportedLayout& l) {
  std::vector<std::string> found;
  for (const auto& [id, model] : catalogue.models) {
    const bool shape = l.layers && l.hidden;
    if (shape ? same_shape(model, l) : is_named(id, l)) found.push_back(id);
  }
  if (found.size() > 1 && l.layers) {
    std::string all;
    for (const auto& id : found) all += (all.empty() ? "" : ", ") + id;
    l.notes.push_back("several models have this shape: " + all);
    return {};
  }
  return found.empty() ? std::string() : found.back();
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

void write_import(JsonWriter& json, const Imported& in) {
  json.member("schema_version", 1).member("dialect", import_dialect_name(in.layout.dialect));
  json.member("file", in.file).member("command", format_import_command(in.layout, in.model, in.system));
  json.member("layout_yaml", format_import_yaml(in.layout)).key("assumed").begin_array();
  for (const auto& note : in.layout.notes) json.value(note);
  json.end_array().key("ignored").begin_array();
  for (const auto& option : in.layout.ignored) {
    json.begin_object().member("line", option.at.line).member("option", option.path);
    json.member("value", option_value(option)).end_object();
  }
  json.end_array();
}

}  // namespace

const QuestionTable<ImportQuestion>& ImportQuestion::table() {
  static const auto table = [] {
    QuestionTable<ImportQuestion> t(
        "import", "A layout written for Megatron-LM, torchtitan or NeMo, as a command of this program");
    t.required("file", &ImportQuestion::file, "Arguments or launch script, .yaml, .toml, .json or .py").positional();
    t.optional("model", &ImportQuestion::model, "Model, else the catalogue's of the same shape or name");
    t.optional("system", &ImportQuestion::system, "System to put into the command");
    t.optional("function", &ImportQuestion::function, "Of a Python file with several recipes, the one that is meant");
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
  if (!question.function.empty()) {
    if (auto chosen = choose_function(*options, question.function); !chosen) return chosen.faults();
  }
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
                     import_text, write_import);
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
