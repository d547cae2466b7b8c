// The answer of a search as text, JSON and CSV.
#pragma once

#include "stargate/questions/search_goal.hpp"

namespace stargate {

struct SearchAnswer {
  SearchGoal goal;                  ///< as asked
  std::vector<CountAnswer> counts;  ///< one for each number of accelerators
  std::size_t best = 0;             ///< of counts, by the goal; any when nothing fits

  const CountAnswer& chosen() const { return counts[best]; }
};

std::string search_text(const SearchAnswer& answer);
void write_search(JsonWriter& json, const SearchAnswer& answer, const std::string& expected_error);
/// Ranking and front of every number of accelerators.
std::string search_csv(const SearchAnswer& answer);

}  // namespace stargate
