// The sections of an MPS file, in the order every reader wants: ROWS, COLUMNS, RHS, RANGES, BOUNDS. A row between two
// bounds is a G row with its lower bound and a range; a row without any is an N row after the objective. Columns of
// whole numbers stand between markers.
#include "stargate/lp/mps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>
#include <vector>

namespace stargate {
namespace {

constexpr std::string_view kObjective = "COST";

/// A blank would end the name in free format.
std::string plain_name(std::string name) {
  constexpr std::string_view allowed = "[]_.,:+-()/";
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte < 128 && std::isalnum(byte) != 0;
    if (!letter && allowed.find(c) == std::string_view::npos) c = '_';
  }
  return name.empty() ? "_" : name;
}

/// Names in order, each made unique with its number where an earlier one has it already.
std::vector<std::string> unique_names(const LpProblem& problem, std::string (LpProblem::*name_of)(int) const,
                                      int count) {
  std::set<std::string, std::less<>> taken{std::string(kObjective)};
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    std::string name = plain_name((problem.*name_of)(i));
    if (!taken.insert(name).second) {
      name += fmt::format("#{}", i);
      taken.insert(name);
    }
    names.push_back(std::move(name));
  }
  return names;
}

/// Writes section by section into one text.
class MpsText {
 public:
  explicit MpsText(const LpProblem& problem)
      : problem_(problem),
        columns_(unique_names(problem, &LpProblem::column_name, problem.column_count())),
        rows_(unique_names(problem, &LpProblem::row_name, problem.row_count())) {}

  std::string format() {
    add("NAME stargate\nROWS\n N {}\n", kObjective);
    for (int row = 0; row < problem_.row_count(); ++row) add(" {} {}\n", row_type(row), rows_[row]);
    add_columns();
    add_right_hand_sides();
    add_ranges();
    add("BOUNDS\n");
    for (int column = 0; column < problem_.column_count(); ++column) add_bounds(column);
    add("ENDATA\n");
    return std::move(text_);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> pattern, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), pattern, std::forward<Values>(values)...);
  }

  bool is_integer(int column) const {
    return std::binary_search(problem_.integers().begin(), problem_.integers().end(), column);
  }

  /// E equal, G at least, L at most, N free. A row with both bounds is G, with the distance as its range.
  char row_type(int row) const {
    const double lower = problem_.row_lower()[row], upper = problem_.row_upper()[row];
    if (lower == upper) return 'E';
    if (std::isfinite(lower)) return 'G';
    return std::isfinite(upper) ? 'L' : 'N';
  }

  /// Whole-number columns stand between markers, each in a pair of its own.
  void add_columns() {
    const LpMatrix matrix = problem_.matrix();
    add("COLUMNS\n");
    for (int column = 0; column < problem_.column_count(); ++column) {
      if (is_integer(column)) add(" M{0} 'MARKER' 'INTORG'\n", column);
      const int first = matrix.starts[column], end = matrix.starts[column + 1];
      const double cost = problem_.costs()[column];
      // A column without cost and entries is named all the same, or readers would not know it.
      if (cost != 0 || first == end) add(" {} {} {:.17g}\n", columns_[column], kObjective, cost);
      for (int k = first; k < end; ++k)
        add(" {} {} {:.17g}\n", columns_[column], rows_[matrix.rows[k]], matrix.values[k]);
      if (is_integer(column)) add(" M{0} 'MARKER' 'INTEND'\n", column);
    }
  }

  /// The format has the objective's constant with the opposite sign.
  void add_right_hand_sides() {
    add("RHS\n");
    if (problem_.objective_offset() != 0) add(" RHS {} {:.17g}\n", kObjective, -problem_.objective_offset());
    for (int row = 0; row < problem_.row_count(); ++row) {
      const char type = row_type(row);
      const double side = type == 'L' ? problem_.row_upper()[row] : problem_.row_lower()[row];
      if (type != 'N' && side != 0) add(" RHS {} {:.17g}\n", rows_[row], side);
    }
  }

  void add_ranges() {
    add("RANGES\n");
    for (int row = 0; row < problem_.row_count(); ++row) {
      const double lower = problem_.row_lower()[row], upper = problem_.row_upper()[row];
      if (row_type(row) == 'G' && std::isfinite(upper)) add(" RANGE {} {:.17g}\n", rows_[row], upper - lower);
    }
  }

  /// Without a line a column lies between 0 and infinity. A lower bound comes first: some readers would otherwise take
  /// a negative upper bound to mean that there is no lower one.
  void add_bounds(int column) {
    const double lower = problem_.column_lower()[column], upper = problem_.column_upper()[column];
    const std::string& name = columns_[column];
    if (lower == upper) return add(" FX BOUND {} {:.17g}\n", name, lower);
    if (std::isinf(lower) && std::isinf(upper)) return add(" FR BOUND {}\n", name);
    if (std::isinf(lower)) {
      add(" MI BOUND {}\n", name);
    } else if (lower != 0) {
      add(" LO BOUND {} {:.17g}\n", name, lower);
    }
    if (std::isfinite(upper)) {
      add(" UP BOUND {} {:.17g}\n", name, upper);
    } else if (is_integer(column)) {  // without a line some readers take a whole number to be 0 or 1
      add(" PL BOUND {}\n", name);
    }
  }

  const LpProblem& problem_;
  std::vector<std::string> columns_, rows_;
  std::string text_;
};

}  // namespace

std::string format_mps(const LpProblem& problem) { return MpsText(problem).format(); }

}  // namespace stargate
