// The builder of a linear programme: plain columns of numbers, names made on demand, entries sorted by counting.
#include "stargate/lp/problem.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

int count(const auto& list) { return static_cast<int>(list.size()); }

void check_bounds(double lower, double upper) {
  STARGATE_CHECK(lower <= upper && lower < kInfinity && upper > -kInfinity, "bounds of an LP that no number keeps");
}

/// Widens [smallest, largest] by |value|; zeros and infinities say nothing about scale.
void widen(double value, double& smallest, double& largest) {
  const double size = std::abs(value);
  if (size == 0 || std::isinf(size)) return;
  smallest = smallest == 0 ? size : std::min(smallest, size);
  largest = std::max(largest, size);
}

/// Turns the size of each bucket into the place where it begins.
void begin_buckets(std::vector<int>& counts) {
  int total = 0;
  for (int& one : counts) total += std::exchange(one, total);
}

}  // namespace

int LpProblem::add_axis(std::vector<std::string> labels) {
  axes_.push_back(std::move(labels));
  return count(axes_) - 1;
}

int LpProblem::add_column_family(LpFamily family) {
  STARGATE_CHECK(family.axes.size() <= LpLabel{}.index.size(), "an LP family has at most four axes");
  column_families_.push_back(std::move(family));
  return count(column_families_) - 1;
}

int LpProblem::add_row_family(LpFamily family) {
  STARGATE_CHECK(family.axes.size() <= LpLabel{}.index.size(), "an LP family has at most four axes");
  row_families_.push_back({std::move(family), std::nullopt});
  return count(row_families_) - 1;
}

void LpProblem::make_relaxable(int row_family, double penalty) {
  STARGATE_CHECK(row_family >= 0 && row_family < count(row_families_), "no such row family");
  STARGATE_CHECK(penalty > 0, "moving a limit must weigh something");
  row_families_[row_family].penalty = penalty;
}

void LpProblem::reserve(int columns, int rows, int entries) {
  for (auto* list : {&costs_, &column_lower_, &column_upper_}) list->reserve(columns);
  for (auto* list : {&row_lower_, &row_upper_}) list->reserve(rows);
  column_labels_.reserve(columns);
  row_labels_.reserve(rows);
  entries_.reserve(entries);
}

/// An axis without texts has no end: its index may be any number.
void LpProblem::check_label(const LpFamily& family, const LpLabel& label) const {
  for (std::size_t k = 0; k < family.axes.size(); ++k) {
    const auto& labels = axes_[family.axes[k]];
    STARGATE_CHECK(labels.empty() || (label.index[k] >= 0 && label.index[k] < count(labels)),
                   "index of an LP label beyond its axis");
  }
}

int LpProblem::add_column(double lower, double upper, double cost, LpLabel label) {
  check_bounds(lower, upper);
  STARGATE_CHECK(std::isfinite(cost), "cost of an LP column that is no number");
  STARGATE_CHECK(label.family >= 0 && label.family < count(column_families_), "no such column family");
  check_label(column_family(label.family), label);
  column_lower_.push_back(lower);
  column_upper_.push_back(upper);
  costs_.push_back(cost);
  column_labels_.push_back(label);
  return column_count() - 1;
}

int LpProblem::add_row(double lower, double upper, LpLabel label) {
  check_bounds(lower, upper);
  STARGATE_CHECK(label.family >= 0 && label.family < count(row_families_), "no such row family");
  check_label(row_family(label.family), label);
  row_lower_.push_back(lower);
  row_upper_.push_back(upper);
  row_labels_.push_back(label);
  return row_count() - 1;
}

/// Kept sorted and unique, so that writers and solvers can search it by halves.
void LpProblem::set_integer(int column) {
  STARGATE_CHECK(column >= 0 && column < column_count(), "a whole number in a column that is not there");
  const auto place = std::lower_bound(integers_.begin(), integers_.end(), column);
  if (place == integers_.end() || *place != column) integers_.insert(place, column);
}

