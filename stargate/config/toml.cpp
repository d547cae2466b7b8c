// A reader by recursive descent over the bytes, line and column counted on the way.
#include "stargate/config/toml.hpp"

#include <cctype>

#include "stargate/config/tree_builder.hpp"

namespace stargate {
namespace {

struct Key {
  std::string name;
  Location at;
};

class TomlReader {
 public:
  TomlReader(Document& document, std::string_view text) : document_(document), text_(text) {
    document_.root.kind = NodeKind::mapping;
    document_.root.at = {1, 1};
  }

  Diagnostics read() {
    Node* table = &document_.root;
    while (faults_.empty() && skip_blank(true)) {
      if (peek() == '[') {
        table = read_header();
      } else {
        read_pair(*table);
      }
      if (faults_.empty()) end_line();
    }
    return std::move(faults_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool ended() const { return at_ >= text_.size(); }
  Location place() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }
  void step() {
    if (text_[at_++] == '\n') ++line_, line_start_ = at_;
  }
  void fail(Location at, std::string message, std::string hint = {}) {
    if (faults_.empty()) faults_.push_back(document_.fault(at, {}, std::move(message), std::move(hint)));
  }

  /// Past blanks and comments, and line ends when asked; true when something follows.
  bool skip_blank(bool lines) {
    while (!ended()) {
      const char c = peek();
      if (c == '#') {
        while (!ended() && peek() != '\n') step();
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        step();
      } else {
        break;
      }
    }
    return !ended();
  }
  void end_line() {
    skip_blank(false);
    if (!ended() && peek() != '\n') fail(place(), "there is more on the line than one value");
  }
  bool take(char wanted) {
    if (peek() != wanted || ended()) return fail(place(), std::string("'") + wanted + "' is due here"), false;
    step();
    return true;
  }

  std::vector<Key> read_key() {
    std::vector<Key> keys;
    do {
      if (!keys.empty()) step();  // the dot
      skip_blank(false);
      Key key{{}, place()};
      if (peek() == '"' || peek() == '\'') {
        key.name = read_string();
      } else {
        while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '_' || peek() == '-') {
          key.name += peek();
          step();
        }
        if (key.name.empty()) fail(place(), "a key is due here");
      }
      keys.push_back(std::move(key));
      skip_blank(false);
    } while (faults_.empty() && peek() == '.' && keys.size() < kDeepestNesting);
    return keys;
  }

  /// The table of that name in `parent`, made when there is none.
  Node* open_table(Node& parent, const Key& key) {
    if (Node* known = parent.find(key.name)) {
      if (known->is_mapping()) return known;
      fail(key.at, "'" + key.name + "' is a value, not a table");
      return nullptr;
    }
    Node table;
    table.kind = NodeKind::mapping, table.at = key.at;
    parent.members.push_back({key.name, key.at, std::move(table)});
    return &parent.members.back().value;
  }
  Node* open_tables(Node& from, const std::vector<Key>& keys, std::size_t count) {
    Node* table = &from;
    for (std::size_t i = 0; i < count && table != nullptr; ++i) table = open_table(*table, keys[i]);
    return table;
  }

  Node* read_header() {
    const Location at = place();
    step();
    if (peek() == '[') fail(at, "arrays of tables are not read");
    const auto keys = read_key();
    if (!faults_.empty() || !take(']')) return nullptr;
    return open_tables(document_.root, keys, keys.size());
  }

  void read_pair(Node& table) {
    const auto keys = read_key();
    if (!faults_.empty() || !take('=')) return;
    Node* parent = open_tables(table, keys, keys.size() - 1);
    if (parent == nullptr) return;
    const Key& last = keys.back();
    if (parent->find(last.name) != nullptr) return fail(last.at, "'" + last.name + "' is given twice");
    skip_blank(false);
    Node value = read_value(0);
    if (faults_.empty()) parent->members.push_back({last.name, last.at, std::move(value)});
  }

  Node read_value(int depth) {
    Node node;
    node.at = place();
    if (depth > kDeepestNesting) {
      fail(node.at, "is nested too deeply");
    } else if (peek() == '"' || peek() == '\'') {
      node.kind = NodeKind::scalar, node.quoted = true;
      node.text = read_string();
    } else if (peek() == '[') {
      read_array(node, depth);
    } else if (peek() == '{') {
      read_inline_table(node, depth);
    } else {
      read_bare(node);
    }
    return node;
  }

  void read_array(Node& node, int depth) {
    node.kind = NodeKind::sequence;
    step();
    while (faults_.empty() && skip_blank(true) && peek() != ']') {
      node.items.push_back(read_value(depth + 1));
      skip_blank(true);
      if (peek() != ',') break;
      step();
    }
    if (faults_.empty()) take(']');
  }

  void read_inline_table(Node& node, int depth) {
    node.kind = NodeKind::mapping;
    step();
    while (faults_.empty() && skip_blank(false) && peek() != '}') {
      const auto keys = read_key();
      if (!faults_.empty() || !take('=')) return;
      if (keys.size() != 1) return fail(keys[0].at, "dotted keys in an inline table are not read");
      skip_blank(false);
      node.members.push_back({keys[0].name, keys[0].at, read_value(depth + 1)});
      skip_blank(false);
      if (peek() != ',') break;
      step();
    }
    if (faults_.empty()) take('}');
  }

  /// true, false, or a number; underscores between digits are dropped.
  void read_bare(Node& node) {
    node.kind = NodeKind::scalar;
    while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '+' || peek() == '-' || peek() == '.' ||
           peek() == '_') {
      if (peek() != '_') node.text += peek();
      step();
    }
    const bool word = node.text == "true" || node.text == "false";
    const std::string digits = node.text.substr(node.text.starts_with('-') || node.text.starts_with('+') ? 1 : 0);
    const bool number = (!digits.empty() && std::isdigit(static_cast<unsigned char>(digits[0])) != 0) ||
                        digits == "inf" || digits == "nan";
    if (!word && !number) fail(node.at, "a value is due here", "texts are written in quotes");
  }

  std::string read_string() {
    const Location at = place();
    const char quote = peek();
    step();
    if (text_.substr(at_, 2) == std::string(2, quote)) return fail(at, "multi-line strings are not read"), "";
    std::string out;
    while (!ended() && peek() != quote && peek() != '\n') {
      if (quote == '"' && peek() == '\\') {
        step();
        if (ended()) break;
        const char c = peek();
        out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
      } else {
        out += peek();
      }
      step();
    }
    if (ended() || peek() != quote) return fail(at, "the quote is not closed"), "";
    step();
    return out;
  }

  Document& document_;
  std::string_view text_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
  Diagnostics faults_;
};

}  // namespace

Result<Document> parse_toml(std::string file, std::string_view text) {
  Document document;
  document.file = std::move(file);
  document.lines = split_lines(text);
  if (auto good = check_text(document, text); !good) return good.faults();
  auto faults = TomlReader(document, text).read();
  if (!faults.empty()) return faults;
  return document;
}

}  // namespace stargate
