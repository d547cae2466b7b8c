// A relative change works on the number a text begins with and keeps its unit.
#include "stargate/config/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "stargate/base/quarter.hpp"
#include "stargate/units/text.hpp"

namespace stargate {
namespace {

/// One step of a path: "abilene", or "0" of "[0]". "sites[0].power" and "sites.0.power" give the same steps.
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

// Fields by which an item of a list may be called in a path, tried in this order.
constexpr const char* kNameKeys[] = {"id",     "site", "service", "tenant",  "supplier", "system",
                                     "region", "name", "product", "country", "kind",     "quarter"};

bool is_named(const Node& item, const std::string& name) {
  return std::any_of(std::begin(kNameKeys), std::end(kNameKeys), [&](const char* key) {
    const Node* value = item.find(key);
    return value != nullptr && value->is_scalar() && value->text == name;
  });
}

std::string item_name(const Node& item) {
  for (const char* key : kNameKeys) {
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
    if (is_named(item, part)) return &item;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error == std::errc{} && end == part.data() + part.size() && index < node.items.size()) return &node.items[index];
  return nullptr;
}

/// As step_into, for a name that may hold dots ("deepseek-v3.1"): as few of the parts as name something are taken.
Node* step_into_parts(Node& node, const std::vector<std::string>& parts, std::size_t& at,
                      std::vector<std::string>& known) {
  std::string name;
  for (std::size_t i = at; i < parts.size(); ++i) {
    name += (i > at ? "." : "") + parts[i];
    known.clear();
    if (Node* next = step_into(node, name, known)) {
      at = i + 1;
      return next;
    }
  }
  return nullptr;
}

/// A value that changes the old one instead of replacing it.
struct RelativeChange {
  std::optional<double> factor;  ///< of "+50%", "-20%", "x2"
  std::optional<int> quarters;   ///< of "+2 quarters"
};

/// "+50%", "-2 quarters", "x1.5", "*2". Anything else is a value to be put in.
RelativeChange relative_change(std::string_view value) {
  if (value.size() < 2) return {};
  const bool sign = value[0] == '+' || value[0] == '-';
  const bool times = value[0] == 'x' || value[0] == '*';
  if (!sign && !times) return {};
  double number = 0;
  const std::size_t used = read_leading_number(value.substr(1), number);
  std::string_view unit = value.substr(1 + used);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (used == 0) return {};
  if (times) return {unit.empty() ? std::optional(number) : std::nullopt, {}};
  const double change = value[0] == '-' ? -number : number;
  if (unit == "%") return {1 + change / 100, {}};
  const bool quarters = unit == "quarters" || unit == "quarter";
  if (quarters && number == std::floor(number) && number <= 400) return {{}, static_cast<int>(change)};
  return {};
}

/// The number the text begins with, multiplied; nothing when it begins with none or the product is no number.
std::optional<std::string> scale_text(const std::string& text, double factor) {
  double number = 0;
  const std::size_t used = read_leading_number(text, number);
  if (used == 0 || !std::isfinite(number * factor)) return std::nullopt;
  return fmt::format("{}{}", number * factor, text.substr(used));
}

std::optional<std::string> shift_text(const std::string& text, int quarters) {
  const auto quarter = parse_quarter(text);
  if (!quarter) return std::nullopt;
  return format_quarter(*quarter + quarters);
}

/// A mapping whose every key is a quarter; an empty one is none.
bool is_series(const Node& node) {
  return node.is_mapping() && !node.members.empty() &&
         std::all_of(node.members.begin(), node.members.end(),
                     [](const Member& member) { return parse_quarter(member.key).has_value(); });
}

/// Exactly low, mid and high, as codec of PriceRange reads it.
bool is_price_range(const Node& node) {
  return node.members.size() == 3 && node.find("low") && node.find("mid") && node.find("high");
}

/// One `--set` applied to the node its path leads to. What a value means follows from its text and from the node that
/// is there: a factor or a shift changes it, a tree in brackets replaces it, anything else becomes its text.
class ChangeOfNode {
 public:
  ChangeOfNode(Document& document, const Override& change) : document_(document), change_(change) {}

  /// A price range takes a single value for all of its three; a mapping or list only a whole one.
  Check apply(Node& node) {
    const RelativeChange relative = relative_change(change_.value);
    if (relative.factor) return scale(node, *relative.factor);
    if (relative.quarters) return shift(node, *relative.quarters);
    const bool tree = change_.value.starts_with('{') || change_.value.starts_with('[');
    if (tree && !node.quoted) return replace_tree(node);
    if (is_price_range(node)) {
      for (auto& member : node.members) set_text(member.value, change_.value);
      return Done{};
    }
    if ((node.is_mapping() && !is_series(node)) || node.is_sequence()) {
      return fault("names " + describe_node(node) + ", not a value",
                   node.is_mapping() ? "go on to one of its values, or scale all: x2" : "write [a, b]");
    }
    node.members.clear();
    set_text(node, change_.value);
    return Done{};
  }

