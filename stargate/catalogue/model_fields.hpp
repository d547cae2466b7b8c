// Reads one field of a Hugging Face configuration under any of the names model authors gave it. Null and absent are the
// same, zero is not. Wrong values are faults with their place; reading goes on with a stand-in so that all are found.
// Where a text model is wrapped (text_config), fields are looked up inside it.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/config/node.hpp"

namespace stargate {

/// Both ends included.
struct WholeRange {
  /// Both included.
  int low, high;
};
/// Far above any model; low enough that sums of a few stay within int. Products are checked on the finished model.
inline constexpr WholeRange kLayerRange{1, 10'000}, kHeadRange{1, 1'000'000}, kExpertRange{0, 1'000'000},
    kWidthRange{1, 100'000'000}, kOptionalWidthRange{0, 100'000'000}, kVocabRange{1, 1'000'000'000},
    kTokenRange{0, 2'000'000'000};

/// A value the class of a model family has when its file leaves the field out.
struct FieldDefault {
  std::string_view family, field;  ///< "llama", "num_key_value_heads"
  int value;                       ///< taken when the file leaves it out
};

/// Remembers no position: fields may be asked in any order, and one nobody asks for is no fault.
class ModelFields {
 public:
  using Names = std::initializer_list<std::string_view>;
  struct Value {
    const Node* node;  ///< of the document, which outlives it
    std::string path;  ///< for faults: "text_config.hidden_size"
  };

  /// Both must outlive this.
  ModelFields(const Document& document, Diagnostics& faults);

  /// Fields left out take these; `family` chooses among them.
  void set_defaults(std::string_view family, std::span<const FieldDefault> defaults);

  /// What a layer says for itself (per_layer_config): looked up before the rest while it is set; null: nothing.
  void set_layer(const Node* layer) { layer_ = layer; }
  const Node* layer() const { return layer_; }

  /// The first of the names that is there; a dot steps into a mapping ("attn_config.kv_n_heads").
  std::optional<Value> find(Names names) const;
  /// The same, in the wrapping configuration when the text model has none.
  std::optional<Value> find_anywhere(Names names) const;

  bool has(Names names) const { return find(names).has_value(); }
  /// Empty when absent (and no family default), and after a fault.
  std::optional<int> whole(Names names, WholeRange range);
  int whole_or(Names names, WholeRange range, int otherwise) { return whole(names, range).value_or(otherwise); }
  /// A fault when absent; `sentence` says what the field is.
  int required(Names names, WholeRange range, std::string_view sentence);
  /// These return nothing for a field that is absent or null, and note a fault for one that is not what is asked.
  std::optional<double> number(Names names, double low, double high);
  std::optional<bool> flag(Names names);  ///< true or false only
  bool flag_or(Names names, bool otherwise) { return flag(names).value_or(otherwise); }
  std::optional<std::string> text(Names names) const;  ///< of any scalar

  std::optional<double> to_number(const Value& value, double low, double high);  ///< inside the bounds, or a fault
  std::optional<int> to_whole(const Value& value, WholeRange range);             ///< likewise, and whole
  /// Items that are wrong become range.low. Empty when this is no list, which is a fault.
  std::vector<int> whole_list(const Value& value, WholeRange range);
  std::vector<Value> items(const Value& value);  ///< of a list; a fault when it is none

  /// The same fault of the same place is told once.
  void fault(const Value& value, std::string message, std::string hint = {});
  void missing(std::string_view name, std::string message, std::string hint = {});
  const Node& outer() const { return document_.root; }

 private:
  std::optional<Value> find_in(const Node& from, const std::string& prefix, Names names) const;
  std::optional<double> to_number(const Value& value);
  void add(Diagnostic fault);

  const Document& document_;
  Diagnostics& faults_;
  const Node* inner_;   ///< the text model's own configuration, inside a wrapper's
  const Node* layer_ = nullptr;
  std::string prefix_;  ///< path of inner_
  std::string_view family_;
  std::span<const FieldDefault> defaults_;
};

}  // namespace stargate
