// Draws of how the world may turn out: each driver has its own distribution, given by three quantiles, and all that
// hang on the market move together (one common factor, a Gaussian copula). Many draws become few scenarios by
// k-medoids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stargate/planner/scenario.hpp"

namespace stargate {

struct PlanMarginal {
  std::string name;
  PlanChange change;                  ///< its amount is not used
  double low = 1, mid = 1, high = 1;  ///< quantiles at 10, 50 and 90 %
  double market = 0;                  ///< correlation with the market, -1 to 1
};

/// The amount at a probability: linear in it between the quantiles (of factors, their logarithms) and as steep beyond
/// them; delays from 0 on, performance within its range.
double amount_at(const PlanMarginal& marginal, double probability);
/// The change of that amount, delays in whole quarters.
PlanChange change_at(const PlanMarginal& marginal, double probability);

/// One draw: a change a marginal, in their order.
using PlanDraw = std::vector<PlanChange>;
/// A Latin hypercube of `count` draws in the normals that the amounts are made from: each marginal's own share is
/// spread evenly. The same seed gives the same draws. By draw, a probability a marginal.
std::vector<std::vector<double>> draw_probabilities(const std::vector<PlanMarginal>& marginals, int count,
                                                    std::uint64_t seed);
/// The changes there.
std::vector<PlanDraw> draw_changes(const std::vector<PlanMarginal>& marginals, int count, std::uint64_t seed);

/// Of `points` (draws, by whatever figures tell them apart) the `count` that stand for all, each with the share of
/// points nearest to it: partition around medoids (Kaufman, Rousseeuw, 1987), begun greedily.
struct Medoid {
  std::size_t point = 0;
  double share = 0;
};
std::vector<Medoid> find_medoids(const std::vector<std::vector<double>>& points, std::size_t count);

}  // namespace stargate
