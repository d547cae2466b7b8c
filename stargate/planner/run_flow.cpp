// Classes are few (at most one a set of users), so a path is found by looking at all of them.
#include "stargate/planner/run_flow.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace stargate {

HourFlow::HourFlow(int users, std::vector<std::uint32_t> reach) : users_(users), reach_(std::move(reach)) {
  for (int u = 0; u < users_; ++u) {
    auto& mine = nearest_.emplace_back();
    for (int c = 0; c < classes(); ++c) {
      if (may(u, c)) mine.push_back(c);
    }
    std::stable_sort(mine.begin(), mine.end(), [this](int a, int b) {
      return std::popcount(reach_[static_cast<std::size_t>(a)]) < std::popcount(reach_[static_cast<std::size_t>(b)]);
    });
  }
}

void HourFlow::begin(const std::vector<double>& capacity) {
  capacity_ = capacity, left_ = capacity;
  flow_.assign(static_cast<std::size_t>(users_) * reach_.size(), 0);
}

double HourFlow::serve(int user, double wanted) {
  double served = 0;
  for (const int c : nearest_[static_cast<std::size_t>(user)]) {
    double& left = left_[static_cast<std::size_t>(c)];
    const double some = std::min(wanted - served, left);
    if (some <= 0) continue;
    left -= some, flow(user, c) += some, served += some;
  }
  const double nothing = 1e-12 * wanted;
  while (wanted - served > nothing) {
    const double some = augment(user, wanted - served);
    if (some <= nothing) break;
    served += some;
  }
  return served;
}

/// One path: the user takes from a class, whose user goes to another, and so on to a class with room.
double HourFlow::augment(int user, double wanted) {
  struct Step {
    int before = -1, moved = -1;  ///< class, and its user that goes on from there; -1: the asking user
    bool seen = false;
  };
  std::vector<Step> steps(reach_.size());
  std::vector<int> queue;
  const auto see = [&](int c, int before, int moved) {
    Step& step = steps[static_cast<std::size_t>(c)];
    if (!step.seen) step = {before, moved, true}, queue.push_back(c);
  };
  for (const int c : nearest_[static_cast<std::size_t>(user)]) see(c, -1, -1);
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const int c = queue[i];
    double some = std::min(wanted, left_[static_cast<std::size_t>(c)]);
    if (some > 0) {
      const auto step = [&](int at) { return steps[static_cast<std::size_t>(at)]; };
      for (int at = c; step(at).before >= 0; at = step(at).before) {
        some = std::min(some, flow(step(at).moved, step(at).before));
      }
      left_[static_cast<std::size_t>(c)] -= some;
      int at = c;
      for (; step(at).before >= 0; at = step(at).before) {
        flow(step(at).moved, step(at).before) -= some, flow(step(at).moved, at) += some;
      }
      flow(user, at) += some;
      return some;
    }
    for (int v = 0; v < users_; ++v) {
      if (v == user || !(flow(v, c) > 0)) continue;
      for (const int d : nearest_[static_cast<std::size_t>(v)]) see(d, c, v);
    }
  }
  return 0;
}

}  // namespace stargate
