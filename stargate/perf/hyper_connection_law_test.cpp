// Hyper-connections: what a user would notice of their law, and that a model's walk has them.
#include "stargate/perf/hyper_connection_law.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "stargate/perf/layer_operators.hpp"

using namespace stargate;

namespace {

// H200: bytes a microsecond, bytes.
constexpr MixingDevice kDevice{4.8e6, 50e6};

}  // namespace

TEST_CASE("mixing streams is bound by memory, more so for more tokens, wider streams and a slower memory") {
  MixingCoefficients c;
  c.cache_share = 0;
  const MixingCall call{8192, 7168, 4, true};
  const double us = mixing_us(c, kDevice, call);
  CHECK(us == doctest::Approx(c.launch_us + 2.0 * 8192 * 7168 * 5 / (c.memory_share * kDevice.bandwidth)));
  CHECK(mixing_us(c, kDevice, {8192, 7168, 4, false}) > us);  // every stream is read and written
  CHECK(mixing_us(c, {kDevice.bandwidth / 2, kDevice.cache}, call) > us);
  MixingCoefficients found = c;
  found.cache_share = 1;
  const MixingCall few{128, 7168, 4, true};
  CHECK(mixing_us(found, kDevice, few) < mixing_us(c, kDevice, few));
}

TEST_CASE("a layer with several residual streams mixes them before and behind each of its branches") {
  Model model;
  model.hidden = 1024, model.residual_streams = 4;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = 8, layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.feed_forward.kind = FeedForwardKind::dense, layer.feed_forward.width = 4096;
  const auto sites = [&] {
    std::vector<bool> out;
    visit_token_operators(model, layer, {}, {}, 64, false, [&](const Operator& op) {
      if (op.kind == OperatorKind::mixing) out.push_back(op.mixing.before);
    });
    return out;
  };
  CHECK(sites() == std::vector<bool>{true, false, true, false});
  model.residual_streams = 1;
  CHECK(sites().empty());
}