void LpProblem::set_column_bounds(int column, double lower, double upper) {
  check_bounds(lower, upper);
  column_lower_.at(column) = lower;
  column_upper_.at(column) = upper;
}

void LpProblem::set_row_bounds(int row, double lower, double upper) {
  check_bounds(lower, upper);
  row_lower_.at(row) = lower;
  row_upper_.at(row) = upper;
}

void LpProblem::set_cost(int column, double cost) {
  STARGATE_CHECK(std::isfinite(cost), "cost of an LP column that is no number");
  costs_.at(column) = cost;
}

std::string LpProblem::axis_label(int axis, int index) const {
  const auto& labels = axes_[axis];
  return labels.empty() ? std::to_string(index) : labels[index];
}

std::string LpProblem::format_name(const LpFamily& family, const LpLabel& label) const {
  std::string name = family.name;
  for (std::size_t k = 0; k < family.axes.size(); ++k) {
    name += k == 0 ? '[' : ',';
    name += axis_label(family.axes[k], label.index[k]);
  }
  if (!family.axes.empty()) name += ']';
  return name;
}

std::string LpProblem::column_name(int column) const {
  const auto& label = column_label(column);
  return format_name(column_family(label.family), label);
}

std::string LpProblem::row_name(int row) const {
  const auto& label = row_label(row);
  return format_name(row_family(label.family), label);
}

std::string LpProblem::row_axis_label(int row, int axis) const {
  const auto& label = row_label(row);
  return axis_label(row_family(label.family).axes.at(axis), label.index.at(axis));
}

LpMatrix LpProblem::matrix() const {
  // Two counting sorts, by row and then (stable) by column, leave rows ascending within each column and the entries
  // for one place side by side.
  std::vector<int> row_at(row_lower_.size() + 1), column_at(costs_.size() + 1);
  for (const Entry& entry : entries_) {
    STARGATE_CHECK(entry.row >= 0 && entry.row < row_count() && entry.column >= 0 && entry.column < column_count(),
                   "an LP entry outside its rows and columns");
    STARGATE_CHECK(std::isfinite(entry.value), "an LP entry that is no number");
    ++row_at[entry.row];
    ++column_at[entry.column];
  }
  begin_buckets(row_at);
  begin_buckets(column_at);
  std::vector<Entry> by_row(entries_.size()), by_column(entries_.size());
  for (const Entry& entry : entries_) by_row[row_at[entry.row]++] = entry;
  for (const Entry& entry : by_row) by_column[column_at[entry.column]++] = entry;

  LpMatrix matrix;
  matrix.starts.reserve(costs_.size() + 1);
  matrix.rows.reserve(by_column.size());
  matrix.values.reserve(by_column.size());
  std::size_t next = 0;
  for (int column = 0; column < column_count(); ++column) {
    matrix.starts.push_back(count(matrix.rows));
    while (next < by_column.size() && by_column[next].column == column) {
      const int row = by_column[next].row;
      double value = 0;
      for (; next < by_column.size() && by_column[next].column == column && by_column[next].row == row; ++next) {
        value += by_column[next].value;
      }
      // Entries that cancel out leave none: a stored zero would only count as size.
      if (value == 0) continue;
      matrix.rows.push_back(row);
      matrix.values.push_back(value);
    }
  }
  matrix.starts.push_back(count(matrix.rows));
  return matrix;
}

LpStatistics LpProblem::statistics() const {
  const LpMatrix entries = matrix();
  LpStatistics out;
  out.columns = column_count();
  out.rows = row_count();
  out.entries = count(entries.values);
  for (const double value : entries.values) widen(value, out.smallest_entry, out.largest_entry);
  for (const double cost : costs_) widen(cost, out.smallest_cost, out.largest_cost);
  for (const auto* bounds : {&column_lower_, &column_upper_, &row_lower_, &row_upper_}) {
    for (const double bound : *bounds) widen(bound, out.smallest_bound, out.largest_bound);
  }
  return out;
}

}  // namespace stargate
