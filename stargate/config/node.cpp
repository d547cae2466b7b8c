// Look-up in the tree, and faults that quote the line they are about.
#include "stargate/config/node.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace stargate {

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

const std::vector<std::size_t>& Document::line_starts() const {
  if (line_starts_.empty()) {
    line_starts_.push_back(0);
    for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
      line_starts_.push_back(at + 1);
    }
  }
  return line_starts_;
}

int Document::line_count() const { return static_cast<int>(line_starts().size()); }

std::string_view Document::line(int number) const {
  if (number < 1 || number > line_count()) return {};
  const auto begin = line_starts()[static_cast<std::size_t>(number - 1)];
  const auto end = std::min(text_.find('\n', begin), text_.size());
  auto line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Characters are counted as UTF-8 lead bytes.
Location Document::location_of(int number, int character) const {
  if (plain_ < 0) {
    plain_ = std::all_of(text_.begin(), text_.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  }
  if (plain_ == 1) return {number, character};
  const auto text = line(number);
  std::size_t at = 0;
  for (int left = character - 1; left > 0 && at < text.size(); --left) {
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;) ++at;
  }
  return {number, static_cast<int>(at) + 1};
}

void Document::mark_origin(Node& node, std::string origin) {
  origins_.push_back(std::move(origin));
  node.origin = static_cast<int>(origins_.size());
}

const std::string& Document::origin(const Node& node) const {
  static const std::string file_itself;
  return node.origin == 0 ? file_itself : origins_[static_cast<std::size_t>(node.origin - 1)];
}

Diagnostic Document::fault(const Node& node, std::string path, std::string message, std::string hint) const {
  if (node.origin != 0) return {origin(node), 0, 0, std::move(path), std::move(message), std::move(hint), {}};
  return fault(node.at, std::move(path), std::move(message), std::move(hint));
}

Diagnostic Document::fault(Location at, std::string path, std::string message, std::string hint) const {
  std::string quoted(line(at.line));
  if (quoted.size() > 400) quoted.clear();  // a JSON file on one line is no help to anybody
  return {file, at.line, at.column, std::move(path), std::move(message), std::move(hint), std::move(quoted)};
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

/// Steps as far as it gets; a part that is not there ends it.
const Node& node_at(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty()) {
    const Node* next = nullptr;
    if (path.front() == '[') {
      std::size_t index = 0;
      const auto close = std::min(path.find(']'), path.size());
      std::from_chars(path.data() + 1, path.data() + close, index);
      if (index < node->items.size()) next = &node->items[index];
      path.remove_prefix(std::min(close + 1, path.size()));
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      next = node->find(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
    if (next == nullptr) break;
    node = next;
  }
  return *node;
}

}  // namespace stargate
