// What a search keeps of the candidates it has evaluated: the best of each set of parallel sizes, as many as asked for,
// and the front of least time for each amount of memory. Earlier candidates win ties.
#pragma once

#include <vector>

#include "stargate/training/step.hpp"

namespace stargate {

struct TrainingCandidate {
  TrainingLayout layout;  ///< keeps all rules and fits
  StepReport report;      ///< of that layout
  Energy energy;          ///< of a step; a search fills it in for those it returns
  double value = 0;       ///< of the objective, s or J a step: less is better
};

/// tp, pp, dp, cp and ep are the same.
bool same_sizes(const TrainingLayout& a, const TrainingLayout& b);

/// The best candidates, no two of the same parallel sizes.
class Ranking {
 public:
  explicit Ranking(int length) : length_(static_cast<std::size_t>(length)) {}

  /// Keeps the better of two with the same sizes.
  void add(const TrainingCandidate& candidate);
  /// No candidate of this value or more can enter any more.
  bool is_beaten(double value) const { return is_full() && value >= kept_.back().value; }
  bool is_full() const { return kept_.size() == length_; }
  bool is_empty() const { return kept_.empty(); }
  const std::vector<TrainingCandidate>& kept() const { return kept_; }

 private:
  std::size_t length_;
  std::vector<TrainingCandidate> kept_;
};

/// From the fastest to the leanest: times rise, bytes fall.
class ParetoFront {
 public:
  /// Drops it where one of the front is no slower and no larger; else drops all that it makes so. Linear in the front.
  void add(const TrainingCandidate& candidate);
  /// One of the front takes no longer than `least` and holds no more than `bytes`.
  bool is_beaten(Duration least, Bytes bytes) const;
  const std::vector<TrainingCandidate>& kept() const { return kept_; }

 private:
  std::vector<TrainingCandidate> kept_;
};

}  // namespace stargate
