// The cache inside an engine against a plain list of blocks in order of use.
#include <doctest/doctest.h>

#include <algorithm>
#include <list>

#include "stargate/base/random.hpp"
#include "stargate/engine/engine.hpp"
#include "stargate/engine/prefix_cache.hpp"

using namespace stargate;

namespace {

struct Cached final : EngineListener {
  std::vector<std::int32_t> tokens;
  void finished(const RequestRecord& record) override { tokens.push_back(record.cached_tokens); }
};

/// Conversations of one of 40 users whose prompt grows by some blocks each time.
std::vector<std::vector<std::uint64_t>> growing_prompts(int count) {
  RandomStream random(1, 0, "prompts");
  std::vector<std::size_t> length(40, 2);
  std::vector<std::vector<std::uint64_t>> prompts;
  for (int i = 0; i < count; ++i) {
    const auto user = static_cast<std::size_t>(40 * random.uniform() * random.uniform());
    length[user] += static_cast<std::size_t>(1 + 5 * random.uniform());
    if (length[user] > 60) length[user] = 3;
    auto& prompt = prompts.emplace_back();
    for (std::size_t b = 0; b < length[user]; ++b) prompt.push_back(b == 0 ? 7 : 1000 * (user + 1) + b);
  }
  return prompts;
}

}  // namespace

TEST_CASE("a lone cache finds what a plain LRU list finds") {
  constexpr std::int32_t kBlock = 16;
  constexpr std::size_t kBlocks = 400;
  const auto prompts = growing_prompts(2000);
  EngineSpec spec;
  spec.kv = {static_cast<std::int64_t>(kBlocks), kBlock, 0, true};
  LinearStepCost cost;
  cost.step = 1 * millisecond;
  Engine engine(spec, cost);
  Cached seen;
  std::list<std::uint64_t> by_use;  // the oldest first
  std::int64_t found = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto& hashes = prompts[i];
    Request r;
    r.arrival = SimTime::at(static_cast<double>(i) * second);
    r.prompt_tokens = static_cast<std::int32_t>(hashes.size()) * kBlock + 1;  // the last token is computed anyway
    r.prefix_hashes = hashes, r.prefix_block_tokens = kBlock;
    const auto known = [&](std::uint64_t h) { return std::find(by_use.begin(), by_use.end(), h); };
    std::size_t match = 0;
    while (match < hashes.size() && known(hashes[match]) != by_use.end()) ++match;
    CHECK(engine.prefix_match(r) == static_cast<std::int64_t>(match) * kBlock);
    engine.submit(r);
    engine.advance(r.arrival + 0.5 * second, seen);
    REQUIRE(seen.tokens.size() == i + 1);
    CHECK(seen.tokens.back() == static_cast<std::int32_t>(match) * kBlock);
    found += seen.tokens.back();
    // In use none can be given up; the step takes a block more, for the last token.
    for (const auto h : hashes) {
      if (const auto at = known(h); at != by_use.end()) by_use.erase(at);
    }
    while (by_use.size() + hashes.size() + 1 > kBlocks) by_use.pop_front();
    by_use.insert(by_use.end(), hashes.rbegin(), hashes.rend());
  }
  CHECK(found > 100'000);
}

TEST_CASE("blocks in use are not given up, and each is counted once") {
  PrefixCache cache;
  const std::vector<std::uint64_t> one = {1, 2, 3}, two = {1, 2, 4};
  PrefixCache::Hold first, second;
  CHECK(cache.acquire(first, one, 16, 1) == 3);
  CHECK(cache.acquire(second, two, 16, 1) == 1);
  CHECK(second.entries == 3);
  CHECK(cache.referenced_blocks() == 4);
  cache.release(first);
  CHECK(cache.referenced_blocks() == 3);
  CHECK(cache.idle_blocks() == 1);
  cache.trim(0);
  CHECK(cache.match(one).entries == 2);
  cache.release(second);
  CHECK(cache.idle_blocks() == 3);
  CHECK(cache.match(two).idle_blocks == 3);
  cache.trim(1);  // the beginning goes last
  CHECK(cache.match(two).entries == 1);
}

TEST_CASE("a prefix that ends inside what another has computed is shared up to there") {
  PrefixCache cache;
  const std::vector<std::uint64_t> whole = {1, 2, 3, 4, 5, 6};
  const auto part = [&](std::size_t entries) { return std::span(whole).first(entries); };
  PrefixCache::Hold first, second;
  cache.acquire(first, part(4), 16, 1);
  CHECK(cache.acquire(first, std::span(whole).subspan(4), 16, 1) == 2);
  CHECK(cache.acquire(second, part(3), 0, 0) == 0);
  cache.release(first);
  CHECK(cache.referenced_blocks() == 3);
  CHECK(cache.idle_blocks() == 3);
  CHECK(cache.match(whole).idle_blocks == 3);
  CHECK(cache.acquire(second, std::span(whole).subspan(3, 1), 16, 1) == 0);
  cache.trim(0);
  CHECK(cache.match(whole).entries == 4);
  cache.release(second);
  cache.trim(3);  // what was let go in one piece goes block by block
  CHECK(cache.match(whole).tokens == 48);
}
