// The collective law: its regimes, its limits, and what a user would notice if they broke.
#include "stargate/perf/collective_law.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace stargate;

namespace {

constexpr double kLink = 450e3, kCard = 50e3;  // bytes a microsecond: 450 and 50 GB/s
constexpr Collective kAll[] = {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
                               Collective::all_to_all, Collective::broadcast,  Collective::send_receive};

DomainCoefficients usual_domain() { return {}; }

/// Everything on: switches that add, a shared PCIe root, a host's cache and its launch.
DomainCoefficients busy_domain() {
  DomainCoefficients c;
  c.switch_launch_us = 30, c.switch_share = 0.7, c.local_copy = 0.4, c.narrow_rate = 0.9;
  c.contention = 1.2, c.far_share = 0.4, c.spill_contention = 0.3, c.host_us = 20;
  return c;
}

}  // namespace

TEST_CASE("a collective of one rank or no bytes takes no time") {
  CHECK(domain_collective_us(usual_domain(), {Collective::all_reduce, 1e6, 1, 1}, kLink) == 0);
  CHECK(domain_collective_us(usual_domain(), {Collective::all_reduce, 0, 8, 8}, kLink) == 0);
  CHECK(across_collective_us({}, {Collective::all_reduce, 0, 16, 8}, kLink, kCard) == 0);
}

TEST_CASE("more bytes never take less time, inside or across domains, in any regime") {
  for (const auto& coefficients : {usual_domain(), busy_domain()}) {
    for (const Collective c : kAll) {
      for (const int n : {2, 4, 8, 72}) {
        double inside = 0, across = 0;
        for (double bytes = 64; bytes < 1e11; bytes *= 1.3) {
          const double t = domain_collective_us(coefficients, {c, bytes, n, n}, kLink);
          const double u = across_collective_us({}, {c, bytes, 4 * n, n}, kLink, kCard);
          CHECK(t >= inside);
          CHECK(u >= across);
          inside = t, across = u;
        }
      }
    }
  }
}

TEST_CASE("more bandwidth never makes a collective slower") {
  for (const Collective c : kAll) {
    for (double bytes = 64; bytes < 1e11; bytes *= 7) {
      const CollectiveCall inside{c, bytes, 8, 8}, across{c, bytes, 64, 8};
      CHECK(domain_collective_us(busy_domain(), inside, 2 * kLink) <=
            domain_collective_us(busy_domain(), inside, kLink));
      CHECK(across_collective_us({}, across, kLink, 2 * kCard) <= across_collective_us({}, across, kLink, kCard));
      CHECK(across_collective_us({}, across, 2 * kLink, kCard) <= across_collective_us({}, across, kLink, kCard));
    }
  }
}

TEST_CASE("nothing beats the wire, whatever coefficients within their bounds") {
  DomainCoefficients best;
  AcrossCoefficients best_across;
  for (const auto& field : domain_fields()) {
    best.*field.member = std::string_view(field.unit) == "us" ? field.lower : field.upper;
  }
  best.contention = best.spill_contention = best.host_us = best.local_copy = best.one_shot = 0;
  for (const auto& field : across_fields()) {
    best_across.*field.member = std::string_view(field.unit) == "us" ? field.lower : field.upper;
  }
  for (const int n : {2, 4, 8, 64}) {
    const double bytes = 1e10, part = (n - 1.0) / n;
    CHECK(domain_collective_us(best, {Collective::all_gather, bytes, n, n}, kLink) >= bytes * part / kLink);
    CHECK(domain_collective_us(best, {Collective::all_to_all, bytes, n, n}, kLink) >= bytes * part / kLink);
    CHECK(domain_collective_us(best, {Collective::all_reduce, bytes, n, n}, kLink) >= bytes / kLink);
    CHECK(across_collective_us(best_across, {Collective::all_reduce, bytes, 8 * n, 8}, kLink, kCard) >= bytes / kLink);
    CHECK(across_collective_us(best_across, {Collective::all_to_all, bytes, 8 * n, 8}, kLink, kCard) >=
          bytes * part / kCard);
  }
}

TEST_CASE("switches that add make large all-reduces faster, and only those of more than two ranks of wide elements") {
  DomainCoefficients adding = usual_domain();
  adding.switch_launch_us = 30, adding.switch_share = 0.7;
  const auto faster = [&](Collective c, double bytes, int n, double element) {
    const CollectiveCall call{c, bytes, n, n, element};
    return domain_collective_us(adding, call, kLink) < domain_collective_us(usual_domain(), call, kLink);
  };
  CHECK(faster(Collective::all_reduce, 1e9, 8, 2));
  CHECK_FALSE(faster(Collective::all_reduce, 1e9, 2, 2));
  CHECK_FALSE(faster(Collective::all_reduce, 1e9, 8, 1));
  CHECK_FALSE(faster(Collective::all_gather, 1e9, 8, 2));
  CHECK_FALSE(faster(Collective::all_reduce, 1e4, 8, 2));
}

TEST_CASE("small all-reduces grow by rank in a node and by doubling beyond") {
  const auto small = [](int n) {
    return domain_collective_us(usual_domain(), {Collective::all_reduce, 256, n, n}, kLink);
  };
  CHECK(small(8) - small(4) > small(4) - small(2));
  CHECK(small(64) - small(32) < 1.1 * (small(32) - small(16)));
  const auto far = [](int n) { return across_collective_us({}, {Collective::all_reduce, 256, n, 8}, kLink, kCard); };
  CHECK(far(4096) - far(2048) == doctest::Approx(far(32) - far(16)).epsilon(0.01));
}

TEST_CASE("across two domains a large all-reduce sends each rail its part once, across many twice") {
  const auto time = [](int n) { return across_collective_us({}, {Collective::all_reduce, 1e11, n, 8}, 1e9, kCard); };
  CHECK(time(64) / time(16) == doctest::Approx(2).epsilon(0.05));
  CHECK(time(4096) / time(64) == doctest::Approx(1).epsilon(0.03));
}

TEST_CASE("coefficients are read by name, and those not named do nothing") {
  const auto c = read_domain_coefficients({{"launch_us", 3.5}, {"contention", 0.7}});
  CHECK(c.launch_us == 3.5);
  CHECK(c.contention == 0.7);
  CHECK(c.switch_share == 0);
  CHECK(c.host_us == 0);
  CHECK(read_across_coefficients({{"across_bulk_share", 0.5}}).bulk_share == 0.5);
}

TEST_CASE("coefficient names are unique and starts lie within their bounds") {
  std::set<std::string> names;
  const auto check = [&](const auto& fields) {
    for (const auto& field : fields) {
      CHECK_MESSAGE(names.insert(field.name).second, field.name);
      CHECK_MESSAGE(field.lower <= field.start, field.name);
      CHECK_MESSAGE(field.start <= field.upper, field.name);
    }
  };
  check(domain_fields());
  check(across_fields());
}
