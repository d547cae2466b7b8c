// Known coefficients come back from synthetic times, also when rows are broken or the answer lies on a bound.
#include "stargate/calibration/fit.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace stargate {
namespace {

// t = overhead + max(work / (peak share), bytes / (bandwidth share)): a roofline, as the laws have.
struct Row {
  double work, bytes;
};
std::vector<Row> rows() {
  std::vector<Row> out;
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) out.push_back({std::pow(10.0, i / 5.0), std::pow(10.0, j / 5.0)});
  }
  return out;
}
void roofline(const std::vector<Row>& all, std::span<const double> v, std::span<double> out) {
  for (std::size_t i = 0; i < all.size(); ++i) out[i] = v[0] + std::max(all[i].work / v[1], all[i].bytes / v[2]);
}
const std::vector<Parameter> kParameters = {{"overhead", "us", "launch", 1, 0.1, 100, true},
                                            {"compute", "1", "share of peak", 0.5, 0.05, 1, true},
                                            {"memory", "1", "share of bandwidth", 0.5, 0.05, 1, false}};

TEST_CASE("A fit recovers the coefficients that made the rows") {
  const auto all = rows();
  const std::vector<double> truth = {4.2, 0.71, 0.88};
  std::vector<double> measured(all.size());
  roofline(all, truth, measured);
  const auto predict = [&](std::span<const double> v, std::span<double> out) { roofline(all, v, out); };
  const Fit fit = fit_parameters(kParameters, predict, measured, {});
  for (std::size_t i = 0; i < truth.size(); ++i) CHECK(fit.values[i] == doctest::Approx(truth[i]).epsilon(1e-4));
  CHECK(fit.loss < 1e-9);
}

TEST_CASE("One row in eleven broken by a factor of fifty moves no coefficient by more than a percent or two") {
  const auto all = rows();
  const std::vector<double> truth = {4.2, 0.71, 0.88};
  std::vector<double> measured(all.size());
  roofline(all, truth, measured);
  for (std::size_t i = 0; i < measured.size(); i += 11) measured[i] *= i % 2 == 0 ? 50 : 0.02;
  const auto predict = [&](std::span<const double> v, std::span<double> out) { roofline(all, v, out); };
  const Fit fit = fit_parameters(kParameters, predict, measured, {});
  for (std::size_t i = 0; i < truth.size(); ++i) CHECK(fit.values[i] == doctest::Approx(truth[i]).epsilon(0.02));
}

TEST_CASE("A coefficient never leaves its bounds, and one with equal bounds stays there") {
  const auto all = rows();
  std::vector<double> measured(all.size());
  roofline(all, std::vector<double>{4.2, 1.6, 0.88}, measured);  // faster than the chip can be
  const auto predict = [&](std::span<const double> v, std::span<double> out) { roofline(all, v, out); };
  auto parameters = kParameters;
  parameters[0].lower = parameters[0].upper = 3;
  const Fit fit = fit_parameters(parameters, predict, measured, {}, {.huber = 0.08, .max_iterations = 60, .starts = 3});
  CHECK(fit.values[0] == 3);
  CHECK(fit.values[1] <= 1);
  CHECK(fit.values[1] == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("A row of weight zero has no say") {
  const auto predict = [](std::span<const double> v, std::span<double> out) { out[0] = out[1] = v[0]; };
  const std::vector<Parameter> one = {{"time", "us", "", 3, 0.1, 100, true}};
  const Fit fit = fit_parameters(one, predict, std::vector<double>{2, 8}, std::vector<double>{0, 1});
  CHECK(fit.values[0] == doctest::Approx(8).epsilon(1e-4));
}

TEST_CASE("The same rows give the same coefficients to the last bit") {
  const auto all = rows();
  std::vector<double> measured(all.size());
  roofline(all, std::vector<double>{4.2, 0.71, 0.88}, measured);
  for (std::size_t i = 0; i < measured.size(); ++i) measured[i] *= 1 + 0.1 * std::sin(static_cast<double>(i));
  const auto predict = [&](std::span<const double> v, std::span<double> out) { roofline(all, v, out); };
  const FitSettings settings{.huber = 0.08, .max_iterations = 30, .starts = 4};
  CHECK(fit_parameters(kParameters, predict, measured, {}, settings).values ==
        fit_parameters(kParameters, predict, measured, {}, settings).values);
}

TEST_CASE("Errors are summed up in percent of the measured time; a row without prediction does not count") {
  const auto errors =
      summarise_errors(std::vector<double>{110, 80, std::nan(""), 100}, std::vector<double>{100, 100, 100, 100});
  CHECK(errors.rows == 3);
  CHECK(errors.median_pct == doctest::Approx(10));
  CHECK(errors.mean_pct == doctest::Approx(10));
  CHECK(errors.p90_pct == doctest::Approx(18));
  CHECK(errors.bias_pct == doctest::Approx(0));
  CHECK(summarise_errors({}, {}).rows == 0);
}

}  // namespace
}  // namespace stargate
