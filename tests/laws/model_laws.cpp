// Laws of models: parts add up, caches grow with length, a token never costs less than its active weights.
#include <doctest/doctest.h>

#include "shipped.hpp"
#include "stargate/perf/layer_operators.hpp"

using namespace stargate;

TEST_CASE("parameters are the sum of their layers and embeddings, active ones no more") {
  for (const auto& [id, model] : shipped_catalogue().models) {
    std::int64_t total = embedding_parameters(model) + model.other_parameters;
    for (int i = 0; i < model.layer_count(); ++i) total += layer_parameters(model, model.layer(i)).total();
    CHECK_MESSAGE(parameter_count(model) == total, id);
    CHECK_MESSAGE(active_parameter_count(model) <= total, id);
    CHECK_MESSAGE(weight_bytes(model) > Bytes::from_base(0.4 * static_cast<double>(total)), id);
  }
}

TEST_CASE("a sequence's cache never shrinks as it grows and is at most linear") {
  for (const auto& [id, model] : shipped_catalogue().models) {
    Bytes last;
    for (const int length : {1, 100, 4096, 32768}) {
      const Bytes bytes = kv_bytes(model, length, Precision::bf16);
      CHECK_MESSAGE(bytes >= last, id);
      last = bytes;
    }
    CHECK_MESSAGE(kv_bytes(model, 4096, Precision::fp8) < kv_bytes(model, 4096, Precision::bf16), id);
  }
}

TEST_CASE("the operators of a whole model on one rank multiply what its forward pass needs") {
  for (const auto& [id, model] : shipped_catalogue().models) {
    double flops = output_operator(model, {}, 1024).flops().base();
    for (int i = 0; i < model.layer_count(); ++i) {
      const auto add = [&](const Operator& op) { flops += op.flops().base(); };
      visit_token_operators(model, model.layer(i), {}, {}, 1024, false, add);
      visit_attention_operators(model, model.layer(i), {}, {.sequences = 1, .query = 1024, .context = 1024}, add);
    }
    const double needed = 1024 * forward_flops_per_token(model, 512.5).base();
    CHECK_MESSAGE(flops == doctest::Approx(needed).epsilon(0.03), id);
  }
}

TEST_CASE("a rank's parameters add up to the model's under tensor and expert parallelism, replicas aside") {
  for (const auto& [id, model] : shipped_catalogue().models) {
    for (int i = 0; i < model.layer_count(); i += 7) {
      const auto& layer = model.layer(i);
      const double whole = static_cast<double>(layer_parameters(model, layer).total());
      CHECK_MESSAGE(rank_parameters(model, layer, {}).total() == doctest::Approx(whole), id);
      const double split = 8 * rank_parameters(model, layer, {.tp = 8, .ep = 8, .etp = 1}).total();
      CHECK_MESSAGE(split >= 0.999 * whole, id);
      CHECK_MESSAGE(split <= 3 * whole, id);
    }
  }
}
