// Builds the tree of nodes from a parser's events (YAML's, JSON's and TOML's are the same: begin, key, value, end).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "stargate/config/node.hpp"

namespace stargate {

/// Used by one parse, which begins containers and ends them in pairs. The limits of node.hpp are kept here, so that all
/// three languages share them.
class TreeBuilder {
 public:
  explicit TreeBuilder(Document& document) : document_(document) {}

  /// Each returns false once the document has a fault that ends the parse.
  bool scalar(std::string text, bool quoted, Location at);
  bool null(Location at);
  /// `kind` is sequence or mapping. False when kDeepestNesting is passed.
  bool begin(NodeKind kind, Location at);
  bool end();
  bool key(std::string text, Location at);
  /// Keys arrive as scalars in YAML: true when the next scalar is one.
  bool expects_key() const { return !open_.empty() && open_.back().kind == NodeKind::mapping && !has_key_; }
  /// Remembers a fault of the parser's own.
  void fail(Location at, std::string message, std::string hint = {});

  /// Empties them.
  Diagnostics take_faults() { return std::move(faults_); }

 private:
  struct Open {
    NodeKind kind;   ///< sequence or mapping
    Node node;       ///< with what it holds so far
    Member pending;  ///< its key, of a mapping's value
    bool has_key;
    std::set<std::string, std::less<>> keys;  ///< filled once there are many
  };
  /// Into the innermost open container, or as the root; false when kMostValues is passed.
  bool add(Node node);
  /// Looks through the members one by one while they are few; a set is made for large mappings, so that a parse stays
  /// linear.
  bool is_known(Open& parent, const std::string& key);

  Document& document_;
  std::vector<Open> open_;  ///< from the root inwards
  Member pending_;
  bool has_key_ = false;
  int values_ = 0;      ///< nodes so far, held against kMostValues
  Diagnostics faults_;  ///< the first one ends the parse
};

/// Text people write is UTF-8 without control characters but tab and line ends; anything else is a fault with its
/// place, so that no parser and no terminal ever sees it.
Check check_text(const Document& document);

}  // namespace stargate