  Check fault(std::string message, std::string hint = {}) const {
    return Diagnostic{"--set " + change_.path + "=" + change_.value, 0, 0, {}, std::move(message), std::move(hint), {}};
  }

 private:
  void set_text(Node& node, std::string text) {
    node.kind = NodeKind::scalar;
    node.text = std::move(text);
    mark(node);
  }
  void mark(Node& node) {
    document_.mark_origin(node, "--set " + change_.path + "=" + change_.value);
    for (auto& item : node.items) mark(item);
    for (auto& member : node.members) mark(member.value);
  }

  /// Of a list or mapping every number in it, down to the leaves; the first that has none is a fault.
  Check scale(Node& node, double factor) {
    if (node.is_scalar()) {
      auto text = scale_text(node.text, factor);
      if (!text) return fault(describe_node(node) + " has no number to change");
      set_text(node, std::move(*text));
      return Done{};
    }
    if (node.is_null()) return fault("there is nothing to change yet", "give the value itself");
    for (auto& member : node.members) {
      if (auto done = scale(member.value, factor); !done.ok()) return done;
    }
    for (auto& item : node.items) {
      if (auto done = scale(item, factor); !done.ok()) return done;
    }
    return Done{};
  }

  /// Of a series the keys move and the values stay: demand comes that much later.
  Check shift(Node& node, int quarters) {
    if (node.is_scalar()) {
      auto text = shift_text(node.text, quarters);
      if (!text) return fault(describe_node(node) + " is no quarter, so it cannot be shifted");
      set_text(node, std::move(*text));
      return Done{};
    }
    if (!is_series(node)) return fault("names " + describe_node(node) + ", not a series by quarter or a quarter");
    for (auto& member : node.members) member.key = *shift_text(member.key, quarters);
    mark(node);
    return Done{};
  }

  /// The value as YAML in braces or brackets.
  Check replace_tree(Node& node) {
    auto tree = parse_yaml("--set", change_.value);
    if (!tree) return fault(tree.faults()[0].message);
    node = std::move(tree->root);
    mark(node);
    return Done{};
  }

  Document& document_;
  const Override& change_;
};

/// A path as the user wrote it may name the record before the field ("memory:hbm3.year" in hbm3.yaml): faults quote it
/// so.
std::string_view path_inside(const Document& document, std::string_view path) {
  const std::size_t colon = path.find(':'), slash = document.file.rfind('/');
  if (colon == std::string_view::npos || path.find('.') < colon) return path;
  const std::string name = document.file.substr(slash == std::string::npos ? 0 : slash + 1);
  const std::string id = name.substr(0, name.rfind('.')) + ".";
  const auto rest = path.substr(colon + 1);
  return rest.starts_with(id) ? rest.substr(id.size()) : path;
}

/// Setting `mid` alone keeps low <= mid <= high: the bound it passed goes with it.
void keep_order(Document& document, Node& range, const std::string& origin) {
  Node *low = range.find("low"), *mid = range.find("mid"), *high = range.find("high");
  const auto base = [](const Node& node) -> std::optional<double> {
    const auto parsed = parse_quantity_text(node.text);
    const auto* quantity = std::get_if<ParsedQuantity>(&parsed);
    return quantity != nullptr ? std::optional(quantity->base) : std::nullopt;
  };
  const auto least = base(*low), middle = base(*mid), most = base(*high);
  if (!least || !middle || !most) return;
  for (Node* bound : {*middle < *least ? low : nullptr, *middle > *most ? high : nullptr}) {
    if (bound == nullptr) continue;
    bound->text = mid->text;
    document.mark_origin(*bound, origin);
  }
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

/// The last part of a path may be a field that the file leaves out: it is added, and the reader judges its name.
Check apply_override(Document& document, const Override& change) {
  const auto parts = split_path(path_inside(document, change.path));
  ChangeOfNode changed(document, change);
  Node *node = &document.root, *parent = nullptr;
  for (std::size_t at = 0; at < parts.size();) {
    std::vector<std::string> known;
    const std::string& part = parts[at];
    parent = node;
    Node* next = step_into_parts(*node, parts, at, known);
    if (next == nullptr && node->is_mapping() && at + 1 == parts.size()) {
      node->members.push_back({part, node->at, {}});
      next = &node->members.back().value;
      ++at;
    }
    if (next == nullptr) {
      return changed.fault(fmt::format("there is no '{}' in {}", part, document.file), suggest_name(part, known));
    }
    node = next;
  }
  auto done = changed.apply(*node);
  const bool middle = done.ok() && parent != nullptr && is_price_range(*parent) && node == parent->find("mid");
  if (middle) keep_order(document, *parent, "--set " + change.path + "=" + change.value);
  return done;
}

void drop_left_out(Node& root, std::string_view list, std::string_view key, const std::string& kind,
                   const std::vector<std::string>& left_out) {
  Node* node = root.find(list);
  if (node == nullptr) return;
  std::erase_if(node->items, [&](const Node& item) {
    const Node* name = item.find(key);
    return name != nullptr && std::find(left_out.begin(), left_out.end(), kind + ":" + name->text) != left_out.end();
  });
}

}  // namespace stargate
