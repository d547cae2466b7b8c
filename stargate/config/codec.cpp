// The parts of reading that need no template: scalars, numbers, ranges, unknown and missing keys.
#include "stargate/config/codec.hpp"

#include <fmt/format.h>

namespace stargate {
namespace {

constexpr std::size_t kMostUnknownKeys = 10;  // of one mapping: thousands are one mistake

/// As describe_node cuts a scalar, without its quotes.
std::string shorten_text(const std::string& text) {
  Node node;
  node.kind = NodeKind::scalar;
  node.text = text;
  const std::string quoted = describe_node(node);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::string describe_rule(const Rule& rule, const std::optional<Dim>& dim) {
  std::string out;
  const auto bound = [&](const char* word, const std::optional<double>& value) {
    if (!value) return;
    const bool plain = !dim || *value == 0;
    out += (out.empty() ? "" : ", ") + std::string(word) + " " +
           (plain ? fmt::format("{:g}", *value) : format_quantity_base(*value, *dim));
  };
  bound("above", rule.above), bound("at least", rule.at_least), bound("at most", rule.at_most);
  return out;
}

void Reader::missing(const Node& mapping, const char* name, const char* sentence) {
  fault(mapping, fmt::format("'{}' is missing", name), sentence);
}

Reader::Scope Reader::enter(std::string_view name) {
  const std::size_t length = path_.size();
  if (!path_.empty()) path_ += '.';
  path_ += name;
  return Scope(*this, length);
}

Reader::Scope Reader::enter(std::size_t index) {
  const std::size_t length = path_.size();
  path_ += fmt::format("[{}]", index);
  return Scope(*this, length);
}

/// Unknown keys are told with the nearest field; from some number on only how many there are.
bool read_mapping(Reader& reader, const Node& node, const RecordText& text) {
  if (!node.is_mapping()) {
    reader.fault(node,
                 fmt::format("{} where a mapping with the fields of '{}' is due", describe_node(node), text.kind));
    return false;
  }
  std::vector<std::string> names;
  for (const auto& field : text.fields) names.push_back(field.name);
  std::size_t unknown = 0;
  const Member* last = nullptr;
  for (const auto& member : node.members) {
    if (std::find(names.begin(), names.end(), member.key) != names.end()) continue;
    last = &member;
    if (++unknown > kMostUnknownKeys) continue;
    const std::string message = fmt::format("'{}' is not a field of '{}'", shorten_text(member.key), text.kind);
    const bool is_change = member.value.origin != 0;  // its place is the change, not the file
    is_change ? reader.fault(member.value, message, suggest_name(member.key, names))
              : reader.fault_at(member.at, message, suggest_name(member.key, names));
  }
  if (unknown > kMostUnknownKeys) {
    reader.fault_at(last->at, fmt::format("{} more keys are no fields of '{}', this is the last",
                                          unknown - kMostUnknownKeys, text.kind));
  }
  return true;
}

const std::string* read_scalar(Reader& reader, const Node& node, std::string_view due) {
  if (node.is_scalar()) return &node.text;
  reader.fault(node, fmt::format("{} where {} is due", describe_node(node), due));
  return nullptr;
}

bool read_number(Reader& reader, const Node& node, double& out) {
  const auto* text = read_scalar(reader, node, "a number");
  if (text == nullptr) return false;
  std::string_view digits = *text;
  const bool percent = digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  while (percent && digits.ends_with(' ')) digits.remove_suffix(1);
  const auto value = parse_plain_number(digits);
  if (!value) {
    reader.fault(node, describe_node(node) + " is not a number");
    return false;
  }
  out = percent ? *value * 0.01 : *value;
  return true;
}

bool check_rule(Reader& reader, const Node& node, double value, const Rule& rule, const std::optional<Dim>& dim) {
  const bool good = (!rule.at_least || value >= *rule.at_least) && (!rule.above || value > *rule.above) &&
                    (!rule.at_most || value <= *rule.at_most);
  if (!good) reader.fault(node, describe_node(node) + " must be " + describe_rule(rule, dim));
  return good;
}

void read_quantity(Reader& reader, const Node& node, Dim dim, double& base, const Rule& rule) {
  const auto* text = read_scalar(reader, node, describe_dim(dim) + " (such as \"" + example_of(dim) + "\")");
  if (text == nullptr) return;
  const auto parsed = parse_quantity_as(*text, dim);
  if (const auto* fault = std::get_if<QuantityFault>(&parsed)) return reader.fault(node, fault->message);
  if (check_rule(reader, node, std::get<double>(parsed), rule, dim)) base = std::get<double>(parsed);
}

}  // namespace stargate
