// One pass: the text becomes words with their places, assignments are remembered, variables replaced by what was set
// above, and a word that begins with two dashes is an option whose value is the next word of its line.
#include "stargate/import/import_arguments.hpp"

#include <cctype>
#include <map>

namespace stargate {
namespace {

struct Word {
  std::string text;
  Location at;
  bool separator = false;  ///< the end of a line or command: no value reaches across it
  std::string unset;
};

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// A small shell: enough of its grammar to see which words a command would get, none of its actions. A variable keeps
/// its value as text; assignments are words too, and are taken out of the list.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  std::vector<Word> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (text_.substr(at_, 2) == "\\\n") {
        step(2);
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') step(1);
      } else if (std::string_view("\n;|&()").find(c) != std::string_view::npos) {
        words_.push_back({{}, place(), true, {}});
        step(1);
      } else if (c == ' ' || c == '\t' || c == '\r') {
        step(1);
      } else {
        read_word();
      }
    }
    return std::move(words_);
  }

 private:
  Location place() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }
  void step(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count) {
      if (text_[at_++] == '\n') ++line_, line_start_ = at_;
    }
  }
  bool word_ends() const {
    return at_ >= text_.size() || std::string_view(" \t\r\n;|&()").find(text_[at_]) != std::string_view::npos ||
           text_.substr(at_, 2) == "\\\n";
  }

  void read_word() {
    Word word{{}, place(), false, {}};
    while (!word_ends()) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        read_quoted(word, c);
      } else if (c == '$') {
        read_variable(word);
      } else {
        step(c == '\\' ? 1 : 0);
        if (at_ < text_.size()) word.text += text_[at_];
        step(1);
      }
    }
    const std::size_t equals = word.text.find('=');
    const bool assignment = equals != std::string::npos && equals > 0 && is_assignment(word.text.substr(0, equals));
    if (!assignment) {
      words_.push_back(std::move(word));
    } else {
      assign(word, equals);
    }
  }
  static bool is_assignment(std::string name) {
    if (name.ends_with('+')) name.pop_back();
    for (const char c : name) {
      if (!is_name(c)) return false;
    }
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
  }
  /// A value that holds options is read where it is set; its use later stands for nothing.
  void assign(const Word& word, std::size_t equals) {
    std::string name = word.text.substr(0, equals), value = word.text.substr(equals + 1);
    if (name.ends_with('+')) name.pop_back();
    if (value.find("--") == std::string::npos) {
      if (word.unset.empty()) variables_[name] = value;
      return;
    }
    variables_[name] = {};
    Location at = word.at;
    std::string part;
    for (const char c : value + " ") {
      if (std::isspace(static_cast<unsigned char>(c)) == 0 && c != '\\') {
        part += c;
        continue;
      }
      if (!part.empty()) words_.push_back({part, at, false, word.unset});
      part.clear();
      if (c == '\n') at = {at.line + 1, 1};
    }
    words_.push_back({{}, at, true, {}});
  }

  void read_quoted(Word& word, char quote) {
    step(1);
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '$') {
        read_variable(word);
        continue;
      }
      word.text += text_[at_];
      step(1);
    }
    step(1);
  }

  /// Its value; else nothing, and the word remembers which variable was missing. So it does where values that hold one
  /// another ("A=$A$A" in every line) have grown beyond what a script is.
  std::string variable(const std::string& name, Word& word) {
    if (const auto it = variables_.find(name); it != variables_.end() && it->second.size() <= room_) {
      room_ -= it->second.size();
      return it->second;
    }
    if (word.unset.empty()) word.unset = name;
    return {};
  }
  void read_variable(Word& word) {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("$((")) return read_product(word);
    if (rest.starts_with("${")) return read_braced(word);
    step(1);
    std::string name;
    while (at_ < text_.size() && is_name(text_[at_])) {
      name += text_[at_];
      step(1);
    }
    word.text += name.empty() ? "$" : variable(name, word);
  }
  /// ${A}, ${A:-default} (also - and :=), ${A[@]}: arrays are read where they are set.
  void read_braced(Word& word) {
    const std::size_t end = std::min(text_.find('}', at_), text_.size());
    const std::string inside(text_.substr(at_ + 2, end - at_ - 2));
    step(end + 1 - at_);
    std::size_t length = 0;
    while (length < inside.size() && is_name(inside[length])) ++length;
    const std::string name = inside.substr(0, length), more = inside.substr(length);
    if (more.starts_with('[')) return;
    const std::size_t dash = more.find_first_of("-=");
    if (dash != std::string::npos && !variables_.contains(name)) {
      word.text += more.substr(dash + 1);
    } else {
      word.text += variable(name, word);
    }
  }
  /// $((A * B * 2)); anything else counts as a variable that is not set.
  void read_product(Word& word) {
    const std::size_t end = std::min(text_.find("))", at_), text_.size());
    const std::string inside = std::string(text_.substr(at_ + 3, end - at_ - 3)) + "*";
    step(end + 2 - at_);
    double product = 1;
    std::string factor;
    for (const char c : inside) {
      if (c == ' ' || c == '$' || c == '{' || c == '}') continue;
      if (c != '*') {
        factor += c;
        continue;
      }
      const bool digits = !factor.empty() && factor.find_first_not_of("0123456789") == std::string::npos;
      const std::string value = digits ? factor : variable(factor, word);
      if (value.empty() || value.size() > 9 || value.find_first_not_of("0123456789") != std::string::npos) {
        if (word.unset.empty()) word.unset = inside.substr(0, inside.size() - 1);
        return;
      }
      product *= std::stod(value);
      factor.clear();
    }
    if (product < 9e15) word.text += std::to_string(static_cast<long long>(product));
  }

  std::string_view text_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
  std::vector<Word> words_;
  std::map<std::string, std::string> variables_;
  std::size_t room_ = 1 << 24;  ///< bytes that values of variables may still add to the text
};

/// An option quoted with its value, ("--fp8-format hybrid"), is two words where its array is used without quotes.
std::vector<Word> split_quoted(std::vector<Word> words) {
  std::vector<Word> out;
  for (Word& word : words) {
    const std::size_t space = word.text.find(' ');
    if (!word.text.starts_with("--") || space == std::string::npos || word.text.find('=') < space) {
      out.push_back(std::move(word));
      continue;
    }
    const std::size_t value = word.text.find_first_not_of(' ', space);
    out.push_back({word.text.substr(0, space), word.at, false, {}});
    if (value != std::string::npos) out.push_back({word.text.substr(value), word.at, false, word.unset});
  }
  return out;
}

}  // namespace

std::vector<ImportedOption> read_arguments(std::string_view text) {
  const auto words = split_quoted(WordReader(text).read());
  std::vector<ImportedOption> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    if (word.separator || !word.text.starts_with("--") || word.text.size() < 3) continue;
    const std::size_t equals = word.text.find('=');
    const std::string written = word.text.substr(0, equals);
    ImportedOption option{option_name(written), written, {}, word.at, {}};
    const bool next = i + 1 < words.size() && !words[i + 1].separator && !words[i + 1].text.starts_with("--");
    if (equals != std::string::npos) {
      option.value = word.text.substr(equals + 1), option.unset_variable = word.unset;
    } else if (next) {
      option.value = words[i + 1].text, option.at = words[i + 1].at, option.unset_variable = words[i + 1].unset;
    }
    out.push_back(std::move(option));
  }
  return out;
}

}  // namespace stargate
