// The fields of a record as one table: name, type, default, range and sentence. Reading, checking, the JSON Schema and
// the reference pages are all made from it, so they cannot disagree. A record type declares
//     static const RecordTable<Site>& table();
// and builds it with required() and optional(); a field's type decides how its text is read (codec.hpp).
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "stargate/config/codec.hpp"

namespace stargate {

/// R is default-constructed first, then filled field by field in the table's order. A table is made once (a static
/// local) and never changes; reading with it is thread-safe. Members may be of R or of a base of it.
template <class R>
class RecordTable {
 public:
  /// `kind`: its name in messages and schemas. `sentence`: what it is, for the reference pages.
  RecordTable(std::string kind, std::string sentence) : text_{std::move(kind), std::move(sentence), {}} {}

  /// `name` is the key in the file, `sentence` the meaning (also the hint when it is missing), `rule` the range.
  template <class M, class B>
  RecordTable&& required(const char* name, M B::*member, const char* sentence, Rule rule = {}) && {
    add(name, member, sentence, rule, true);
    return std::move(*this);
  }
  /// When absent the member keeps the value of a default-constructed R.
  template <class M, class B>
  RecordTable&& optional(const char* name, M B::*member, const char* sentence, Rule rule = {}) && {
    add(name, member, sentence, rule, false);
    return std::move(*this);
  }

  /// For pages and schemas: describes itself, reads nothing.
  const RecordText& text() const { return text_; }

  /// Reads every field, reports every fault: missing and unknown keys, wrong types, values out of range. A field that
  /// is absent or null is left as it is in `out`, so records can be read on top of others.
  void read(Reader& reader, const Node& node, R& out) const {
    if (!read_mapping(reader, node, text_)) return;
    for (const auto& field : fields_) field(reader, node, out);
  }

 private:
  template <class M, class B>
  void add(const char* name, M B::*member, const char* sentence, const Rule& rule, bool required) {
    static_assert(std::is_base_of_v<B, R>);
    text_.fields.push_back({name, Codec<M>::type_text(), describe_rule(rule, DimensionOf<M>::value()), sentence, required,
                            nested_text<M>()});
    fields_.push_back([=](Reader& reader, const Node& node, R& out) {
      const Node* value = node.find(name);
      // Absent and null mean the same: "leave it as it is".
      if (value == nullptr || value->is_null()) {
        if (required) reader.missing(node, name, sentence);
        return;
      }
      const auto scope = reader.enter(name);
      Codec<M>::read(reader, *value, out.*member, rule);
    });
  }

  RecordText text_;
  std::vector<std::function<void(Reader&, const Node&, R&)>> fields_;
};

/// A whole document as one record. All faults of the document, or a record whose every field was read and in range.
/// What two fields must have in common is for the caller to check.
template <class R>
Result<R> read_record(const Document& document) {
  Diagnostics faults;
  Reader reader(document, faults);
  R out;
  R::table().read(reader, document.root, out);
  // A record with any fault is none: nobody works with half of what was meant.
  if (!faults.empty()) return faults;
  return out;
}

}  // namespace stargate
