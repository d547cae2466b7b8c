// A document people wrote (YAML, JSON or TOML) as a tree in which every value knows its file, line and column.
// Scalars stay text: what a text means (a quantity, a quarter, a name) is for the field that reads it to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

/// Both 1-based, the column in bytes; line 0 means unknown.
struct Location {
  int line = 0, column = 0;  ///< 1-based; 0: unknown
};

/// `null` is an absent value: nothing behind a key, "~" or "null".
enum class NodeKind { null, scalar, sequence, mapping };

struct Member;

/// One value. Which of `text`, `items` and `members` is filled follows from `kind`.
struct Node {
  NodeKind kind = NodeKind::null;
  bool quoted = false;  ///< the scalar was a string in quotes
  int origin = 0;       ///< of Document::origin(), when the value does not come from the file; 0 when it does
  Location at;          ///< of its first character
  std::string text;     ///< of a scalar
  /// Of a sequence.
  std::vector<Node> items;
  /// Of a mapping, in the order of the file, keys unique.
  std::vector<Member> members;

  bool is_null() const { return kind == NodeKind::null; }
  bool is_scalar() const { return kind == NodeKind::scalar; }
  bool is_sequence() const { return kind == NodeKind::sequence; }
  bool is_mapping() const { return kind == NodeKind::mapping; }
  /// The value under `key`, or null when there is none (also when this is no mapping). Linear in the members. The
  /// pointer lives until the tree is changed.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
};

/// A key of a mapping with its value.
struct Member {
  std::string key;
  Location at;  ///< of the key
  Node value;   ///< under the key
};

/// The text stays with the tree so that a fault can quote its line. Not thread-safe even when const: places are counted
/// when first asked for.
class Document {
 public:
  Document() = default;
  Document(std::string in_file, std::string text) : file(std::move(in_file)), text_(std::move(text)) {}

  std::string file;  ///< for messages
  Node root;         ///< null for an empty document

  /// As it was read, for quoting lines.
  const std::string& text() const { return text_; }
  /// A line of the text, 1-based, without its end; empty beyond the last.
  std::string_view line(int number) const;
  /// At least 1: an empty text is one empty line.
  int line_count() const;
  /// The place of a character, both counted from 1, as a Location, which counts bytes.
  Location location_of(int line, int character) const;

  /// Says that a value comes from elsewhere: "--set capital.total=400 B$".
  void mark_origin(Node& node, std::string origin);
  /// Empty when the value stands in the file itself.
  const std::string& origin(const Node& node) const;

  /// With the line quoted when it is of at most 400 bytes. A value from elsewhere names its origin instead of file and
  /// line.
  Diagnostic fault(const Node& node, std::string path, std::string message, std::string hint = {}) const;
  Diagnostic fault(Location at, std::string path, std::string message, std::string hint = {}) const;

 private:
  const std::vector<std::size_t>& line_starts() const;

  std::string text_;
  std::vector<std::string> origins_;              ///< by Node::origin less one
  mutable std::vector<std::size_t> line_starts_;  ///< made when a line is first asked for: most documents have no fault
  mutable int plain_ = -1;                        ///< 1 when every character is one byte, 0 when not, -1 not yet known
};

/// "a list", "a mapping", "nothing", or the scalar in quotes: for messages.
std::string describe_node(const Node& node);

/// The node a path such as "sites[2].power" or "delivers[0].product" leads to, or the last one on the way there. For
/// the place of a fault found after reading, when only the path is known. Never fails: in the worst case it answers
/// `root`.
const Node& node_at(const Node& root, std::string_view path);

/// One YAML document; anchors and duplicate keys are faults. `file` is only for messages. Only one document a file.
/// Scalars stay as written ("yes" is a text, "0x10" too).
Result<Document> parse_yaml(std::string file, std::string_view text);
/// JSON as Python writes it: bare NaN, Infinity and -Infinity become null. Duplicate keys are faults.
Result<Document> parse_json(std::string file, std::string_view text);

/// Nesting beyond this is refused: no document people write is near it, and recursion stays bounded.
inline constexpr int kDeepestNesting = 64;
/// So are documents of more values, which would take more than some 500 MB as a tree.
inline constexpr int kMostValues = 2'000'000;

}  // namespace stargate
