// Trees are walked to their scalars; Python is scanned for `name=literal` inside calls. Nothing is ever executed.
#include "stargate/import/import_options.hpp"

#include <algorithm>
#include <cctype>

#include "stargate/config/toml.hpp"
#include "stargate/config/tree_builder.hpp"
#include "stargate/import/import_arguments.hpp"

namespace stargate {
namespace {

ImportSyntax syntax_of(const std::string& file) {
  if (file.ends_with(".yaml") || file.ends_with(".yml")) return ImportSyntax::yaml;
  if (file.ends_with(".toml")) return ImportSyntax::toml;
  if (file.ends_with(".json")) return ImportSyntax::json;
  return file.ends_with(".py") ? ImportSyntax::python : ImportSyntax::arguments;
}

/// "${NAME:default}" and "${NAME:-default}" mean the default: an environment of another machine is not ours to know.
std::string without_placeholder(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (!text.starts_with("${") || !text.ends_with('}') || colon == std::string::npos) return text;
  const std::size_t from = colon + (text[colon + 1] == '-' ? 2 : 1);
  const std::string otherwise = text.substr(from, text.size() - 1 - from);
  return otherwise.find_first_of("${}") == std::string::npos ? otherwise : text;
}

/// Configurations that say how to shard or fine-tune but are no layout we read, told apart by a key only they have.
struct ForeignConfiguration {
  const char *key, *name;
};
constexpr ForeignConfiguration kForeign[] = {{"zero_optimization", "DeepSpeed"},
                                             {"distributed_type", "Accelerate"},
                                             {"base_model", "Axolotl"},
                                             {"finetuning_type", "LLaMA-Factory"}};

Check refuse_foreign(const Document& document) {
  for (const auto& f : kForeign) {
    const Node* found = document.root.find(f.key);
    if (found == nullptr) continue;
    return document.fault(*found, f.key, std::string("a configuration of ") + f.name + " is not read",
                          "give Megatron-LM arguments, a torchtitan or a NeMo configuration, or the sizes as flags");
  }
  return Done{};
}

/// Every scalar becomes an option; a list of scalars one option whose value has blanks between.
void walk(const Node& node, const std::string& path, const std::string& key, std::vector<ImportedOption>& out) {
  const auto below = [&](const std::string& name) { return path.empty() ? name : path + "." + name; };
  for (const auto& member : node.members) walk(member.value, below(member.key), member.key, out);
  if (node.is_mapping()) return;
  ImportedOption option{option_name(key), path, without_placeholder(node.text), node.at, {}};
  for (const auto& item : node.items) option.value += (option.value.empty() ? "" : " ") + item.text;
  if (!node.is_null()) out.push_back(std::move(option));
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Keyword arguments with literal values and the calls they stand in.
class PythonScan {
 public:
  PythonScan(std::string_view text, std::vector<ImportedOption>& out) : text_(text), out_(out) {}

  void scan() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (line_text_ == kNowhere && c != ' ' && c != '\t') line_text_ = at_;
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') step();
      } else if (c == '"' || c == '\'') {
        take_string();
      } else if (is_word(c)) {
        leave_function();
        take_word();
      } else {
        if (c == '(') calls_.push_back(word_);
        if (c == ')' && !calls_.empty()) calls_.pop_back();
        if (std::isspace(static_cast<unsigned char>(c)) == 0 && c != '.') word_.clear();
        step();
      }
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void step() {
    if (text_[at_++] == '\n') ++line_, line_start_ = at_, line_text_ = kNowhere;
  }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') step();
  }
  /// A line that begins no further in than `def` did is outside the function.
  void leave_function() {
    if (at_ == line_text_ && calls_.empty() && at_ - line_start_ <= def_indent_) function_.clear();
  }
  /// After the word "def".
  void enter_function(std::size_t indent) {
    skip_spaces();
    while (is_word(peek())) {
      function_ += peek();
      step();
    }
    def_indent_ = indent;
  }
  std::string take_string() {
    const char quote = peek();
    std::size_t width = text_.substr(at_, 3) == std::string(3, quote) ? 3 : 1;
    const std::string close(width, quote);
    for (std::size_t i = 0; i < width; ++i) step();
    std::string out;
    while (at_ < text_.size() && text_.substr(at_, width) != close) {
      out += peek();
      step();
    }
    for (; width > 0 && at_ < text_.size(); --width) step();
    return out;
  }
  void take_word() {
    std::string word;
    const std::size_t column = at_ - line_start_;
    while (is_word(peek())) {
      word += peek();
      step();
    }
    word_ = word;
    if (word == "def" && function_.empty()) return enter_function(column);
    skip_spaces();
    if (peek() == ':' && peek(1) != '=') {  // an annotation: `tensor_parallel_degree: int = 8`
      const std::size_t equals = equals_.next(text_, '=', at_);
      if (equals > line_end_.next(text_, '\n', at_) || equals == text_.size() || std::isdigit(static_cast<unsigned char>(word[0])) != 0) return;
      while (at_ < equals) step();
    }
    if (peek() != '=' || peek(1) == '=') return;
    step();
    skip_spaces();
    ImportedOption option{word, word, {}, {line_, static_cast<int>(at_ - line_start_) + 1}, {}, function_};
    const std::size_t depth = std::min(calls_.size(), static_cast<std::size_t>(kDeepestNesting));  // the innermost
    for (auto call = calls_.rbegin(); call != calls_.rbegin() + static_cast<std::ptrdiff_t>(depth); ++call) {
      if (!call->empty()) option.path.insert(0, *call + ".");
    }
    if (take_literal(option.value)) out_.push_back(std::move(option));
  }
  /// A text, a number, True or False; None and expressions are no values.
  bool take_literal(std::string& value) {
    if (peek() == '"' || peek() == '\'') return value = take_string(), true;
    if (!is_word(peek()) && peek() != '-' && peek() != '.') return false;
    const std::size_t from = at_;
    std::size_t to = from;
    while (to < text_.size() && (is_word(text_[to]) || text_[to] == '.' || text_[to] == '-' || text_[to] == '+')) ++to;
    std::string word(text_.substr(from, to - from));
    const bool number = std::isdigit(static_cast<unsigned char>(word[word[0] == '-' ? 1 : 0])) != 0;
    if (!number && word != "True" && word != "False" && word != "None") return false;
    while (at_ < to) step();
    word.erase(std::remove(word.begin(), word.end(), '_'), word.end());
    value = word == "True" ? "true" : word == "False" ? "false" : word;
    return word != "None";
  }

