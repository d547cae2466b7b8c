// The MoE law: what routing brings to a rank, against counts made one by one, and what must hold of any time.
#include "stargate/perf/moe_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace stargate;

namespace {

MoeDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

MoeShape deepseek(double ranks) { return {7168, 2048, 256, 8, ranks, true}; }

/// Rows of the busiest rank and its experts with rows, over draws from the density the law assumes.
struct Drawn {
  double rows = 0, reached = 0;
};
Drawn drawn_load(int experts, int ranks, double tokens, double top_k, double skew) {
  constexpr int draws = 200;
  std::uint64_t state = 1;
  const auto uniform = [&] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (static_cast<double>(state >> 11) + 0.5) / 9007199254740992.0;
  };
  Drawn out;
  for (int d = 0; d < draws; ++d) {
    std::vector<double> rows(static_cast<std::size_t>(experts));
    const double p = 1 - skew, high = std::pow(0.8 * tokens, p);
    for (double& x : rows) x = std::pow((high - 1) * uniform() + 1, 1 / p);
    const double sum = std::accumulate(rows.begin(), rows.end(), 0.0);
    for (double& x : rows) x *= tokens * top_k / sum;
    Drawn best;
    const auto local = experts / ranks;
    for (int r = 0; r < ranks; ++r) {
      Drawn rank;
      for (auto it = rows.begin() + r * local; it != rows.begin() + (r + 1) * local; ++it) {
        rank.rows += *it, rank.reached += *it >= 0.5 ? 1 : 0;
      }
      if (rank.rows > best.rows) best = rank;
    }
    out.rows += best.rows / draws, out.reached += best.reached / draws;
  }
  return out;
}

}  // namespace

TEST_CASE("balanced routing reaches one expert a row until there are more rows than experts") {
  const RoutedLoad one = routed_load(deepseek(1), 1, 0), spread = routed_load(deepseek(16), 1, 0);
  CHECK(one.reached == 8);
  CHECK(one.rows == 8);
  CHECK(spread.reached == 1);
  const RoutedLoad many = routed_load(deepseek(1), 1024, 0);
  CHECK(many.reached == 256);
  CHECK(many.rows == 8192);
  CHECK(many.tiles[0] == 256 * 4);  // 32 rows an expert in tiles of 8
  CHECK(many.tiles[5] == 256);      // and of 256
}

TEST_CASE("the busiest rank of a skewed routing is as loaded as draws of it say") {
  for (const int ranks : {1, 4, 16, 64}) {
    for (const double tokens : {128.0, 2048.0, 16384.0}) {
      for (const double skew : {1.01, 1.2}) {
        const RoutedLoad load = routed_load(deepseek(ranks), tokens, skew);
        const Drawn drawn = drawn_load(256, ranks, tokens, 8, skew);
        CHECK(load.rows == doctest::Approx(drawn.rows).epsilon(0.2));
        CHECK(load.reached == doctest::Approx(drawn.reached).epsilon(0.12));
      }
    }
  }
}

TEST_CASE("a rank has no fewer rows than an even share and no more than there are, and tiles enough for them") {
  for (const double experts : {8.0, 128.0, 896.0}) {
    for (double ranks = 1; ranks <= experts; ranks *= 2) {
      for (const double tokens : {1.0, 7.0, 300.0, 65536.0}) {
        for (const double skew : {0.0, 0.5, 1.0, 1.2, 2.0}) {
          const MoeShape shape{4096, 1024, experts, std::min(8.0, experts), ranks, true};
          const RoutedLoad load = routed_load(shape, tokens, skew);
          const double pairs = tokens * shape.top_k;
          CHECK(load.rows >= std::min(pairs / ranks, tokens * load.local_experts) * (1 - 1e-9));
          CHECK(load.rows <= std::max(1.0, pairs) * (1 + 1e-9));
          CHECK(load.reached >= 1);
          CHECK(load.reached <= load.local_experts);
          for (std::size_t i = 0; i < load.tiles.size(); ++i) {
            CHECK(load.tiles[i] >= load.reached * (1 - 1e-9));
            CHECK(load.tiles[i] * static_cast<double>(8 << i) >= load.rows * (1 - 1e-6));
          }
        }
      }
    }
  }
}

TEST_CASE("experts take longer with more tokens in one tile size, and less with bandwidth, rate or ranks") {
  MoeCoefficients c;
  c.tile_small = c.tile_large = 64, c.partial = 0.001, c.cold_weights = 1;
  const MoeFormat& format = *find_moe_format("fp8_block.cutlass");
  for (const double skew : {0.0, 1.01}) {
    double last = 0;
    for (double tokens = 1; tokens < 1e5; tokens *= 2) {
      const RoutedLoad load = routed_load(deepseek(8), tokens, skew);
      const double time = moe_time_us(c, device(), format, deepseek(8), load);
      CHECK(time >= last);
      last = time;
      MoeDevice faster = device();
      faster.bandwidth *= 2;
      CHECK(moe_time_us(c, faster, format, deepseek(8), load) < time);
      faster = device();
      faster.peak *= 2;
      CHECK(moe_time_us(c, faster, format, deepseek(8), load) <= time);
      CHECK(moe_time_us(c, device(), format, deepseek(16), routed_load(deepseek(16), tokens, skew)) <= time);
    }
  }
}

TEST_CASE("no layer is faster than reading the weights of the experts it reaches, and a gate is a matrix more") {
  const MoeFormat& format = *find_moe_format("bf16");
  MoeCoefficients c;
  c.cold_weights = 1;
  MoeShape shape = deepseek(8), ungated = shape;
  ungated.gated = false;
  for (const double tokens : {1.0, 32.0, 1024.0}) {
    const RoutedLoad load = routed_load(shape, tokens, 0);
    const double weights = load.reached * 3 * shape.hidden * shape.inter * 2;
    CHECK(moe_time_us(c, device(), format, shape, load) > weights / device().bandwidth);
    CHECK(moe_time_us(c, device(), format, ungated, load) < moe_time_us(c, device(), format, shape, load));
  }
}

TEST_CASE("coefficients come back from the names they are kept by, and unknown formats are no format") {
  MoeCoefficients c;
  c.launch_us = 33, c.tile_rule = 2, c.routed_traffic = 2.5;
  const MoeCoefficients back = read_moe_coefficients(write_moe_coefficients(c));
  CHECK(back.launch_us == 33);
  CHECK(back.tile_rule == 2);
  CHECK(back.routed_traffic == 2.5);
  CHECK(find_moe_format("nvfp4.trtllm_modular") != nullptr);
  CHECK(find_moe_format("fp3") == nullptr);
}
