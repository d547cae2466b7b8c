// The parts of reading that need no template: scalars, numbers, ranges, unknown and missing keys.
#include "stargate/config/codec.hpp"

#include <fmt/format.h>

#include <charconv>

namespace stargate {

std::string describe_rule(const Rule& rule) {
  std::string out;
  if (rule.above) out += fmt::format("above {:g}", *rule.above);
  if (rule.at_least) out += fmt::format("{}at least {:g}", out.empty() ? "" : ", ", *rule.at_least);
  if (rule.at_most) out += fmt::format("{}at most {:g}", out.empty() ? "" : ", ", *rule.at_most);
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

bool read_mapping(Reader& reader, const Node& node, const RecordText& text) {
  if (!node.is_mapping()) {
    reader.fault(node,
                 fmt::format("{} where a mapping with the fields of '{}' is due", describe_node(node), text.kind));
    return false;
  }
  std::vector<std::string> names;
  for (const auto& field : text.fields) names.push_back(field.name);
  for (const auto& member : node.members) {
    if (std::find(names.begin(), names.end(), member.key) == names.end()) {
      reader.fault_at(member.at, fmt::format("'{}' is not a field of '{}'", member.key, text.kind),
                      suggest_name(member.key, names));
    }
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
  std::string digits;
  for (const char c : *text) {
    if (c != '_' && c != ',') digits += c;
  }
  double scale = 1;
  if (digits.ends_with('%')) {
    scale = 0.01;
    digits.pop_back();
    while (digits.ends_with(' ')) digits.pop_back();
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value)) {
    reader.fault(node, describe_node(node) + " is not a number");
    return false;
  }
  out = value * scale;
  return true;
}

bool check_rule(Reader& reader, const Node& node, double value, const Rule& rule) {
  const bool good = (!rule.at_least || value >= *rule.at_least) && (!rule.above || value > *rule.above) &&
                    (!rule.at_most || value <= *rule.at_most);
  if (!good) reader.fault(node, describe_node(node) + " must be " + describe_rule(rule));
  return good;
}

void read_quantity(Reader& reader, const Node& node, Dim dim, double& base, const Rule& rule) {
  const auto* text = read_scalar(reader, node, describe_dim(dim) + " (such as \"" + example_of(dim) + "\")");
  if (text == nullptr) return;
  const auto parsed = parse_quantity_as(*text, dim);
  if (const auto* fault = std::get_if<QuantityFault>(&parsed)) return reader.fault(node, fault->message);
  if (check_rule(reader, node, std::get<double>(parsed), rule)) base = std::get<double>(parsed);
}

}  // namespace stargate
