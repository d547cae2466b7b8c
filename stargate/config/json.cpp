// JSON through nlohmann's SAX events. The library gives no places, so the iterator it reads through counts them: at an
// event the iterator stands just behind the token.
#include <nlohmann/json.hpp>

#include "stargate/config/tree_builder.hpp"

namespace stargate {
namespace {

struct Cursor {
  std::string_view text;
  std::size_t next = 0;
};

/// Input iterator over the text which leaves its position in a Cursor all copies share.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator() = default;
  explicit CountingIterator(Cursor* cursor) : cursor_(cursor) {}
  reference operator*() const { return cursor_->text[cursor_->next]; }
  CountingIterator& operator++() {
    ++cursor_->next;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_end() == b.at_end(); }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  bool at_end() const { return cursor_ == nullptr || cursor_->next >= cursor_->text.size(); }
  Cursor* cursor_ = nullptr;
};

/// Python's json writes Infinity and NaN bare; outside strings they become null, the columns kept where they can be.
/// Not valid JSON, but what Python's json.dump writes for float('nan').
std::string replace_python_numbers(std::string_view text) {
  std::string out(text);
  bool in_string = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (in_string && out[i] == '\\') {
      ++i;
    } else if (out[i] == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
        if (std::string_view(out).substr(i, word.size()) == word) {
          out.replace(i, word.size(), word == "NaN" ? "null" : word == "Infinity" ? "null    " : "null     ");
          break;
        }
      }
    }
  }
  return out;
}

/// The handler nlohmann's parser calls; returning false ends the parse.
class JsonEvents {
 public:
  JsonEvents(TreeBuilder& tree, const Cursor& cursor) : tree_(tree), cursor_(cursor) {}

  bool null() { return tree_.null(before(4)); }
  bool boolean(bool value) { return tree_.scalar(value ? "true" : "false", false, before(value ? 4 : 5)); }
  bool number_integer(std::int64_t value) { return number(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return number(std::to_string(value)); }
  bool number_float(double, const std::string& text) { return number(text); }
  bool string(std::string& value) { return tree_.scalar(value, true, before(value.size() + 2)); }
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return tree_.begin(NodeKind::mapping, before(1)); }
  bool key(std::string& value) { return tree_.key(value, before(value.size() + 2)); }
  bool end_object() { return tree_.end(); }
  bool start_array(std::size_t) { return tree_.begin(NodeKind::sequence, before(1)); }
  bool end_array() { return tree_.end(); }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception&) {
    const std::size_t at = position > 0 ? position - 1 : 0;
    tree_.fail(locate(at),
               "is not JSON: '" + (token.size() > 40 ? token.substr(token.size() - 40) : token) + "' is unexpected",
               "check the commas, quotes and brackets before it");
    return false;
  }

 private:
  /// A number is known to have ended only when the character behind it has been read.
  bool number(const std::string& text) { return tree_.scalar(text, false, before(text.size() + 1)); }
  /// Where a token of that many bytes began, which ends where the reader stands. A text with escapes is longer in the
  /// file than its value, so the column of such a text is a little late.
  Location before(std::size_t length) { return locate(cursor_.next >= length ? cursor_.next - length : 0); }
  /// Line and column of an offset; offsets only grow, so the count goes on from the last.
  Location locate(std::size_t offset) {
    if (offset < offset_) line_ = 1, line_start_ = 0, offset_ = 0;
    for (; offset_ < offset && offset_ < cursor_.text.size(); ++offset_) {
      if (cursor_.text[offset_] == '\n') ++line_, line_start_ = offset_ + 1;
    }
    return {line_, static_cast<int>(offset - line_start_) + 1};
  }

  TreeBuilder& tree_;
  const Cursor& cursor_;
  int line_ = 1;
  std::size_t line_start_ = 0, offset_ = 0;
};

}  // namespace

/// Through events (SAX), which know where they stand; a value tree of the library's would not.
Result<Document> parse_json(std::string file, std::string_view text) {
  Document document(std::move(file), std::string(text));
  if (auto plain = check_text(document); !plain) return plain.faults();
  const std::string strict = replace_python_numbers(text);
  Cursor cursor{strict, 0};
  TreeBuilder tree(document);
  JsonEvents events(tree, cursor);
  const bool parsed = nlohmann::json::sax_parse(CountingIterator(&cursor), CountingIterator(), &events);
  if (!parsed) return tree.take_faults();
  return document;
}

}  // namespace stargate
