// One time out of what several lenders' kernels would take: a quantile by their weights.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Of the lenders' times, which a confidence means: the median, or one standard deviation of a normal spread from it.
/// Low is slow.
constexpr double time_quantile(Confidence confidence) {
  return confidence == Confidence::low ? 0.84 : confidence == Confidence::high ? 0.16 : 0.5;
}

/// Times with weights, and their quantile: linear between the middles of each one's weight, so that it moves smoothly
/// and in step with every time. Beyond the outermost middles it is the outermost time.
class WeighedTimes {
 public:
  static constexpr std::size_t kMost = 16;

  /// Beyond kMost they are not taken.
  void add(double time, double weight) {
    if (count_ == kMost) return;
    std::size_t at = count_++;
    for (; at > 0 && entries_[at - 1].time > time; --at) entries_[at] = entries_[at - 1];
    entries_[at] = {time, weight};
    total_ += weight;
  }
  /// 0 when there are none.
  double quantile(double share) const {
    if (count_ == 0) return 0;
    // Weights need not add up to one.
    const double wanted = share * total_;
    double before = 0, last_middle = 0, last_time = entries_[0].time;
    for (std::size_t i = 0; i < count_; ++i) {
      // Each time stands at the middle of its stretch of the weights' axis.
      const double middle = before + entries_[i].weight / 2;
      if (wanted <= middle) {
        if (i == 0) return entries_[0].time;
        return last_time + (entries_[i].time - last_time) * (wanted - last_middle) / (middle - last_middle);
      }
      before += entries_[i].weight, last_middle = middle, last_time = entries_[i].time;
    }
    return last_time;
  }

 private:
  struct Entry {
    double time = 0, weight = 0;  ///< in order of time
  };
  std::array<Entry, kMost> entries_{};
  std::size_t count_ = 0;
  double total_ = 0;  ///< of the weights
};

}  // namespace stargate
