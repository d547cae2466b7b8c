// How the text of a value becomes a C++ value, one specialisation of Codec a type, and the Reader that collects faults
// on the way. Bare numbers are refused where a quantity is due; percentages are plain numbers ("70 %" is 0.7).
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stargate/base/quarter.hpp"
#include "stargate/base/series.hpp"
#include "stargate/config/node.hpp"
#include "stargate/units/text.hpp"

namespace stargate {

/// Bounds of a number, in base units for a quantity. Each bound may be left out; `above` is strict, the other two are
/// not. It is checked after the number has been read.
struct Rule {
  std::optional<double> at_least, above, at_most;  ///< empty: no bound
};
inline const Rule positive{.at_least = {}, .above = 0.0, .at_most = {}};
inline const Rule not_negative{.at_least = 0.0, .above = {}, .at_most = {}};
inline const Rule fraction{.at_least = 0.0, .above = {}, .at_most = 1.0};

/// Times until something is delivered or written off: none is longer than a century.
inline const Rule within_century{.at_least = 0.0, .above = {}, .at_most = (100.0 * year).base()};
inline const Rule life_within_century{.at_least = {}, .above = 0.0, .at_most = (100.0 * year).base()};
/// "above 0, at most 100 years": bounds in the unit of a quantity's dimension, else as plain numbers.
std::string describe_rule(const Rule& rule, const std::optional<Dim>& dim = {});

/// A record kind in words, for the schema and the reference pages.
struct RecordText;
/// One row of a reference table. `nested` is the record that the field holds (in a list, a mapping or by itself), else
/// null; it points into a static table.
struct FieldText {
  std::string name, type, range, sentence;  ///< key; what may stand there; "" when any value may; the meaning
  bool required = false;                    ///< its absence is a fault
  const RecordText* nested = nullptr;       ///< its record, when the field holds one
};
/// `kind` is the record's name in messages and schemas ("site"); `sentence` what one is.
struct RecordText {
  std::string kind, sentence;
  std::vector<FieldText> fields;
};

/// Walks one document, remembers the path to where it is ("sites[2].power") and appends to `faults`. It goes on after a
/// fault, so that a user sees them all. Holds references: document and faults outlive it.
class Reader {
 public:
  Reader(const Document& document, Diagnostics& faults) : document_(document), faults_(faults) {}

  /// At the node's place, with the present path.
  void fault(const Node& node, std::string message, std::string hint = {}) {
    faults_.push_back(document_.fault(node, path_, std::move(message), std::move(hint)));
  }
  /// At a key or another place that is no node's value.
  void fault_at(Location at, std::string message, std::string hint = {}) {
    faults_.push_back(document_.fault(at, path_, std::move(message), std::move(hint)));
  }
  /// A required field is not there; the field's own sentence is the hint.
  void missing(const Node& mapping, const char* name, const char* sentence);

  /// Extends the path for as long as the returned object lives.
  class Scope {
   public:
    Scope(Reader& reader, std::size_t length) : reader_(reader), length_(length) {}
    ~Scope() { reader_.path_.resize(length_); }
    Scope(const Scope&) = delete;

   private:
    Reader& reader_;
    std::size_t length_;
  };
  /// ".name" or "[index]" is added to the path until the Scope is gone, so keep it in a variable.
  [[nodiscard]] Scope enter(std::string_view name);
  [[nodiscard]] Scope enter(std::size_t index);

  const Document& document() const { return document_; }

 private:
  const Document& document_;
  Diagnostics& faults_;
  std::string path_;
};

/// True when the node is a mapping; reports it when not, and each key that is no field. Of more than ten unknown keys
/// the first ten are reported and the others counted.
bool read_mapping(Reader& reader, const Node& node, const RecordText& text);
/// The scalar's text, or a fault saying what was due.
const std::string* read_scalar(Reader& reader, const Node& node, std::string_view due);
/// "0.7", "70 %" (then 0.7) or "1,234". False after a fault, with `out` unchanged.
bool read_number(Reader& reader, const Node& node, double& out);
/// Reports a value out of range in the words of describe_rule; `dim` says in which unit bounds are printed.
bool check_rule(Reader& reader, const Node& node, double value, const Rule& rule, const std::optional<Dim>& dim = {});
/// `base` is only changed when the text is right and in range.
void read_quantity(Reader& reader, const Node& node, Dim dim, double& base, const Rule& rule);

/// How a field of type T is read. A specialisation gives type_text(), what may stand there in words (reference pages,
/// schema), and read(), which sets `out` or reports why not and then leaves it as it was.
template <class T>
struct Codec;

/// Enums written by name: specialise with `static constexpr std::pair<const char*, E> names[] = {...}`. The names are
/// what people write in files and what the schema lists, so a change of one breaks studies.
template <class E>
struct EnumNames;

/// A record with a table of its own (record_table.hpp): it may nest in others.
template <class T>
concept HasTable = requires {
  T::table().text();
};
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
  EnumNames<E>::names[0].first;
};

