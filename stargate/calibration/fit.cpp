// Levenberg-Marquardt on r_i = log(predicted_i / measured_i) under Huber's loss, as iteratively reweighted least
// squares (K. Madsen, H. B. Nielsen, O. Tingleff, "Methods for non-linear least squares problems", 2004; P. J. Huber,
// "Robust estimation of a location parameter", 1964). A coefficient v in [a, b] is searched as z with v = a + (b - a)
// s(z), s the logistic function (on log v when logarithmic), so no step can leave its bounds. The Jacobian is by
// forward differences.
#include "stargate/calibration/fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

constexpr double kFarthest = 9.0;       // |z|: within 0.013 % of the range from a bound
constexpr double kFarthestStart = 4.0;  // a start on its bound still has a slope
constexpr double kStep = 1e-4;          // of z, for differences
constexpr double kHopeless = 10.0;      // residual of a row whose prediction is not a positive number

/// One coefficient's way between its value and z.
class Scale {
 public:
  explicit Scale(const Parameter& parameter) : logarithmic_(parameter.logarithmic) {
    STARGATE_CHECK(parameter.lower <= parameter.upper && (!logarithmic_ || parameter.lower > 0),
                   "bounds of a coefficient");
    lower_ = forward(parameter.lower);
    upper_ = forward(parameter.upper);
  }
  bool fixed() const { return !(lower_ < upper_); }
  /// The inverse of value_of, kept away from the bounds, where the slope of s vanishes.
  double z_of(double value) const {
    const double low = logarithmic_ ? std::exp(lower_) : lower_;
    const double share = (forward(std::max(value, low)) - lower_) / (upper_ - lower_);
    // A start on its bound would have no slope, and the coefficient would never move.
    const double edge = 1 / (1 + std::exp(kFarthestStart));
    const double inside = std::clamp(share, edge, 1 - edge);
    return std::log(inside / (1 - inside));
  }
  /// The logistic function maps any z into the open interval of the bounds, so a search without bounds stays inside
  /// them.
  double value_of(double z) const {
    const double v = lower_ + (upper_ - lower_) / (1 + std::exp(-z));
    return logarithmic_ ? std::exp(v) : v;
  }

 private:
  double forward(double value) const { return logarithmic_ ? std::log(value) : value; }
  bool logarithmic_;
  double lower_ = 0, upper_ = 0;
};

class Search {
 public:
  /// Weights are normalised to a sum of 1, so that a loss means the same whatever the number of rows.
  Search(std::span<const Parameter> parameters, const Predictor& predict, std::span<const double> measured,
         std::span<const double> weights, const FitSettings& settings)
      : predict_(predict), settings_(settings), predicted_(measured.size()) {
    for (const Parameter& parameter : parameters) {
      scales_.emplace_back(parameter);
      values_.push_back(parameter.start);
      if (scales_.back().fixed()) {
        values_.back() = parameter.lower;
      } else {
        free_.push_back(scales_.size() - 1);
      }
    }
    log_measured_.resize(static_cast<Eigen::Index>(measured.size()));
    weights_.setOnes(log_measured_.size());
    for (std::size_t i = 0; i < measured.size(); ++i) {
      STARGATE_CHECK(measured[i] > 0, "a measured time to fit to is positive");
      log_measured_[static_cast<Eigen::Index>(i)] = std::log(measured[i]);
      if (!weights.empty()) weights_[static_cast<Eigen::Index>(i)] = weights[i];
    }
    weights_ /= weights_.sum();
  }

  Eigen::VectorXd start() const {
    Eigen::VectorXd z(static_cast<Eigen::Index>(free_.size()));
    for (std::size_t j = 0; j < free_.size(); ++j) {
      z[static_cast<Eigen::Index>(j)] = scales_[free_[j]].z_of(values_[free_[j]]);
    }
    return z;
  }

  /// Values of all coefficients at z.
  std::vector<double> values(const Eigen::VectorXd& z) const {
    std::vector<double> out = values_;
    for (std::size_t j = 0; j < free_.size(); ++j) {
      out[free_[j]] = scales_[free_[j]].value_of(z[static_cast<Eigen::Index>(j)]);
    }
    return out;
  }

  /// Huber: quadratic up to h, linear beyond; both pieces and their slopes meet at h.
  double loss(const Eigen::VectorXd& residuals) const {
    double sum = 0;
    for (Eigen::Index i = 0; i < residuals.size(); ++i) {
      const double r = std::abs(residuals[i]), h = settings_.huber;
      sum += weights_[i] * (r <= h ? r * r / 2 : h * (r - h / 2));
    }
    return sum;
  }

  Eigen::VectorXd residuals(const Eigen::VectorXd& z) {
    predict_(values(z), predicted_);
    ++evaluations_;
    Eigen::VectorXd out(log_measured_.size());
    for (Eigen::Index i = 0; i < out.size(); ++i) {
      const double p = predicted_[static_cast<std::size_t>(i)];
      // A residual of 10 is a factor of 22,000: large enough to be left at once, finite so that steps can still be
      // compared.
      out[i] = std::isfinite(p) && p > 0 ? std::log(p) - log_measured_[i] : kHopeless;
    }
    return out;
  }

