// A relative change works on the number a text begins with and keeps its unit.
#include "stargate/config/override.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace stargate {
namespace {

Diagnostic override_fault(const Override& change, std::string message, std::string hint = {}) {
  return {"--set " + change.path + "=" + change.value, 0, 0, {}, std::move(message), std::move(hint), {}};
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.' || c == '[') {
      if (!parts.back().empty()) parts.emplace_back();
    } else if (c != ']') {
      parts.back() += c;
    }
  }
  return parts;
}

std::string item_name(const Node& item) {
  for (const char* key : {"id", "site", "name", "service", "supplier", "system", "kind", "quarter"}) {
    if (const Node* value = item.find(key); value != nullptr && value->is_scalar()) return value->text;
  }
  return {};
}

/// Where a step of the path leads, or null; `known` collects what could have been meant.
Node* step_into(Node& node, const std::string& part, std::vector<std::string>& known) {
  if (node.is_mapping()) {
    for (auto& member : node.members) known.push_back(member.key);
    return node.find(part);
  }
  if (!node.is_sequence()) return nullptr;
  for (auto& item : node.items) {
    known.push_back(item_name(item));
    if (known.back() == part) return &item;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error == std::errc{} && end == part.data() + part.size() && index < node.items.size()) return &node.items[index];
  return nullptr;
}

/// The factor of "+50%", "-20%", "x2"; nothing when the value is a plain new text.
std::optional<double> relative_factor(const std::string& value) {
  if (value.size() < 2) return std::nullopt;
  const bool percent = (value[0] == '+' || value[0] == '-') && value.ends_with('%');
  const bool times = value[0] == 'x' || value[0] == '*';
  if (!percent && !times) return std::nullopt;
  double number = 0;
  const char* begin = value.data() + 1;
  const char* end = value.data() + value.size() - (percent ? 1 : 0);
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return times ? number : 1 + (value[0] == '-' ? -number : number) / 100;
}

/// The number the text begins with, multiplied; nothing when it begins with none.
std::optional<std::string> scale_text(const std::string& text, double factor) {
  std::string digits;
  std::size_t used = 0;
  for (; used < text.size(); ++used) {
    const char c = text[used];
    if (c == ',' || c == '_') continue;
    const bool exponent = (c == 'e' || c == 'E') && used + 1 < text.size() &&
                          (std::isdigit(static_cast<unsigned char>(text[used + 1])) || text[used + 1] == '-');
    if (!std::isdigit(static_cast<unsigned char>(c)) && c != '.' && c != '-' && !exponent) break;
    digits += c;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return fmt::format("{}{}", number * factor, text.substr(used));
}

}  // namespace

Result<Override> parse_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return Diagnostic{"--set " + std::string(text),
                      0,
                      0,
                      {},
                      "is not path=value",
                      "write for example --set capital.total='400 B$'",
                      {}};
  }
  return Override{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Check apply_override(Document& document, const Override& change) {
  const auto parts = split_path(change.path);
  Node* node = &document.root;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> known;
    Node* next = step_into(*node, parts[i], known);
    if (next == nullptr && node->is_mapping() && i + 1 == parts.size()) {
      node->members.push_back({parts[i], node->at, {}});
      next = &node->members.back().value;
    }
    if (next == nullptr) {
      return override_fault(change, fmt::format("there is no '{}' in {}", parts[i], document.file),
                            suggest_name(parts[i], known));
    }
    node = next;
  }
  // A series by quarter takes a relative change point by point.
  std::vector<Node*> targets{node};
  const auto factor = relative_factor(change.value);
  if (factor && node->is_mapping()) {
    targets.clear();
    for (auto& member : node->members) targets.push_back(&member.value);
  } else if (node->is_mapping() || node->is_sequence()) {
    return override_fault(change, "names " + describe_node(*node) + ", not a value", "go on to one of its values");
  }
  for (Node* target : targets) {
    std::optional<std::string> text = change.value;
    if (factor) text = target->is_scalar() ? scale_text(target->text, *factor) : std::nullopt;
    if (!text) return override_fault(change, fmt::format("{} has no number to change", describe_node(*target)));
    target->kind = NodeKind::scalar;
    target->text = *text;
    target->origin = "--set " + change.path + "=" + change.value;
  }
  return Done{};
}

}  // namespace stargate