  static constexpr std::size_t kNowhere = std::string_view::npos;
  /// Where a letter comes next, looked for once however often it is asked from before it: places only grow.
  struct NextLetter {
    std::size_t place = 0;
    bool known = false;
    std::size_t next(std::string_view text, char letter, std::size_t from) {
      if (!known || place < from) place = std::min(text.find(letter, from), text.size()), known = true;
      return place;
    }
  };

  std::string_view text_;
  std::vector<ImportedOption>& out_;
  std::size_t at_ = 0, line_start_ = 0;
  std::size_t line_text_ = kNowhere;  ///< where the line's text begins, once it is reached
  NextLetter equals_, line_end_;
  int line_ = 1;
  std::string word_, function_;
  std::size_t def_indent_ = 0;
  std::vector<std::string> calls_;
};

Result<Document> read_tree(ImportSyntax syntax, const std::string& file, std::string_view text) {
  if (syntax == ImportSyntax::yaml) return parse_yaml(file, text);
  return syntax == ImportSyntax::toml ? parse_toml(file, text) : parse_json(file, text);
}

}  // namespace

std::string option_name(std::string_view written) {
  while (written.starts_with('-')) written.remove_prefix(1);
  std::string out(written);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

Check choose_function(OptionList& options, const std::string& function) {
  std::vector<std::string> known;
  for (const auto& option : options.options) {
    const bool listed = std::find(known.begin(), known.end(), option.function) != known.end();
    if (!option.function.empty() && !listed) known.push_back(option.function);
  }
  if (std::find(known.begin(), known.end(), function) == known.end()) {
    return Diagnostic{{}, 0, 0, "function", "the file has no function '" + function + "' with values",
                      suggest_name(function, known), {}};
  }
  auto& all = options.options;
  const auto other = [&](const ImportedOption& o) { return !o.function.empty() && o.function != function; };
  all.erase(std::remove_if(all.begin(), all.end(), other), all.end());
  return Done{};
}

Result<OptionList> read_import_options(const std::string& file, std::string_view text) {
  OptionList out{syntax_of(file), {}, {}};
  if (out.syntax != ImportSyntax::arguments && out.syntax != ImportSyntax::python) {
    auto document = read_tree(out.syntax, file, text);
    if (!document) return document.faults();
    if (auto known = refuse_foreign(*document); !known.ok()) return known.faults();
    out.document = std::move(*document);
    walk(out.document.root, {}, {}, out.options);
    return out;
  }
  out.document = Document(file, std::string(text));
  if (auto good = check_text(out.document); !good) return good.faults();
  if (out.syntax == ImportSyntax::python) {
    PythonScan(text, out.options).scan();
  } else {
    out.options = read_arguments(text);
  }
  return out;
}

}  // namespace stargate