  /// Walks from z to a minimum; returns the loss there.
  double descend(Eigen::VectorXd& z) {
    Eigen::VectorXd at = residuals(z);
    double best = loss(at), damping = 1e-3;
    for (int iteration = 0, small_gains = 0; iteration < settings_.max_iterations && small_gains < 3; ++iteration) {
      // Huber's weights: rows beyond the threshold pull with a constant force.
      const Eigen::MatrixXd jacobian = differences(z, at);
      const Eigen::VectorXd pull = weights_.array() * (settings_.huber / at.array().abs().max(settings_.huber));
      const Eigen::MatrixXd normal = jacobian.transpose() * pull.asDiagonal() * jacobian;
      const Eigen::VectorXd slope = jacobian.transpose() * (pull.array() * at.array()).matrix();
      bool moved = false;
      // A step that lowers the loss relaxes the damping towards Gauss-Newton; one that does not stiffens it towards a
      // short step down the slope.
      for (; !moved && damping < 1e8; damping *= moved ? 0.2 : 4) {
        Eigen::MatrixXd damped = normal;
        // Marquardt's scaling: each coefficient is damped by its own curvature, so units do not matter.
        damped.diagonal() += damping * (normal.diagonal().array() + 1e-12).matrix();
        const Eigen::VectorXd step = damped.ldlt().solve(-slope);
        // Steps of at most 2 in z: the quadratic model does not hold further out.
        const Eigen::VectorXd next = (z + step.cwiseMax(-2).cwiseMin(2)).cwiseMax(-kFarthest).cwiseMin(kFarthest);
        const Eigen::VectorXd there = residuals(next);
        const double reached = loss(there);
        if (!(reached < best)) continue;
        small_gains = best - reached < 1e-6 * best ? small_gains + 1 : 0;
        best = reached, z = next, at = there, moved = true;
      }
      // No step however short helps: a minimum, to rounding.
      if (!moved) break;
    }
    return best;
  }

  Eigen::Index dimension() const { return static_cast<Eigen::Index>(free_.size()); }
  int evaluations() const { return evaluations_; }

 private:
  Eigen::MatrixXd differences(const Eigen::VectorXd& z, const Eigen::VectorXd& at) {
    Eigen::MatrixXd out(at.size(), z.size());
    for (Eigen::Index j = 0; j < z.size(); ++j) {
      // Towards the middle, away from a bound.
      const double step = z[j] > 0 ? -kStep : kStep;
      Eigen::VectorXd moved = z;
      moved[j] += step;
      out.col(j) = (residuals(moved) - at) / step;
    }
    return out;
  }

  const Predictor& predict_;
  FitSettings settings_;
  std::vector<Scale> scales_;
  std::vector<double> values_;     // all coefficients; those fixed keep theirs
  std::vector<std::size_t> free_;  // indices of those searched
  Eigen::VectorXd log_measured_, weights_;
  std::vector<double> predicted_;
  int evaluations_ = 0;
};

/// Where restart k begins: spread evenly around the start by the golden-ratio sequence of each coordinate.
Eigen::VectorXd spread(const Eigen::VectorXd& start, int k) {
  Eigen::VectorXd out = start;
  for (Eigen::Index j = 0; j < out.size(); ++j) {
    // Multiples of the golden ratio's and the plastic number's inverses fill the unit cube evenly (Kronecker
    // sequences), and give the same starts on every machine.
    const double turn =
        0.6180339887498949 * (k + 1) * static_cast<double>(j + 1) + 0.7548776662466927 * static_cast<double>(j);
    out[j] = std::clamp(out[j] + 4 * (turn - std::floor(turn)) - 2, -kFarthestStart, kFarthestStart);
  }
  return out;
}

}  // namespace

Fit fit_parameters(std::span<const Parameter> parameters, const Predictor& predict, std::span<const double> measured,
                   std::span<const double> weights, const FitSettings& settings) {
  STARGATE_CHECK(!measured.empty(), "a fit needs rows");
  STARGATE_CHECK(weights.empty() || weights.size() == measured.size(), "a weight a row");
  Search search(parameters, predict, measured, weights, settings);
  const Eigen::VectorXd start = search.start();
  Eigen::VectorXd best = start;
  // With everything fixed there is nothing to search: the loss of the fixed values.
  double loss = search.dimension() == 0 ? search.loss(search.residuals(best)) : search.descend(best);
  for (int k = 1; k < settings.starts && search.dimension() > 0; ++k) {
    Eigen::VectorXd z = spread(start, k);
    if (const double reached = search.descend(z); reached < loss) loss = reached, best = z;
  }
  return {.values = search.values(best), .loss = loss, .evaluations = search.evaluations()};
}

}  // namespace stargate
