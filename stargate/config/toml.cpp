// TOML through toml++, whose tables forget their order but whose values know their place: members are put back in the
// order they were written. Its exceptions end here.
#include "stargate/config/toml.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "stargate/config/tree_builder.hpp"

namespace stargate {
namespace {

/// Parts of one dotted key. Brackets may nest kDeepestNesting deep, and toml++ frees what it made by recursion.
constexpr int kMostKeyParts = 32;

/// The place where keys or brackets nest too deeply for a parser and a destructor that recurse; line 0 when nowhere.
/// toml++ recurses into brackets and dotted keys without a limit, in its parser and in its destructors: this scan
/// refuses what would overflow the stack before it sees it.
class DepthScan {
 public:
  explicit DepthScan(std::string_view text) : text_(text) {}

  Location run() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
      } else if (c == '.') {
        if (++dots_ >= kMostKeyParts) return place();
      } else if (c == '[' || c == '{') {
        dots_ = 0;
        if (++depth_ > kDeepestNesting) return place();
      } else if (c == ']' || c == '}') {
        dots_ = 0, depth_ = std::max(0, depth_ - 1);
      } else if (c == '=' || c == ',' || c == '\n') {
        dots_ = 0;
      }
    }
    return {};
  }

 private:
  /// From the opening quote to the closing one, of one line or of three quotes.
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool many_lines = text_.substr(at_, 3) == three;
    const std::string_view close = many_lines ? std::string_view(three) : text_.substr(at_, 1);
    for (at_ += close.size(); at_ < text_.size(); ++at_) {
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
      } else if (text_.substr(at_, close.size()) == close || (!many_lines && text_[at_] == '\n')) {
        at_ += close.size() - 1;
        return;
      }
    }
  }

  Location place() const {
    const auto before = text_.substr(0, at_);
    const auto start = before.rfind('\n');
    return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<int>(start == std::string_view::npos ? at_ + 1 : at_ - start)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0, depth_ = 0;
};

class TomlReader {
 public:
  explicit TomlReader(Document& document) : document_(document), tree_(document) {}

  Diagnostics read() {
    try {
      const toml::table root = toml::parse(std::string_view(document_.text()));
      if (read_table(root, {1, 1})) return {};
    } catch (const toml::parse_error& error) {
      tree_.fail(at(error.source().begin), "is not TOML: " + std::string(error.description()),
                 "texts are written in quotes");
    }
    return tree_.take_faults();
  }

 private:
  Location at(const toml::source_position& position) const {
    return document_.location_of(static_cast<int>(position.line), static_cast<int>(position.column));
  }

  /// The library gives keys in alphabetical order; faults and readers want that of the file.
  bool read_table(const toml::table& table, Location place) {
    if (!tree_.begin(NodeKind::mapping, place)) return false;
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (const auto& [key, value] : table) members.emplace_back(&key, &value);
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      const auto &one = a.first->source().begin, &other = b.first->source().begin;
      return std::pair(one.line, one.column) < std::pair(other.line, other.column);
    });
    for (const auto& [key, value] : members) {
      const Location key_place = at(key->source().begin);
      if (!tree_.key(std::string(key->str()), key_place) || !read_value(*value, key_place)) return false;
    }
    return tree_.end();
  }

  /// `key_place` stands in for tables that only dotted keys name, which have no place of their own.
  bool read_value(const toml::node& node, Location key_place) {
    const Location place = node.source().begin ? at(node.source().begin) : key_place;
    if (const auto* table = node.as_table()) return read_table(*table, place);
    if (const auto* array = node.as_array()) {
      if (!tree_.begin(NodeKind::sequence, place)) return false;
      for (const auto& item : *array) {
        if (!read_value(item, place)) return false;
      }
      return tree_.end();
    }
    if (const auto* text = node.as_string()) return tree_.scalar(text->get(), true, place);
    return tree_.scalar(scalar_text(node), false, place);
  }

  /// Numbers in the shortest form that reads back the same; dates and times as RFC 3339 writes them.
  static std::string scalar_text(const toml::node& node) {
    if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
    std::ostringstream out;
    node.visit([&](const auto& value) {
      if constexpr (toml::is_boolean<decltype(value)>) {
        out << (value.get() ? "true" : "false");
      } else if constexpr (toml::is_value<decltype(value)>) {
        out << value.get();
      }
    });
    return out.str();
  }

  Document& document_;
  TreeBuilder tree_;
};

}  // namespace

/// Depth is checked on the text, before the library recurses.
Result<Document> parse_toml(std::string file, std::string_view text) {
  Document document(std::move(file), std::string(text));
  if (auto good = check_text(document); !good) return good.faults();
  if (const Location deep = DepthScan(document.text()).run(); deep.line > 0) {
    return document.fault(deep, {}, "is nested too deeply");
  }
  auto faults = TomlReader(document).read();
  if (!faults.empty()) return faults;
  return document;
}

}  // namespace stargate
