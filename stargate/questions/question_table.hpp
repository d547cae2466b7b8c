// The fields of a question as one table. It is a RecordTable (what a field is called, what it holds, its range and
// sentence) and beside each field its face: the group it is shown in, its default, other names, whether it stands
// without a name. Command-line flags and their help, the JSON Schema and the reading of a question written as JSON are
// all made from it. A question type declares
//     static const QuestionTable<TrainQuestion>& table();
#pragma once

#include <fmt/format.h>

#include <type_traits>

#include "stargate/config/record_table.hpp"

namespace stargate {

enum class FieldShape {
  one,   ///< a value
  list,  ///< any number of values
  on     ///< true or false
};

struct FieldFace {
  std::string group;                   ///< heading it stands under in help
  std::string default_text;            ///< what holds when it is not given; empty: nothing worth a word
  std::vector<std::string> aliases;    ///< other names
  std::string type_name;               ///< short, for help: "FILE", "KIND:ID"
  FieldShape shape = FieldShape::one;  ///< how a flag takes it
  bool positional = false;             ///< given without its name on a command line
  bool commas = false;                 ///< a list whose values may also be written in one word, with commas
  int words = 1;                       ///< most words a value takes on a command line
};

/// The record and, for each of its fields in the same order, its face.
struct QuestionText {
  const RecordText* record;      ///< names, types, ranges and sentences
  std::vector<FieldFace> faces;  ///< in the order of the record's fields
};

/// As help and schema print it; empty for false and for what has no short text.
template <class T>
std::string default_text_of(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return fmt::format("{}", value);
  } else if constexpr (NamedEnum<T>) {
    for (const auto& [name, known] : EnumNames<T>::names) {
      if (known == value) return name;
    }
    return {};
  } else if constexpr (requires { format_quantity(value); }) {
    return format_quantity(value);
  } else if constexpr (requires { format_field(value); }) {  // a type with a codec of its own, found beside it
    return format_field(value);
  } else {
    return {};
  }
}
template <class T>
std::string default_text_of(const std::optional<T>& value) {
  return value ? default_text_of(*value) : std::string();
}

template <class M>
struct ShapeOf : std::integral_constant<FieldShape, FieldShape::one> {};
template <>
struct ShapeOf<bool> : std::integral_constant<FieldShape, FieldShape::on> {};
template <class T>
struct ShapeOf<std::vector<T>> : std::integral_constant<FieldShape, FieldShape::list> {};

/// Built once by a static table() and never changed afterwards.
template <class Q>
class QuestionTable {
 public:
  /// `name` is the command's words ("train search"), the sentence says what is asked.
  QuestionTable(std::string name, std::string sentence) : fields_(std::move(name), std::move(sentence)) {}

  /// The heading of the fields that follow.
  QuestionTable& group(std::string name) {
    group_ = std::move(name);
    return *this;
  }
  template <class M, class B>
  QuestionTable& required(const char* name, M B::*member, const char* sentence, Rule rule = {}) {
    std::move(fields_).required(name, member, sentence, rule);
    return face<M>({});
  }
  /// When absent the member keeps the value of a default-constructed Q, which is also its default in help and schema.
  template <class M, class B>
  QuestionTable& optional(const char* name, M B::*member, const char* sentence, Rule rule = {}) {
    std::move(fields_).optional(name, member, sentence, rule);
    static const Q asked_for_nothing{};
    return face<M>(default_text_of(asked_for_nothing.*member));
  }

  // Of the last field.
  QuestionTable& alias(std::string name) {
    faces_.back().aliases.push_back(std::move(name));
    return *this;
  }
  QuestionTable& type(std::string name) {
    faces_.back().type_name = std::move(name);
    return *this;
  }
  QuestionTable& positional() {
    faces_.back().positional = true;
    return *this;
  }
  QuestionTable& commas() {
    faces_.back().commas = true;
    return *this;
  }
  QuestionTable& words(int most) {
    faces_.back().words = most;
    return *this;
  }
  /// Where the default is not the member's value: "all that is left".
  QuestionTable& otherwise(std::string text) {
    faces_.back().default_text = std::move(text);
    return *this;
  }

  void read(Reader& reader, const Node& node, Q& out) const { fields_.read(reader, node, out); }
  const RecordText& text() const { return fields_.text(); }
  QuestionText question_text() const { return {&fields_.text(), faces_}; }

 private:
  template <class M>
  QuestionTable& face(std::string default_text) {
    FieldFace out;
    out.group = group_, out.default_text = std::move(default_text), out.shape = ShapeOf<M>::value;
    faces_.push_back(std::move(out));
    return *this;
  }

  RecordTable<Q> fields_;         ///< reads and checks
  std::vector<FieldFace> faces_;  ///< how each field looks as a flag
  std::string group_;             ///< heading of the fields added next
};

}  // namespace stargate
