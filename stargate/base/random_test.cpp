// The generator against its authors' known answers, and that streams are what their names say: repeatable and apart.
#include "stargate/base/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

using namespace stargate;

TEST_CASE("Philox4x32-10 gives the known answers of the Random123 distribution (file kat_vectors)") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the same seed, scenario and name give the same draws, any other gives others") {
  RandomStream a(7, 3, "failures"), b(7, 3, "failures");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    const auto draw = a.bits();
    CHECK(draw == b.bits());
    seen.insert(draw);
  }
  for (RandomStream other :
       {RandomStream(8, 3, "failures"), RandomStream(7, 4, "failures"), RandomStream(7, 3, "repairs")}) {
    for (int i = 0; i < 100; ++i) CHECK_FALSE(seen.contains(other.bits()));
  }
}

TEST_CASE("uniform, exponential and normal draws have their means and variances") {
  RandomStream stream(1, 0, "moments");
  constexpr int n = 200'000;
  double uniform = 0, exponential = 0, exponential_square = 0, normal = 0, normal_square = 0;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform(), e = stream.exponential(), z = stream.normal();
    CHECK_UNARY(u > 0 && u < 1);
    uniform += u, exponential += e, exponential_square += e * e, normal += z, normal_square += z * z;
  }
  const double error = 4 / std::sqrt(double{n});  // four standard errors of a variable of variance 1
  CHECK(std::abs(uniform / n - 0.5) < error / std::sqrt(12.0));
  CHECK(std::abs(exponential / n - 1) < error);
  CHECK(std::abs(exponential_square / n - 2) < error * std::sqrt(20.0));
  CHECK(std::abs(normal / n) < error);
  CHECK(std::abs(normal_square / n - 1) < error * std::sqrt(2.0));
}
