// A document people wrote (YAML or JSON) as a tree in which every value knows its file, line and column.
// Scalars stay text: what a text means (a quantity, a quarter, a name) is for the field that reads it to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

/// Both 1-based; line 0 means unknown.
struct Location {
  int line = 0, column = 0;
};

enum class NodeKind { null, scalar, sequence, mapping };

struct Member;

struct Node {
  NodeKind kind = NodeKind::null;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< the scalar was a string in quotes
  Location at;
  std::string origin;  ///< set when the value does not come from the file: "--set capital.total=400 B$"
  std::vector<Node> items;
  std::vector<Member> members;

  bool is_null() const { return kind == NodeKind::null; }
  bool is_scalar() const { return kind == NodeKind::scalar; }
  bool is_sequence() const { return kind == NodeKind::sequence; }
  bool is_mapping() const { return kind == NodeKind::mapping; }
  /// The value under `key`, or null when there is none (also when this is no mapping).
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
};

struct Member {
  std::string key;
  Location at;  ///< of the key
  Node value;
};

struct Document {
  std::string file;
  std::vector<std::string> lines;
  Node root;

  Diagnostic fault(const Node& node, std::string path, std::string message, std::string hint = {}) const;
  Diagnostic fault(Location at, std::string path, std::string message, std::string hint = {}) const;
};

/// "a list", "a mapping", "nothing", or the scalar in quotes: for messages.
std::string describe_node(const Node& node);

/// One YAML document; anchors and duplicate keys are faults. `file` is only for messages.
Result<Document> parse_yaml(std::string file, std::string_view text);
/// JSON as Python writes it: bare NaN, Infinity and -Infinity become null.
Result<Document> parse_json(std::string file, std::string_view text);

/// Nesting beyond this is refused: no document people write is near it, and recursion stays bounded.
inline constexpr int kDeepestNesting = 64;

}  // namespace stargate
