// The answer of a search as text, JSON and CSV.
#pragma once

#include <span>

#include "stargate/app/search_goal.hpp"

namespace stargate {

struct SearchAnswer {
  const SearchGoal& goal;
  std::span<const CountAnswer> counts;  ///< one for each number of accelerators
  const CountAnswer& chosen;            ///< the best of them, or any when nothing fits
};

std::string search_text(const SearchAnswer& answer);
std::string search_json(const SearchAnswer& answer);
/// Ranking and front of every number of accelerators.
std::string search_csv(const SearchAnswer& answer);

}  // namespace stargate
