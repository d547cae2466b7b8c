// Quantiles, a Latin hypercube under a common factor, and medoids.
#include "stargate/planner/draws.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "stargate/base/random.hpp"

namespace stargate {
namespace {

double normal_probability(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// The normal's quantile by bisection: 60 halvings of -9..9.
double normal_quantile(double probability) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) {
    const double z = 0.5 * (low + high);
    (normal_probability(z) < probability ? low : high) = z;
  }
  return 0.5 * (low + high);
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

}  // namespace

double amount_at(const PlanMarginal& m, double probability) {
  const bool factor = is_factor(m.change.driver);
  const auto scaled = [&](double x) { return factor ? std::log(x) : x; };
  const double low = scaled(m.low), mid = scaled(m.mid), high = scaled(m.high);
  // Straight lines through the quantiles: beyond them they end at 0 and 1.
  const double at = probability < 0.5 ? mid + (probability - 0.5) / 0.4 * (mid - low)
                                      : mid + (probability - 0.5) / 0.4 * (high - mid);
  if (factor) return std::exp(at);
  return m.change.driver == PlanDriver::performance ? std::clamp(at, -1.0, 1.0) : std::max(0.0, at);
}

PlanChange change_at(const PlanMarginal& m, double probability) {
  PlanChange out = m.change;
  out.amount = amount_at(m, probability);
  if (!is_factor(m.change.driver) && m.change.driver != PlanDriver::performance) out.amount = std::round(out.amount);
  return out;
}

std::vector<std::vector<double>> draw_probabilities(const std::vector<PlanMarginal>& marginals, int count,
                                                    std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(count);
  // A stratum each, in an order of its own; the last column is the market.
  std::vector<std::vector<double>> normals;
  for (std::size_t m = 0; m <= marginals.size(); ++m) {
    RandomStream stream(seed, static_cast<std::uint32_t>(m), "plan draws");
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i) {
      const auto other = static_cast<std::size_t>(stream.uniform() * static_cast<double>(i));
      std::swap(order[i - 1], order[std::min(i - 1, other)]);
    }
    auto& column = normals.emplace_back();
    for (std::size_t i = 0; i < n; ++i) {
      column.push_back(normal_quantile((static_cast<double>(order[i]) + stream.uniform()) / static_cast<double>(n)));
    }
  }
  std::vector<std::vector<double>> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t m = 0; m < marginals.size(); ++m) {
      const double with = marginals[m].market;
      const double z = with * normals.back()[i] + std::sqrt(std::max(0.0, 1 - with * with)) * normals[m][i];
      out[i].push_back(normal_probability(z));
    }
  }
  return out;
}

std::vector<PlanDraw> draw_changes(const std::vector<PlanMarginal>& marginals, int count, std::uint64_t seed) {
  std::vector<PlanDraw> out;
  for (const auto& probabilities : draw_probabilities(marginals, count, seed)) {
    PlanDraw& draw = out.emplace_back();
    for (std::size_t m = 0; m < marginals.size(); ++m) draw.push_back(change_at(marginals[m], probabilities[m]));
  }
  return out;
}

std::vector<Medoid> find_medoids(const std::vector<std::vector<double>>& points, std::size_t count) {
  const std::size_t n = points.size();
  std::vector<std::size_t> medoids;
  std::vector<double> nearest(n, std::numeric_limits<double>::max());
  // Greedy: the point that brings all others nearest to some medoid.
  while (medoids.size() < std::min(count, n)) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::max();
    for (std::size_t c = 0; c < n; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += std::min(nearest[i], squared_distance(points[i], points[c]));
      if (sum < least) least = sum, best = c;
    }
    medoids.push_back(best);
    for (std::size_t i = 0; i < n; ++i) nearest[i] = std::min(nearest[i], squared_distance(points[i], points[best]));
  }
  std::vector<std::size_t> member(n, 0);
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < medoids.size(); ++k) {
        if (squared_distance(points[i], points[medoids[k]]) < squared_distance(points[i], points[medoids[member[i]]])) {
          member[i] = k;
        }
      }
    }
    bool moved = false;
    for (std::size_t k = 0; k < medoids.size(); ++k) {
      double least = std::numeric_limits<double>::max();
      std::size_t best = medoids[k];
      for (std::size_t c = 0; c < n; ++c) {
        if (member[c] != k) continue;
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += member[i] == k ? squared_distance(points[i], points[c]) : 0;
        if (sum < least) least = sum, best = c;
      }
      moved = moved || best != medoids[k];
      medoids[k] = best;
    }
    if (!moved) break;
  }
  std::vector<Medoid> out;
  for (std::size_t k = 0; k < medoids.size(); ++k) {
    const auto members = std::count(member.begin(), member.end(), k);
    if (members > 0) out.push_back({medoids[k], static_cast<double>(members) / static_cast<double>(n)});
  }
  return out;
}

}  // namespace stargate
