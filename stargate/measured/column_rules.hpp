// What tables of measured runs say in prose, as columns. The rules are data (tools/measured_rules.csv, compiled in):
// conditions on a row's cells, and the column they set. tools/measured_columns.py lists them, explains their form and
// writes converted tables; here they are applied to a table that was not converted, so that both are judged alike. No
// C++ beyond this file looks at words of notes, frameworks or networks.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/csv.hpp"

namespace stargate {

/// Adds the columns that the rules of `kind` ("training", "serving") set, where a row leaves them empty, and the column
/// `rules_applied`: ids of the rules that set a cell, with blanks between. A table that has `rules_applied` stays as it
/// is. New columns stand behind the old ones; rows keep their order. A rule never overwrites a cell somebody filled.
void apply_column_rules(std::string_view kind, CsvTable& table);

/// Rows by the rules that set one of their columns.
using RuleCounts = std::map<std::string, int>;
template <class Rows>
RuleCounts count_rules(const Rows& rows) {
  RuleCounts counts;
  for (const auto& row : rows) {
    for (std::size_t from = 0; from < row.rules.size();) {
      const std::size_t end = std::min(row.rules.find(' ', from), row.rules.size());
      if (end > from) ++counts[row.rules.substr(from, end - from)];
      from = end + 1;
    }
  }
  return counts;
}
/// One paragraph for a report; empty when no rule was applied.
std::string format_rule_counts(const RuleCounts& counts);

/// Whether `text` holds the pattern ({n} a number); what stood for numbers is added to
/// `found`. Case and blanks aside; a pattern that begins with a letter or digit begins where a word does. Linear in the
/// text.
bool mentions(std::string_view text, std::string_view pattern, std::vector<std::string>& found);

}  // namespace stargate
