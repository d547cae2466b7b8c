// Each stretch is cut at the borders of the windows.
#include "stargate/sim/time_series.hpp"

namespace stargate {

/// Pairs of windows are joined until `end` fits; the last one may be alone.
void TimeSeries::make_room(std::int64_t end) {
  while (end > window_ * static_cast<std::int64_t>(most_)) {
    for (std::size_t i = 0; i < sums_.size(); i += 2) {
      sums_[i / 2] = sums_[i] + (i + 1 < sums_.size() ? sums_[i + 1] : 0.0);
    }
    sums_.resize((sums_.size() + 1) / 2);
    window_ *= 2;
  }
  // Whole windows that reach `end`, rounded up.
  const auto needed = static_cast<std::size_t>((end + window_ - 1) / window_);
  if (sums_.size() < needed) sums_.resize(needed, 0.0);
}

void TimeSeries::add(SimTime start, SimTime end, double from, double to) {
  largest_ = std::max({largest_, from, to});
  if (end <= start) return;
  make_room(end.ns);
  const double slope = (to - from) / static_cast<double>(end.ns - start.ns);
  for (std::int64_t at = start.ns; at < end.ns;) {
    const std::int64_t index = at / window_, next = std::min(end.ns, (index + 1) * window_);
    // of the linear figure over this part of the window, hence its mean there
    const double middle = from + slope * (static_cast<double>(at - start.ns) + static_cast<double>(next - at) / 2);
    sums_[static_cast<std::size_t>(index)] += middle * static_cast<double>(next - at) * 1e-9;
    at = next;
  }
}

/// Window by window as a constant; the largest value is the larger of both, not of the means.
void TimeSeries::merge(const TimeSeries& other) {
  const auto end = static_cast<std::int64_t>(other.sums_.size()) * other.window_;
  for (std::size_t i = 0; i < other.sums_.size(); ++i) {
    const SimTime from{static_cast<std::int64_t>(i) * other.window_}, to{from.ns + other.window_};
    const double before = largest_;
    add(from, std::min(to, SimTime{end}), other.sums_[i] / (static_cast<double>(other.window_) * 1e-9));
    largest_ = before;
  }
  largest_ = std::max(largest_, other.largest_);
}

double TimeSeries::mean(SimTime start, SimTime end) const {
  if (end <= start) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const std::int64_t from = static_cast<std::int64_t>(i) * window_, to = from + window_;
    // A window that the span only touches counts by the share that lies in it, as if the figure were constant there.
    const std::int64_t common = std::min(to, end.ns) - std::max(from, start.ns);
    if (common > 0) sum += sums_[i] * static_cast<double>(common) / static_cast<double>(window_);
  }
  return sum / (end - start).base();
}

}  // namespace stargate
