// A stack of the open containers; a value goes into the innermost.
#include "stargate/config/tree_builder.hpp"

#include <algorithm>

namespace stargate {

void TreeBuilder::fail(Location at, std::string message, std::string hint) {
  faults_.push_back(document_.fault(at, {}, std::move(message), std::move(hint)));
}

/// Hands a finished value to the innermost open container, or makes it the root.
bool TreeBuilder::add(Node node) {
  if (++values_ > kMostValues) {
    fail(node.at, "is one value more than the " + std::to_string(kMostValues) + " that a document may hold",
         "split the file");
    return false;
  }
  if (open_.empty()) {
    document_.root = std::move(node);
    return true;
  }
  auto& parent = open_.back();
  if (parent.kind == NodeKind::sequence) {
    parent.node.items.push_back(std::move(node));
    return true;
  }
  STARGATE_CHECK(has_key_, "value without a key");
  pending_.value = std::move(node);
  parent.node.members.push_back(std::move(pending_));
  pending_ = {};
  has_key_ = false;
  return true;
}

bool TreeBuilder::scalar(std::string text, bool quoted, Location at) {
  Node node;
  node.kind = NodeKind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  node.at = at;
  return add(std::move(node));
}

bool TreeBuilder::null(Location at) {
  Node node;
  node.at = at;
  return add(std::move(node));
}

/// Most mappings have few keys, which are looked through; a set is made for the others.
bool TreeBuilder::is_known(Open& parent, const std::string& key) {
  constexpr std::size_t kFew = 16;
  const auto& members = parent.node.members;
  if (members.size() < kFew) return parent.node.find(key) != nullptr;
  if (parent.keys.empty()) {
    for (const auto& member : members) parent.keys.insert(member.key);
  }
  return !parent.keys.insert(key).second;
}

/// Remembers the key until its value comes.
bool TreeBuilder::key(std::string text, Location at) {
  auto& parent = open_.back();
  if (is_known(parent, text)) {
    fail(at, "'" + text + "' is given twice", "keep one of them");
    return false;
  }
  pending_ = Member{std::move(text), at, {}};
  has_key_ = true;
  return true;
}

/// The pending key of the outer mapping is put aside with it and comes back at end().
bool TreeBuilder::begin(NodeKind kind, Location at) {
  if (static_cast<int>(open_.size()) >= kDeepestNesting) {
    fail(at, "is nested deeper than " + std::to_string(kDeepestNesting) + " levels");
    return false;
  }
  if (expects_key()) {
    fail(at, "a key must be a plain name");
    return false;
  }
  Open open{kind, {}, std::move(pending_), has_key_, {}};
  open.node.kind = kind;
  open.node.at = at;
  open_.push_back(std::move(open));
  pending_ = {};
  has_key_ = false;
  return true;
}

bool TreeBuilder::end() {
  STARGATE_CHECK(!open_.empty(), "end without begin");
  Open closed = std::move(open_.back());
  open_.pop_back();
  pending_ = std::move(closed.pending);
  has_key_ = closed.has_key;
  return add(std::move(closed.node));
}

namespace {

/// Bytes of the UTF-8 character `text` begins with; 0 when it begins with none or with a control character.
std::size_t character_length(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte_at(0), second = byte_at(1);
  if (first < 0x80) return (first >= 0x20 && first != 0x7F) || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  const bool overlong = first < 0xC2 || (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first > 0xF4 || (first == 0xF4 && second >= 0x90);
  const bool control = first == 0xC2 && second < 0xA0;
  if (overlong || surrogate || beyond || control) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

Check check_text(const Document& document) {
  const std::string_view text = document.text();
  std::size_t at = 0;
  while (at < text.size()) {
    const auto character = static_cast<unsigned char>(text[at]);
    if (character >= 0x20 && character < 0x7F) {
      ++at;
      continue;
    }
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  if (at >= text.size()) return Done{};
  const auto before = text.substr(0, at);
  const auto line_start = before.rfind('\n');
  const Location place{static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                       static_cast<int>(line_start == std::string_view::npos ? at + 1 : at - line_start)};
  Diagnostic fault =
      document.fault(place, {}, "is not plain UTF-8 text", "save the file as UTF-8, without control characters");
  fault.text.clear();
  return fault;
}

}  // namespace stargate
