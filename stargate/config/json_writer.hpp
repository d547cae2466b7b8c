// Writes JSON as it goes: two-space indentation, keys in the order given, doubles in the shortest form that reads back
// the same. Non-finite numbers become null. For output only; documents are read by parse_json.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stargate {

/// Whoever writes keeps begin and end in pairs and gives a key before each value of an object: nothing checks it. Text
/// must be UTF-8; only quotes, backslashes and control characters are escaped. -0 is written as 0.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  /// In the shortest form that reads back the same; null when it is not finite.
  JsonWriter& value(double number);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(bool flag);

  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// An object of numbers.
  template <class T>
  JsonWriter& member(std::string_view name, const std::map<std::string, T>& numbers) {
    key(name).begin_object();
    for (const auto& [id, number] : numbers) member(id, number);
    return end_object();
  }

  /// The text so far, ending in a newline.
  std::string text() const { return out_ + "\n"; }

 private:
  void before_value();
  void open(char bracket);
  void close(char bracket);

  std::string out_;              ///< written so far
  std::vector<bool> has_items_;  ///< a level each: something was written in it
  bool after_key_ = false;
};

}  // namespace stargate
