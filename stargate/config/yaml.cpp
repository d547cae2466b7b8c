// YAML through libyaml's events, which carry the place of each value; the tree is built as they come, so that no second
// tree is made. libyaml is some ten times faster than yaml-cpp, and a catalogue of 1.5 MB is read by every command.
#include <yaml.h>

#include "stargate/config/tree_builder.hpp"

namespace stargate {
namespace {

/// libyaml's parser and its present event, both freed when they go.
class YamlParser {
 public:
  explicit YamlParser(std::string_view text) {
    STARGATE_CHECK(yaml_parser_initialize(&parser_) == 1, "libyaml starts");
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~YamlParser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  YamlParser(const YamlParser&) = delete;

  /// False at a fault.
  bool next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) == 1;
  }
  const yaml_event_t& event() const { return event_; }
  const char* problem() const { return parser_.problem != nullptr ? parser_.problem : "cannot be read"; }
  const yaml_mark_t& problem_mark() const { return parser_.problem_mark; }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

class YamlReader {
 public:
  YamlReader(Document& document, std::string_view text) : document_(document), tree_(document), parser_(text) {}

  /// Faults, or none when the document is whole.
  Diagnostics read() {
    int documents = 0;
    while (parser_.next()) {
      const auto& event = parser_.event();
      if (event.type == YAML_STREAM_END_EVENT) return {};
      if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
        tree_.fail(at(event.start_mark), "a second document begins here", "one file holds one document: remove '---'");
        return tree_.take_faults();
      }
      if (!take(event)) return tree_.take_faults();
    }
    tree_.fail(at(parser_.problem_mark()), std::string("is not YAML: ") + parser_.problem(),
               "check the indentation and the quotes");
    return tree_.take_faults();
  }

 private:
  bool take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_SCALAR_EVENT:
        return is_unnamed(event, event.data.scalar.anchor) && take_scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        return is_unnamed(event, event.data.sequence_start.anchor) &&
               tree_.begin(NodeKind::sequence, at(event.start_mark));
      case YAML_MAPPING_START_EVENT:
        return is_unnamed(event, event.data.mapping_start.anchor) &&
               tree_.begin(NodeKind::mapping, at(event.start_mark));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return tree_.end();
      case YAML_ALIAS_EVENT:
        return refuse(event, "aliases (*name) are not supported", "write the value again");
      default:
        return true;
    }
  }

  bool take_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const bool quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
    const bool nothing = !quoted && (text.empty() || text == "~" || text == "null");
    if (tree_.expects_key()) {
      if (nothing) return refuse(event, "a key must be a plain name");
      return tree_.key(std::move(text), at(event.start_mark));
    }
    if (nothing) return tree_.null(at(event.start_mark));
    return tree_.scalar(std::move(text), quoted, at(event.start_mark));
  }

  bool is_unnamed(const yaml_event_t& event, const yaml_char_t* anchor) {
    return anchor == nullptr || refuse(event, "anchors (&name) are not supported", "write the value again");
  }

  bool refuse(const yaml_event_t& event, const char* message, const char* hint = "") {
    tree_.fail(at(event.start_mark), message, hint);
    return false;
  }

  /// libyaml counts characters, a Location bytes.
  Location at(const yaml_mark_t& mark) const {
    return document_.location_of(static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1);
  }

  Document& document_;
  TreeBuilder tree_;
  YamlParser parser_;
};

}  // namespace

Result<Document> parse_yaml(std::string file, std::string_view text) {
  Document document(std::move(file), std::string(text));
  if (auto plain = check_text(document); !plain) return plain.faults();
  auto faults = YamlReader(document, document.text()).read();
  if (!faults.empty()) return faults;
  return document;
}

}  // namespace stargate
