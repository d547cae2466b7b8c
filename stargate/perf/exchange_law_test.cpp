// What a user would notice of the law of expert exchange.
#include "stargate/perf/exchange_law.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

// H200: 132 units, 450 GB/s of NVLink, 50 GB/s of network, in bytes a microsecond.
constexpr ExchangeDevice kDevice{132, 1980, 450e3, 50e3};

ExchangeCall call_of(ExchangeMode mode, double tokens, double ranks) {
  const auto way = ExchangeWay::dispatch;
  return {mode, way, tokens, 7168, 8, 256, ranks, 8, exchange_row_bytes(7168, 1, way)};
}

}  // namespace

TEST_CASE("an exchange takes longer for more tokens, slower links and more domains") {
  const ExchangeCoefficients c;
  ExchangeDevice slow = kDevice;
  slow.link /= 2, slow.network /= 2;
  for (const auto mode : {ExchangeMode::low_latency, ExchangeMode::normal}) {
    for (const double ranks : {8.0, 16.0, 64.0}) {
      double before = 0;
      for (const double tokens : {1.0, 16.0, 128.0, 4096.0}) {
        const double us = exchange_us(c, kDevice, call_of(mode, tokens, ranks));
        CHECK(us >= before);
        CHECK(exchange_us(c, slow, call_of(mode, tokens, ranks)) >= us);
        if (ranks > 8) CHECK(us > exchange_us(c, kDevice, call_of(mode, tokens, 8)));
        before = us;
      }
    }
  }
}

TEST_CASE("a token goes once to each domain in the normal mode, once for each expert in the low-latency one") {
  ExchangeCoefficients c;
  c.launch_us = c.expert_us = c.row_us = c.hop_us = 0, c.across_share = c.link_share = 1, c.unit_rate = 1e9;
  // Two domains: 8 copies, of which half leave; or 2 (1 - 1/2^8) domains, of which half are the other one.
  const double row_us = 4096 * exchange_row_bytes(7168, 1, ExchangeWay::dispatch) / kDevice.network;
  CHECK(exchange_us(c, kDevice, call_of(ExchangeMode::low_latency, 4096, 16)) ==
        doctest::Approx(4 * row_us).epsilon(0.01));
  CHECK(exchange_us(c, kDevice, call_of(ExchangeMode::normal, 4096, 16)) == doctest::Approx(row_us).epsilon(0.05));
}
