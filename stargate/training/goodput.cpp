// The closed form of goodput.hpp, part by part, and the intervals that make it best.
#include "stargate/training/goodput.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// x / (e^x - 1), 1 at 0.
double bernoulli(double x) { return x < 1e-12 ? 1 : x / std::expm1(x); }

/// Share of the time between failures spent in stalls: sum over k of the chance to be alive in [k c + t, (k + 1) c].
double stall_share(const GoodputSpec& spec) {
  const double interval = spec.failures * spec.interval, stall = spec.failures * spec.stall;
  // Both expm1 vanish; the limit is the share of stalls in an undisturbed cycle.
  if (interval + stall < 1e-12) return spec.stall / (spec.interval + spec.stall);
  return std::exp(-interval) * std::expm1(-stall) / std::expm1(-(interval + stall));
}

}  // namespace

const char* goodput_part_name(GoodputPart part) {
  switch (part) {
    case GoodputPart::effective:
      return "effective training";
    case GoodputPart::checkpoint:
      return "checkpoint stalls";
    case GoodputPart::lost_work:
      return "work done again";
    case GoodputPart::recovery:
      return "detection and restart";
    case GoodputPart::waiting:
      return "waiting for a node";
    case GoodputPart::planned:
      return "planned stops";
    case GoodputPart::stragglers:
      return "stragglers";
  }
  return "?";
}

/// The shares add up to 1: each is what the ones before leave.
GoodputReport goodput(const GoodputSpec& spec) {
  const Frequency l = spec.failures;
  const Duration cycle = spec.interval + spec.stall;
  // All in units of the mean time between failures.
  const double x = l * cycle, r = l * (spec.recovery + spec.write), work = spec.interval / cycle;
  // Each layer of loss takes its share of what the one outside leaves: planned stops, waiting for nodes, recovery, then
  // stalls and lost work; a slow node stretches what is left.
  const double running = 1 / (1 + spec.planned * spec.planned_stop);
  const double waiting = erlang_loss(spec.spares + 1, l * spec.repair * spec.node_share);
  const double held = running * (1 - waiting), up = held * std::exp(-(l * spec.recovery));
  const double pace = 1 - spec.straggler_chance * spec.straggler_slowdown / (1 + spec.straggler_slowdown);
  // l t exp(-l (R + w)) / (exp(l c) - 1) = (t / c) * x / (exp(x) - 1) * exp(-r), x = l c
  const double lasting = held * work * bernoulli(x) * std::exp(-r);
  GoodputReport out;
  out[GoodputPart::effective] = lasting * pace;
  out[GoodputPart::stragglers] = lasting * (1 - pace);
  out[GoodputPart::checkpoint] = up * stall_share(spec);
  out[GoodputPart::lost_work] = up - lasting - out[GoodputPart::checkpoint];
  out[GoodputPart::recovery] = held - up;
  out[GoodputPart::waiting] = running * waiting;
  out[GoodputPart::planned] = 1 - running;
  // The series of the ratio in l to first and second order, so that a reader sees how far they hold.
  out.first_order = held * pace * (work - (x / 2 + r) * work);
  out.second_order = held * pace * work * (1 - r + r * r / 2) * (1 - x / 2 + x * x / 12);
  return out;
}

Duration young_interval(Duration stall, Frequency failures) { return std::sqrt(2 * (stall * failures)) / failures; }

/// Daly 2006, equation 37: sqrt(2 s M) (1 + sqrt(s / 2M) / 3 + s / 18 M) - s for s < 2M, else M; M = 1 / l.
Duration daly_interval(Duration stall, Frequency failures) {
  const double half = stall * failures / 2;
  if (half >= 1) return 1 / failures;
  return std::sqrt(4 * half) * (1 + std::sqrt(half) / 3 + half / 9) / failures - stall;
}

Duration best_interval(const GoodputSpec& spec, Duration shortest) {
  const Duration least = max(shortest, spec.write - spec.stall);
  if (spec.failures.base() <= 0) return max(least, year);
  const double stall = spec.failures * spec.stall;
  double t = 1;  // Newton's steps on a convex function from the right of its root descend to it
  for (int i = 0; i < 100; ++i) {
    // f(t) = t - 1 + exp(-(t + s)), times in units of 1 / l; f' = 1 - exp(-(t + s)) is positive and rising, so steps
    // from t = 1, right of the root, never overshoot.
    const double alive = std::exp(-(t + stall));
    const double step = (t - 1 + alive) / (1 - alive);
    t -= step;
    if (step < 1e-12) break;
  }
  return max(least, t / spec.failures);
}

/// The recursion B(k) = a B(k-1) / (k + a B(k-1)) from B(0) = 1, stable for any load.
double erlang_loss(int places, double load) {
  double loss = 1;
  for (int k = 1; k <= places; ++k) loss = load * loss / (k + load * loss);
  return loss;
}

int enough_spares(const GoodputSpec& spec, double waiting) {
  const double load = spec.failures * spec.repair * spec.node_share;
  double loss = 1;
  for (int places = 1;; ++places) {
    loss = load * loss / (places + load * loss);
    if (loss <= waiting) return places - 1;
  }
}

double straggler_chance(double share_of_nodes, std::int64_t nodes) {
  return -std::expm1(static_cast<double>(nodes) * std::log1p(-share_of_nodes));
}

Bytes checkpoint_bytes(double parameters, double state_bytes_per_parameter) {
  return Bytes::from_base(parameters * state_bytes_per_parameter);
}

}  // namespace stargate
