// The fit of recurrent kernels finds the coefficients that made its rows.
#include "stargate/calibration/recurrent_fit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace stargate;

namespace {

RecurrentDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

std::vector<RecurrentRow> rows_of(const RecurrentCoefficients& truth, RecurrentKernel kernel) {
  std::vector<RecurrentRow> rows;
  for (const double sequences : {1.0, 4.0, 16.0, 64.0}) {
    for (const double query : {1.0, 16.0, 64.0, 512.0, 4096.0, 32768.0}) {
      for (const double heads : {2.0, 8.0, 32.0}) {
        RecurrentCall call;
        call.kernel = kernel, call.sequences = sequences, call.query = query;
        call.key_heads = heads / 2, call.key_dim = 128, call.value_heads = heads, call.value_dim = 128;
        rows.push_back({call, recurrent_us(truth, device(), call)});
      }
    }
  }
  return rows;
}

double worst_error(const std::vector<RecurrentRow>& rows, const RecurrentCoefficients& c) {
  double worst = 0;
  for (const auto& row : rows) {
    worst = std::max(worst, std::abs(recurrent_us(c, device(), row.call) / row.microseconds - 1));
  }
  return worst;
}

}  // namespace

TEST_CASE("scans in one kernel and in several are told apart by their times") {
  RecurrentCoefficients one;
  one.launch_us = 3, one.start_us = 12, one.chunk_us = 2.4, one.one_kernel = 1;
  const auto of_one = rows_of(one, RecurrentKernel::scan);
  const auto found = fit_recurrent_rows(of_one, device());
  CHECK(found.one_kernel == 1);
  CHECK(found.chunk_us == doctest::Approx(2.4).epsilon(0.05));
  RecurrentCoefficients apart;
  apart.launch_us = 20, apart.first_us = 6, apart.chunk_us = 2, apart.compute_share = 0.1, apart.chunk_states = 1;
  const auto of_apart = rows_of(apart, RecurrentKernel::scan);
  CHECK(worst_error(of_apart, fit_recurrent_rows(of_apart, device())) < 0.1);
}

TEST_CASE("a row faster than the memory can be is left out") {
  RecurrentCoefficients truth;
  auto rows = rows_of(truth, RecurrentKernel::convolution);
  rows.back().microseconds /= 20;
  const auto reasons = broken_recurrent_rows(rows, device());
  CHECK_FALSE(reasons.back().empty());
  CHECK(reasons.front().empty());
}
