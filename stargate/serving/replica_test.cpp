// What a replica holds: weights, caches, room; layouts that cannot be.
#include "stargate/serving/replica.hpp"

#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

const ServingPrecision kBf16 = serving_precision(Precision::bf16, Precision::bf16);
const ServingPrecision kFp8 = serving_precision(Precision::fp8, Precision::fp8);

}  // namespace

TEST_CASE("memory of an accelerator adds up to what the engine may use") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const ReplicaMemory m = replica_memory({&model, &machine, {}, kBf16, {}});
  CHECK(m.usable == 0.9 * m.capacity);
  CHECK((m.used() + m.kv_room).base() == doctest::Approx(m.usable.base()));
  CHECK(m.weights.in(gigabyte) == doctest::Approx(16.06).epsilon(0.01));  // 8.03 B parameters in bf16
}

TEST_CASE("weights of the ranks add up to the model's, and no split holds less than its share") {
  const Model model = llama_70b();
  const ServingMachine machine = dgx_h100();
  const Bytes whole = replica_memory({&model, &machine, {}, kBf16, {}}).weights;
  CHECK(whole.in(gigabyte) == doctest::Approx(141.1).epsilon(0.01));
  for (const auto& [tp, pp] : {std::pair{2, 1}, {8, 1}, {1, 2}, {4, 2}, {8, 4}}) {
    const Bytes rank = replica_memory({&model, &machine, {tp, pp, 1, 1}, kBf16, {}}).weights;
    CHECK(rank * static_cast<double>(tp * pp) >= 0.999 * whole);
    CHECK(rank * static_cast<double>(tp * pp) < 1.06 * whole);  // the ends carry the embeddings
  }
  CHECK(replica_memory({&model, &machine, {}, kFp8, {}}).weights < 0.52 * whole);
}

TEST_CASE("experts spread over ranks leave the same bytes as experts split") {
  const Model model = mixtral_8x7b();
  const ServingMachine machine = dgx_h100();
  const Bytes split = replica_memory({&model, &machine, {8, 1, 1, 1}, kBf16, {}}).weights;
  const Bytes spread = replica_memory({&model, &machine, {8, 1, 1, 8}, kBf16, {}}).weights;
  CHECK(split.base() == doctest::Approx(spread.base()));
  const Bytes attention_copies = replica_memory({&model, &machine, {1, 1, 8, 8}, kBf16, {}}).weights;
  CHECK(attention_copies > spread);  // every rank has all of the attention
}

TEST_CASE("what does not fit says how many bytes are missing, and having them it fits") {
  const Model model = llama_70b();
  ServingMachine machine = dgx_h100();
  const Replica replica{&model, &machine, {}, kBf16, {}};
  const auto answer = sequences_that_fit(replica, 1024, 256);
  const auto* lack = std::get_if<DoesNotFit>(&answer);
  REQUIRE(lack != nullptr);
  CHECK(lack->missing > 141 * gigabyte - 80 * gigabyte);
  machine.memory += 1.000001 * lack->missing / lack->memory.share;
  const auto larger = sequences_that_fit(replica, 1024, 256);
  const auto* fits = std::get_if<Fits>(&larger);
  REQUIRE(fits != nullptr);
  CHECK(fits->sequences == 1);
}

TEST_CASE("the pool holds no more caches than its bytes, and more of shorter sequences") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const Replica replica{&model, &machine, {}, kBf16, {}};
  const auto fitting = [&](double isl, double osl) { return std::get<Fits>(sequences_that_fit(replica, isl, osl)); };
  // 32 layers * 8 heads * (128 + 128) * 2 bytes = 128 KiB a token
  CHECK(rank_sequence_bytes(replica, 1000).base() == doctest::Approx(1000 * 131072.0));
  const Fits fits = fitting(1000, 1000);
  CHECK(fits.sequences * rank_sequence_bytes(replica, 1500) <= fits.memory.kv_room);
  CHECK(fits.sequences * rank_sequence_bytes(replica, 2000) > 0.9 * fits.memory.kv_room);
  CHECK(fitting(500, 500).sequences > 1.9 * fits.sequences);
}

TEST_CASE("windows, latent vectors and recurrent states take their own room") {
  Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const Replica replica{&model, &machine, {8, 1, 1, 1}, kBf16, {}};
  auto& a = model.shapes[0].attention;
  const Bytes full = rank_sequence_bytes(replica, 8192);
  a.kind = AttentionKind::sliding, a.window = 1024;
  CHECK(rank_sequence_bytes(replica, 8192).base() == doctest::Approx(full.base() / 8));
  CHECK(rank_sequence_bytes(replica, 512).base() == doctest::Approx(full.base() / 16));
  a.kind = AttentionKind::latent, a.window = 0, a.kv_lora_rank = 512, a.rope_dim = 64;
  CHECK(rank_sequence_bytes(replica, 100).base() == doctest::Approx(100.0 * 32 * 576 * 2));  // on every rank
  a.kind = AttentionKind::state_space, a.state_dim = 128, a.groups = 8, a.conv_kernel = 4;
  CHECK(rank_sequence_bytes(replica, 100) == rank_sequence_bytes(replica, 10000));
}

TEST_CASE("a layout that cannot be run says why") {
  CHECK(layout_faults(llama_70b(), {8, 1, 1, 1}).empty());
  CHECK(layout_faults(llama_70b(), {16, 1, 1, 1}).empty());  // across two hosts
  CHECK(layout_faults(llama_70b(), {1, 128, 1, 1}) == std::vector<std::string>{"more stages than layers"});
  CHECK(layout_faults(llama_70b(), {4, 1, 2, 8}) == std::vector<std::string>{"EP without experts"});
  CHECK(layout_faults(mixtral_8x7b(), {4, 1, 4, 16}) ==
        std::vector<std::string>{"EP 16 is more than the 8 experts"});
  CHECK(format_layout({2, 2, 4, 8}) == "TP 2 x DP 4 x PP 2, EP 8");
}
