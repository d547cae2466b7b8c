// A sparse linear programme as it is written down, one entry at a time; columns may be held to whole numbers:
//   minimise  offset + sum_j cost_j x_j   subject to  lower_i <= sum_j a_ij x_j <= upper_i,  lower_j <= x_j <= upper_j.
// Every column and row has a name, "site_power[abilene,2026Q3]", kept as a family and up to four small integers: the
// text is made when somebody asks for it, because a programme of 30,000 columns should be built in milliseconds.
// Plain numbers: whoever fills it chooses units that bring the coefficients near one.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace stargate {

/// As a bound: there is none.
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The name of one column or row: its family, and an index into each of the family's axes (unused ones stay 0).
struct LpLabel {
  int family = 0;  ///< number of a column or row family
  /// One for each axis of the family.
  std::array<int, 4> index{};
};

/// Columns or rows of one kind. Axes give a family its shape: a family over the axes site and quarter has a member for
/// each pair that was added.
struct LpFamily {
  std::string name = {};       ///< "site_power"
  std::vector<int> axes = {};  ///< from LpProblem::add_axis, at most four
  std::string unit = {};       ///< of a row's activity or a column's value: "MW"
};

/// Entries column by column, rows ascending within a column: those of column j are [starts[j], starts[j + 1]).
struct LpMatrix {
  /// starts has one entry more than there are columns. This is compressed sparse column form, as Clp, Osi and HiGHS
  /// load it.
  std::vector<int> starts, rows;
  std::vector<double> values;  ///< as long as `rows`
};

/// Size, and the range of the absolute values that are neither zero nor infinite (0, 0 where there is none). Ratios of
/// largest to smallest beyond some 10^9 tell of units badly chosen: a solver's tolerance is absolute.
struct LpStatistics {
  int columns = 0, rows = 0, entries = 0;  ///< non-zero entries
  double smallest_entry = 0, largest_entry = 0;
  double smallest_cost = 0, largest_cost = 0;
  double smallest_bound = 0, largest_bound = 0;  ///< of columns and rows
};

/// Built once, then read. Numbers out of range, costs and entries that are not finite, bounds that cross and labels
/// beyond their axis abort: they are faults of whoever builds. Axes, families, columns and rows are numbered from 0 in
/// the order they are added. Copies are deep.
class LpProblem {
 public:
  /// The texts of one index ("abilene", "memphis", ...); without any, the index itself is the text.
  int add_axis(std::vector<std::string> labels);
  /// Both return the family's number, for labels. The axes must have been added.
  int add_column_family(LpFamily family);
  int add_row_family(LpFamily family);
  /// The rows of this family are limits that somebody could move: they may give way when there is no solution.
  /// `penalty`: weight of moving such a limit by one of its units, against the other families' limits.
  void make_relaxable(int row_family, double penalty);
  /// A hint of the final size, so that adding does not copy.
  void reserve(int columns, int rows, int entries);

  /// Both return the number of the new one, counted from 0. lower <= upper; -kInfinity and kInfinity are no bound.
  int add_column(double lower, double upper, double cost, LpLabel label);
  int add_row(double lower, double upper, LpLabel label);
  /// Entries for the same place add up.
  void add_entry(int row, int column, double value) { entries_.push_back({row, column, value}); }
  /// The column takes whole numbers only: a machine is bought or not.
  void set_integer(int column);
  /// The linear relaxation: no column is held to whole numbers.
  void forget_integers() { integers_.clear(); }
  /// Changes of what has been added; the same conditions hold. So a question about near-by optima changes a bound or a
  /// cost and solves again, instead of building anew.
  void set_column_bounds(int column, double lower, double upper);
  void set_row_bounds(int row, double lower, double upper);
  void set_cost(int column, double cost);
  void set_objective_offset(double offset) { objective_offset_ = offset; }

  int column_count() const { return static_cast<int>(costs_.size()); }
  int row_count() const { return static_cast<int>(row_lower_.size()); }
  double objective_offset() const { return objective_offset_; }
  /// The columns of whole numbers, ascending.
  const std::vector<int>& integers() const { return integers_; }
  /// By column, and by row below; references live until the next change.
  const std::vector<double>& costs() const { return costs_; }
  const std::vector<double>& column_lower() const { return column_lower_; }
  const std::vector<double>& column_upper() const { return column_upper_; }
  const std::vector<double>& row_lower() const { return row_lower_; }
  const std::vector<double>& row_upper() const { return row_upper_; }

  const LpLabel& column_label(int column) const { return column_labels_[column]; }
  const LpLabel& row_label(int row) const { return row_labels_[row]; }
  const LpFamily& column_family(int family) const { return column_families_[family]; }
  const LpFamily& row_family(int family) const { return row_families_[family].family; }
  /// Empty for a family that may not give way.
  const std::optional<double>& penalty(int row_family) const { return row_families_[row_family].penalty; }
  const std::string& row_unit(int row) const { return row_family(row_label(row).family).unit; }
  /// "family", or "family[label,label]".
  std::string column_name(int column) const;
  std::string row_name(int row) const;
  /// The label of a row on one of its family's axes. `axis` counts the axes of that family from 0, so axis 0 of
  /// "site_power" is the site.
  std::string row_axis_label(int row, int axis) const;

  /// The entries column by column, those for the same place added, zeros left out; linear in their number.
  LpMatrix matrix() const;
  /// Builds the matrix to do so, hence linear in the entries.
  LpStatistics statistics() const;

 private:
  struct Entry {
    int row, column;  ///< numbers that add_row and add_column gave
    double value;     ///< as given; entries of one place add up
  };
  struct RowFamily {
    LpFamily family;
    std::optional<double> penalty;  ///< set by make_relaxable; weight of one unit of the row's activity
  };
  std::string axis_label(int axis, int index) const;
  std::string format_name(const LpFamily& family, const LpLabel& label) const;
  void check_label(const LpFamily& family, const LpLabel& label) const;

  std::vector<std::vector<std::string>> axes_;
  std::vector<LpFamily> column_families_;
  std::vector<RowFamily> row_families_;
  std::vector<double> costs_, column_lower_, column_upper_, row_lower_, row_upper_;
  std::vector<int> integers_;
  std::vector<LpLabel> column_labels_, row_labels_;
  std::vector<Entry> entries_;
  double objective_offset_ = 0;
};

}  // namespace stargate
