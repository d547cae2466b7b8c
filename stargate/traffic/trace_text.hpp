// Reading traces of many millions of rows without a copy: cells of a CSV line, JSON objects with flat members, times.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace stargate {

/// Takes the next line off `rest`, without its line break; `rest` must not be empty.
std::string_view take_line(std::string_view& rest);

/// The cells of a line, quotes around a cell taken off. Cells are views of the line: this is the reader for traces of
/// millions of rows, where base/csv.hpp would copy each cell. Doubled quotes and line breaks inside a cell are not
/// understood: no trace has them. `cells` is cleared first.
void split_cells(std::string_view line, std::vector<std::string_view>& cells);

/// "2023-11-16 18:17:03.9799600", with T for the blank and +00:00 or Z at the end if need be, in nanoseconds of Unix
/// time. Years 1970 to 2200; any other zone than UTC, and dates that no calendar has, are refused.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// One member of an object: a number, or a list of whole numbers; of other values only that they are there.
struct JsonMember {
  std::string_view name;         ///< of the innermost key
  std::optional<double> number;  ///< empty: some other value
  bool is_list = false;          ///< a list of whole numbers, given apart
  int depth = 0, object = 0;     ///< of the object it stands in, which is counted from the first
};

/// Walks objects one after the other, in a JSON array or one a line. Members of nested objects count as the object's.
/// Not a general JSON reader: escapes in texts are left as they are, nesting ends at four levels, an object at a
/// thousand members. The text outlives it and its views.
class JsonObjects {
 public:
  explicit JsonObjects(std::string_view text) : text_(text) {}
  /// The members of the next object; `list` takes the numbers of its one list of whole numbers. False at the end or
  /// at a fault, which `fault()` names.
  bool next(std::vector<JsonMember>& members, std::vector<std::uint64_t>& list);
  const char* fault() const { return fault_; }
  int line() const { return line_; }  ///< of the object just read, or of the fault

 private:
  void skip_space();
  bool read_object(std::vector<JsonMember>& members, std::vector<std::uint64_t>& list, int depth);
  bool read_value(JsonMember& member, std::vector<JsonMember>& members, std::vector<std::uint64_t>& list, int depth);
  bool read_list(std::vector<std::uint64_t>& list);  ///< of whole numbers only
  bool read_string(std::string_view& out);           ///< escapes stay as they are
  bool read_number(double& out);
  bool fail(const char* why);  ///< notes the first fault; always false
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;  ///< bytes read
  int line_ = 1, next_line_ = 1;
  int objects_ = 0;              ///< counted from the first
  const char* fault_ = nullptr;  ///< static text
};

}  // namespace stargate
