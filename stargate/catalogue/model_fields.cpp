// Look-up by alias, numbers with their range, and faults that name the path inside a wrapped configuration.
#include "stargate/catalogue/model_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace stargate {
namespace {

constexpr std::size_t kMostFaults = 100;  // a list of thousands of wrong items is one mistake

const Node* step_into(const Node& from, std::string_view dotted) {
  const Node* node = &from;
  while (node != nullptr) {
    const std::size_t dot = dotted.find('.');
    node = node->find(dotted.substr(0, dot));
    if (dot == std::string_view::npos) break;
    dotted.remove_prefix(dot + 1);
  }
  return node == nullptr || node->is_null() ? nullptr : node;
}

std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? std::to_string(static_cast<long long>(value))
                                                              : std::to_string(value);
}

}  // namespace

ModelFields::ModelFields(const Document& document, Diagnostics& faults)
    : document_(document), faults_(faults), inner_(&document.root) {
  for (const char* wrap : {"thinker_config", "text_config", "language_config", "llm_config"}) {
    const Node* inside = inner_->find(wrap);
    if (inside == nullptr || !inside->is_mapping()) continue;
    inner_ = inside;
    prefix_ += std::string(wrap) + ".";
    if (std::string_view(wrap) != "thinker_config") return;  // Qwen-Omni wraps twice
  }
}

void ModelFields::set_defaults(std::string_view family, std::span<const FieldDefault> defaults) {
  family_ = family;
  defaults_ = defaults;
}

std::optional<ModelFields::Value> ModelFields::find_in(const Node& from, const std::string& prefix, Names names) const {
  for (const auto name : names) {
    if (const Node* node = step_into(from, name)) return Value{node, prefix + std::string(name)};
  }
  return std::nullopt;
}

std::optional<ModelFields::Value> ModelFields::find(Names names) const {
  if (layer_ != nullptr) {
    if (auto value = find_in(*layer_, prefix_ + "per_layer_config.", names)) return value;
  }
  return find_in(*inner_, prefix_, names);
}

std::optional<ModelFields::Value> ModelFields::find_anywhere(Names names) const {
  if (auto value = find(names)) return value;
  return find_in(document_.root, {}, names);
}

std::optional<double> ModelFields::to_number(const Value& value) {
  const Node& node = *value.node;
  double number = 0;
  if (node.is_scalar() && !node.quoted) {
    const char* end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, number);
    if (error == std::errc{} && stop == end && std::isfinite(number)) return number;
    if (error == std::errc::result_out_of_range) {
      fault(value, describe_node(node) + " is out of range");
      return std::nullopt;
    }
  }
  fault(value, describe_node(node) + " where a number is due", node.quoted ? "write it without quotes" : "");
  return std::nullopt;
}

std::optional<int> ModelFields::to_whole(const Value& value, WholeRange range) {
  const auto number = to_number(value);
  if (!number) return std::nullopt;
  if (*number != std::floor(*number)) {
    fault(value, describe_node(*value.node) + " is not a whole number");
    return std::nullopt;
  }
  if (*number < range.low || *number > range.high) {
    fault(value, describe_node(*value.node) + " is out of range",
          "from " + std::to_string(range.low) + " to " + std::to_string(range.high));
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

std::optional<int> ModelFields::whole(Names names, WholeRange range) {
  if (const auto value = find(names)) return to_whole(*value, range);
  for (const auto& fallback : defaults_) {
    if (fallback.family == family_ && std::find(names.begin(), names.end(), fallback.field) != names.end()) {
      return fallback.value;
    }
  }
  return std::nullopt;
}

int ModelFields::required(Names names, WholeRange range, std::string_view sentence) {
  const bool there = has(names);
  const auto value = whole(names, range);
  if (value) return *value;
  if (!there) {
    std::string also;
    for (const auto* name = names.begin() + 1; name < names.end(); ++name) {
      also += (also.empty() ? "" : ", ") + std::string(*name);
    }
    missing(*names.begin(), "is missing: " + std::string(sentence), also.empty() ? "" : "also read as " + also);
  }
  return std::max(range.low, 1);
}

std::optional<double> ModelFields::to_number(const Value& value, double low, double high) {
  const auto number = to_number(value);
  if (!number) return std::nullopt;
  if (*number < low || *number > high) {
    fault(value, describe_node(*value.node) + " is out of range",
          "from " + number_text(low) + " to " + number_text(high));
    return std::nullopt;
  }
  return number;
}

std::optional<double> ModelFields::number(Names names, double low, double high) {
  const auto value = find(names);
  return value ? to_number(*value, low, high) : std::nullopt;
}

std::optional<bool> ModelFields::flag(Names names) {
  const auto value = find(names);
  if (!value) return std::nullopt;
  const Node& node = *value->node;
  if (node.is_scalar() && !node.quoted && (node.text == "true" || node.text == "1")) return true;
  if (node.is_scalar() && !node.quoted && (node.text == "false" || node.text == "0")) return false;
  fault(*value, describe_node(node) + " is neither true nor false");
  return std::nullopt;
}

std::optional<std::string> ModelFields::text(Names names) const {
  const auto value = find(names);
  if (!value || !value->node->is_scalar()) return std::nullopt;
  return value->node->text;
}

std::vector<ModelFields::Value> ModelFields::items(const Value& value) {
  std::vector<Value> out;
  if (!value.node->is_sequence()) fault(value, describe_node(*value.node) + " where a list is due");
  for (std::size_t i = 0; i < value.node->items.size(); ++i) {
    out.push_back({&value.node->items[i], value.path + "[" + std::to_string(i) + "]"});
  }
  return out;
}

std::vector<int> ModelFields::whole_list(const Value& value, WholeRange range) {
  std::vector<int> out;
  for (const auto& item : items(value)) out.push_back(to_whole(item, range).value_or(range.low));
  return out;
}

void ModelFields::add(Diagnostic fault) {
  const auto same = [&](const Diagnostic& other) {
    return other.line == fault.line && other.column == fault.column && other.path == fault.path &&
           other.message == fault.message;
  };
  if (faults_.size() >= kMostFaults || std::any_of(faults_.begin(), faults_.end(), same)) return;
  faults_.push_back(std::move(fault));
}

void ModelFields::fault(const Value& value, std::string message, std::string hint) {
  add(document_.fault(*value.node, value.path, std::move(message), std::move(hint)));
}

void ModelFields::missing(std::string_view name, std::string message, std::string hint) {
  add(document_.fault(inner_->at, prefix_ + std::string(name), std::move(message), std::move(hint)));
}

}  // namespace stargate
