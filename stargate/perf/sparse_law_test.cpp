// The law of sparse attention, and how much of a context it sees.
#include "stargate/perf/sparse_law.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stargate;

namespace {

SparseDevice device() { return {132, 989e6, 1979e6, 3.35e6}; }

/// DeepSeek-V3.2 in 8 bits.
SparseCall dsa(double query, double context) {
  SparseCall call;
  call.sequences = 1, call.query = query, call.context = context;
  call.heads = 128, call.score_dim = 576, call.value_dim = 512, call.selected = 2048;
  call.index_heads = 64, call.index_dim = 128, call.vector_bytes = 656, call.index_bytes = 132;
  call.precision = Precision::fp8;
  return call;
}

}  // namespace

TEST_CASE("sparse attention sees what its index selects, and the index everything") {
  CHECK(dsa(1, 1000).attended() == 1000);
  CHECK(dsa(1, 100'000).attended() == 2048);
  CHECK(dsa(1, 100'000).scored() == 100'000);
  CHECK(dsa(4096, 4096).attended() == 2048.0 * 2049 / 2 + 2048.0 * 2048);
  CHECK(dsa(1, 100'000).index_key_bytes() == 100'000 * 132.0);
}

TEST_CASE("compressed attention sees its window and one vector for several tokens") {
  SparseCall call = dsa(1, 65'536);
  call.window = 128, call.ratio = 128, call.selected = 0, call.index_heads = 0;
  CHECK(std::string(sparse_family(call)) == "hca");
  CHECK(call.attended() == 128 + 512);
  CHECK(call.scored() == 0);
  call.ratio = 4, call.selected = 512, call.index_heads = 64;
  CHECK(std::string(sparse_family(call)) == "csa");
  CHECK(call.attended() == 128 + 512);
  CHECK(call.scored() == 65'536 / 4);
  call.ratio = 0, call.selected = 0, call.index_heads = 0;
  CHECK(call.attended() == 128);
}

TEST_CASE("sparse attention takes longer with each of sequences, tokens and context, and less on a faster device") {
  const SparseCoefficients c;
  const double time = sparse_us(c, device(), dsa(512, 8192));
  CHECK(sparse_us(c, device(), dsa(1024, 8192)) > time);
  CHECK(sparse_us(c, device(), dsa(512, 65'536)) > time);
  SparseCall more = dsa(512, 8192);
  more.sequences = 2;
  CHECK(sparse_us(c, device(), more) > time);
  SparseDevice faster = device();
  faster.peak *= 2, faster.narrow_peak *= 2, faster.bandwidth *= 2;
  CHECK(sparse_us(c, faster, dsa(512, 8192)) < time);
}