template <>
struct Codec<std::string> {
  static std::string type_text() { return "text"; }
  static void read(Reader& reader, const Node& node, std::string& out, const Rule&) {
    if (const auto* text = read_scalar(reader, node, "a text")) out = *text;
  }
};

/// Only these two words: YAML's yes, no, on and off are texts.
template <>
struct Codec<bool> {
  static std::string type_text() { return "true or false"; }
  static void read(Reader& reader, const Node& node, bool& out, const Rule&) {
    const auto* text = read_scalar(reader, node, "true or false");
    if (text == nullptr) return;
    if (*text == "true" || *text == "false") {
      out = *text == "true";
    } else {
      reader.fault(node, describe_node(node) + " is neither true nor false");
    }
  }
};

template <>
struct Codec<double> {
  static std::string type_text() { return "number"; }
  static void read(Reader& reader, const Node& node, double& out, const Rule& rule) {
    double value = 0;
    if (read_number(reader, node, value) && check_rule(reader, node, value, rule)) out = value;
  }
};

/// Counts. Up to 2^31 - 1 in four bytes and 2^53 in eight, where a double still holds every whole number: larger ones
/// are faults, not wrapped.
template <std::signed_integral I>
struct Codec<I> {
  static std::string type_text() { return "whole number"; }
  static void read(Reader& reader, const Node& node, I& out, const Rule& rule) {
    double value = 0;
    if (!read_number(reader, node, value) || !check_rule(reader, node, value, rule)) return;
    // Numbers are read as doubles: beyond 2^53 two whole numbers would look the same.
    const double limit = sizeof(I) == 4 ? 2147483647.0 : 9007199254740992.0;
    if (std::abs(value) > limit) return reader.fault(node, describe_node(node) + " is too large");
    if (value != std::floor(value)) {
      return reader.fault(node, describe_node(node) + " is not a whole number");
    }
    out = static_cast<I>(value);
  }
};

template <Dim D>
struct Codec<Quantity<D>> {
  static std::string type_text() { return describe_dim(D) + ", as \"" + example_of(D) + "\""; }
  static void read(Reader& reader, const Node& node, Quantity<D>& out, const Rule& rule) {
    // Starts from what the member holds, so that a fault leaves it as it was.
    double base = out.base();
    read_quantity(reader, node, D, base, rule);
    out = Quantity<D>::from_base(base);
  }
};

template <>
struct Codec<Quarter> {
  static std::string type_text() { return "quarter, as \"2026Q3\""; }
  static void read(Reader& reader, const Node& node, Quarter& out, const Rule&) {
    const auto* text = read_scalar(reader, node, "a quarter such as 2026Q3");
    if (text == nullptr) return;
    if (const auto quarter = parse_quarter(*text)) {
      out = *quarter;
    } else {
      reader.fault(node, describe_node(node) + " is not a quarter", "write year and quarter, such as 2026Q3");
    }
  }
};

template <NamedEnum E>
struct Codec<E> {
  static std::string type_text() {
    std::string out;
    for (const auto& [name, value] : EnumNames<E>::names) out += (out.empty() ? "" : " | ") + std::string(name);
    return out;
  }
  static void read(Reader& reader, const Node& node, E& out, const Rule&) {
    const auto* text = read_scalar(reader, node, type_text());
    if (text == nullptr) return;
    std::vector<std::string> known;
    for (const auto& [name, value] : EnumNames<E>::names) {
      if (*text == name) {
        out = value;
        return;
      }
      known.emplace_back(name);
    }
    reader.fault(node, describe_node(node) + " is not one of " + type_text(),
                 nearest_name(*text, known).empty() ? "" : suggest_name(*text, known));
  }
};

