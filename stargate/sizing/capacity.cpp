// Cells of six steps are walked first, then the cell that holds the capacity is halved: which rates are tried depends
// on nothing but what holds.
#include "stargate/sizing/capacity.hpp"

#include <cmath>
#include <optional>

namespace stargate {
namespace {

constexpr double kSteps = 24;           // of a doubling: 2.9 % each
constexpr int kCell = 6;                // steps
constexpr int kChallengeShare = 4;      // of the longest trial: a challenger must be better beyond doubt
constexpr double kLeastOfGuess = 0.02;  // below this share of the guess nothing is looked for

double rate_at(int index) { return std::exp2(index / kSteps); }
int cell_below(int index) { return static_cast<int>(std::floor(static_cast<double>(index) / kCell)) * kCell; }

/// Rates are indices into the lattice. The challenge's trial is shorter: a challenger that is not clearly better is not
/// worth measuring.
class CapacitySearch {
 public:
  CapacitySearch(const Trial& trial, const TrialTraffic& traffic, const SizingTargets& targets)
      : trial_(trial), traffic_(traffic), targets_(targets) {}

  Capacity run(double guess, double challenge) {
    // Cells begin at multiples of six steps whatever the guess, so that two guesses walk the same rates.
    int at = cell_below(static_cast<int>(std::floor(kSteps * std::log2(guess))));
    if (challenge > 0) {
      const int more = static_cast<int>(std::floor(kSteps * std::log2(challenge) + 1e-9)) + 1;
      TrialTraffic shorter = traffic_;
      shorter.most_requests /= kChallengeShare;
      if (!holds(more, shorter)) return out_;
      low_ = cell_below(more);
      at = *low_ + kCell;
    }
    bracket(at, guess);
    if (low_ && high_) halve();
    return out_;
  }

 private:
  bool holds(int index) { return holds(index, traffic_); }
  bool holds(int index, const TrialTraffic& traffic) {
    const TrialResult result = trial_.run(rate_at(index), traffic, targets_);
    ++out_.trials;
    if (result.meets()) {
      if (result.rate > out_.rate) out_.rate = result.rate, out_.best = result;
      return true;
    }
    // The lowest rate that fails tells best what is missed.
    if (out_.nearest.rate == 0 || result.rate < out_.nearest.rate) out_.nearest = result;
    return false;
  }

  /// One cell further each time, then two, then four.
  void bracket(int at, double guess) {
    for (int step = kCell; !(low_ && high_); step *= 2) {
      if (rate_at(at) < kLeastOfGuess * guess) return;
      (holds(at) ? low_ : high_) = at;
      at += low_ ? step : -step;
    }
  }

  void halve() {
    while (*high_ - *low_ > 1) {
      const int middle = (*low_ + *high_) / 2;
      // Down to one cell along the borders of cells, inside it step by step.
      const int aligned = *high_ - *low_ > kCell ? cell_below(middle) : middle;
      (holds(aligned) ? low_ : high_) = aligned;
    }
  }

  const Trial& trial_;
  const TrialTraffic& traffic_;
  const SizingTargets& targets_;
  std::optional<int> low_, high_;
  Capacity out_;
};

}  // namespace

Capacity find_capacity(const Trial& trial, double guess, double challenge, const TrialTraffic& traffic,
                       const SizingTargets& targets) {
  return CapacitySearch(trial, traffic, targets).run(guess, challenge);
}

double rate_below(double rate, int steps) {
  return rate_at(static_cast<int>(std::ceil(kSteps * std::log2(rate) - 1e-6)) - steps);
}

}  // namespace stargate
