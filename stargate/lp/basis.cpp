// Statuses carried over by name.
#include "stargate/lp/basis.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

/// A sorted list: names are looked up once each, and a hash table's order must not reach the output.
class StatusByName {
 public:
  void add(std::string name, LpBasisStatus status) { known_.emplace_back(std::move(name), status); }
  void sort() { std::stable_sort(known_.begin(), known_.end(), before); }
  LpBasisStatus find(const std::string& name, LpBasisStatus otherwise) const {
    const auto at = std::lower_bound(known_.begin(), known_.end(), std::pair(name, otherwise), before);
    return at != known_.end() && at->first == name ? at->second : otherwise;
  }

 private:
  using Entry = std::pair<std::string, LpBasisStatus>;
  static bool before(const Entry& a, const Entry& b) { return a.first < b.first; }
  std::vector<Entry> known_;
};

/// Where a nonbasic column may rest.
LpBasisStatus start_at_bound(double lower, double upper) {
  if (std::isfinite(lower)) return LpBasisStatus::at_lower;
  return std::isfinite(upper) ? LpBasisStatus::at_upper : LpBasisStatus::free;
}

}  // namespace

/// By name, sorted: a column or row that is new starts at its bound, or basic.
std::shared_ptr<const LpBasis> transfer_basis(const LpProblem& from, const LpBasis& basis, const LpProblem& to) {
  STARGATE_CHECK(static_cast<int>(basis.columns.size()) == from.column_count() &&
                     static_cast<int>(basis.rows.size()) == from.row_count(),
                 "a basis of another programme");
  StatusByName columns, rows;
  for (int j = 0; j < from.column_count(); ++j) columns.add(from.column_name(j), basis.columns[j]);
  for (int i = 0; i < from.row_count(); ++i) rows.add(from.row_name(i), basis.rows[i]);
  columns.sort();
  rows.sort();
  auto out = std::make_shared<LpBasis>();
  for (int j = 0; j < to.column_count(); ++j) {
    const LpBasisStatus start = start_at_bound(to.column_lower()[j], to.column_upper()[j]);
    out->columns.push_back(columns.find(to.column_name(j), start));
  }
  for (int i = 0; i < to.row_count(); ++i) out->rows.push_back(rows.find(to.row_name(i), LpBasisStatus::basic));
  return out;
}

}  // namespace stargate
