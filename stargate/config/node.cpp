// Look-up in the tree, and faults that quote the line they are about.
#include "stargate/config/node.hpp"

namespace stargate {

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Diagnostic Document::fault(const Node& node, std::string path, std::string message, std::string hint) const {
  if (!node.origin.empty()) {
    return {node.origin, 0, 0, std::move(path), std::move(message), std::move(hint), {}};
  }
  return fault(node.at, std::move(path), std::move(message), std::move(hint));
}

Diagnostic Document::fault(Location at, std::string path, std::string message, std::string hint) const {
  std::string line;
  if (at.line > 0 && at.line <= static_cast<int>(lines.size())) line = lines[static_cast<std::size_t>(at.line - 1)];
  if (line.size() > 400) line.clear();  // a JSON file on one line is no help to anybody
  return {file, at.line, at.column, std::move(path), std::move(message), std::move(hint), std::move(line)};
}

std::string describe_node(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::sequence:
      return "a list";
    case NodeKind::mapping:
      return "a mapping";
    case NodeKind::scalar:
      break;
  }
  if (node.text.size() <= 60) return "'" + node.text + "'";
  std::size_t end = 57;
  while ((static_cast<unsigned char>(node.text[end]) & 0xC0) == 0x80) --end;  // never half a UTF-8 character
  return "'" + node.text.substr(0, end) + "...'";
}

}  // namespace stargate
