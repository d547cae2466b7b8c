// A pattern search: one coefficient after another a step up or down, steps halved when none helps. For few
// coefficients, a loss with kinks and bounds that are often the answer: it needs no derivatives and gives the same
// values everywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace stargate {

/// Coefficients on a scale from 0 to 1, finer near the lower bound. Both clamp to the handle's bounds.
template <class Handle>
double to_scale(const Handle& handle, double value) {
  return std::sqrt(std::clamp((value - handle.lower) / (handle.upper - handle.lower), 0.0, 1.0));
}
template <class Handle>
double from_scale(const Handle& handle, double scale) {
  return handle.lower + (handle.upper - handle.lower) * scale * scale;
}

/// Lowers `loss(coefficients)` by moving those of `handles` in `best`, in steps down to `last_step` of their scale; the
/// loss that is left.
template <class Coefficients, class Handle, class Loss>
double pattern_search(Loss& loss, const std::vector<const Handle*>& handles, Coefficients& best,
                      double last_step = 0.006) {
  // On the scale of 0 to 1; a gain below the last is rounding, and would only wander.
  constexpr double first_step = 0.25, least_gain = 1e-6;
  double best_loss = loss(best);
  for (double step = first_step; step > last_step;) {
    bool better = false;
    for (const auto* handle : handles) {
      // The first direction that helps is taken, and the next coefficient tried from there.
      for (const double direction : {1.0, -1.0}) {
        const double from = to_scale(*handle, handle->get(best)), to = std::clamp(from + direction * step, 0.0, 1.0);
        if (to == from) continue;
        Coefficients trial = best;
        handle->set(trial, from_scale(*handle, to));
        const double trial_loss = loss(trial);
        if (trial_loss >= best_loss - least_gain) continue;
        best = std::move(trial), best_loss = trial_loss, better = true;
        break;
      }
    }
    if (!better) step /= 2;
  }
  return best_loss;
}

}  // namespace stargate