/// Present, even when the value was at fault (the fault has been reported, so the document is refused anyway).
template <class T>
struct Codec<std::optional<T>> {
  static std::string type_text() { return Codec<T>::type_text(); }
  static void read(Reader& reader, const Node& node, std::optional<T>& out, const Rule& rule) {
    T value{};
    Codec<T>::read(reader, node, value, rule);
    out = std::move(value);
  }
};

/// Every item is held against the same rule. Items are added to what the member holds by default.
template <class T>
struct Codec<std::vector<T>> {
  static std::string type_text() { return "list of " + Codec<T>::type_text(); }
  static void read(Reader& reader, const Node& node, std::vector<T>& out, const Rule& rule) {
    if (!node.is_sequence())
      return reader.fault(node, describe_node(node) + " where a list is due",
                          "write \"- \" before each item, or [a, b]");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto scope = reader.enter(i);
      T value{};
      Codec<T>::read(reader, node.items[i], value, rule);
      out.push_back(std::move(value));
    }
  }
};

/// Keys are read by the codec of K, so they may be names, enums or quarters.
template <class K, class T>
struct Codec<std::map<K, T>> {
  static std::string type_text() { return "mapping of " + Codec<K>::type_text() + " to " + Codec<T>::type_text(); }
  static void read(Reader& reader, const Node& node, std::map<K, T>& out, const Rule& rule) {
    if (!node.is_mapping())
      return reader.fault(node, describe_node(node) + " where a mapping is due",
                          "write \"name: value\" on a line each");
    for (const auto& member : node.members) {
      const auto scope = reader.enter(member.key);
      Node key_node;
      key_node.kind = NodeKind::scalar;
      key_node.text = member.key;
      key_node.at = member.at;
      K key{};
      Codec<K>::read(reader, key_node, key, {});
      T value{};
      Codec<T>::read(reader, member.value, value, rule);
      out[key] = std::move(value);
    }
  }
};

/// A single value stands for one that never changes.
template <class T>
struct Codec<Series<T>> {
  static std::string type_text() { return "by quarter: " + Codec<T>::type_text(); }
  static void read(Reader& reader, const Node& node, Series<T>& out, const Rule& rule) {
    if (node.is_scalar()) {
      T value{};
      Codec<T>::read(reader, node, value, rule);
      /// before any quarter a study may name, so the value holds at every one
      out.points[Quarter::of(1990, 1)] = value;
      return;
    }
    Codec<std::map<Quarter, T>>::read(reader, node, out.points, rule);
  }
};

template <HasTable T>
struct Codec<T> {
  static std::string type_text() { return T::table().text().kind; }
  static void read(Reader& reader, const Node& node, T& out, const Rule&) { T::table().read(reader, node, out); }
};

/// The dimension of a field's values, where they are quantities.
template <class T>
struct DimensionOf {
  static std::optional<Dim> value() { return std::nullopt; }
};
template <Dim D>
struct DimensionOf<Quantity<D>> {
  static std::optional<Dim> value() { return D; }
};
template <class T>
struct DimensionOf<std::optional<T>> : DimensionOf<T> {};
template <class T>
struct DimensionOf<std::vector<T>> : DimensionOf<T> {};
template <class T>
struct DimensionOf<Series<T>> : DimensionOf<T> {};
template <class K, class T>
struct DimensionOf<std::map<K, T>> : DimensionOf<T> {};

/// Looks through lists, optionals and mappings for a record, whose own table the pages then show.
template <class T>
struct NestedRecord {
  static const RecordText* text() {
    if constexpr (HasTable<T>) {
      return &T::table().text();
    } else {
      return nullptr;
    }
  }
};
template <class T>
struct NestedRecord<std::vector<T>> : NestedRecord<T> {};
template <class T>
struct NestedRecord<std::optional<T>> : NestedRecord<T> {};
template <class K, class T>
struct NestedRecord<std::map<K, T>> : NestedRecord<T> {};
template <class T>
const RecordText* nested_text() {
  return NestedRecord<T>::text();
}

}  // namespace stargate
