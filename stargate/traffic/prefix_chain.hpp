// Block ids are chains: each mixes the one before with the content and place of the block's tokens, so equal ids mean
// equal prefixes. The mixer is splitmix64's (Steele, Lea, Flood, OOPSLA 2014).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "stargate/traffic/source.hpp"

namespace stargate {

/// A bijection that scatters all bits; not for secrets.
inline std::uint64_t mix_prefix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// Goes on with the chain in `out`, which has the ids of all blocks before: full blocks of `content`, up to `tokens`
/// from the beginning of the prompt.
inline void extend_prefix_chain(std::uint64_t content, std::int64_t block_tokens, std::int64_t tokens,
                                std::vector<std::uint64_t>& out) {
  std::uint64_t chain = out.empty() ? 0 : out.back();
  for (auto end = (static_cast<std::int64_t>(out.size()) + 1) * block_tokens; end <= tokens; end += block_tokens) {
    chain = mix_prefix(chain ^ mix_prefix(content + static_cast<std::uint64_t>(end)));
    out.push_back(chain);
  }
}

/// RequestSource::prefix_blocks, where the first ids of the tenant's shared prefix may be known. Of the last turn of a
/// session only the shared parts may be seen again; of the others everything, the answer included, for it is in the
/// next turn's prompt. A block that the shared prefix ends in the middle of belongs to the session.
inline void chain_prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                                std::span<const std::uint64_t> beginning, std::vector<std::uint64_t>& out) {
  std::int64_t known = 0;
  for (const auto& part : request.parts) known += part.tokens;
  const std::int64_t all = std::int64_t{request.prompt_tokens} + request.output_tokens;
  const std::int64_t tokens = request.turn + 1 < request.turns ? all : std::min<std::int64_t>(known, all);
  const std::int64_t shared = std::min<std::int64_t>(request.parts[0].tokens, tokens);
  const auto first = beginning.first(std::min(beginning.size(), static_cast<std::size_t>(shared / block_tokens)));
  out.assign(first.begin(), first.end());
  extend_prefix_chain(request.parts[0].content, block_tokens, shared, out);
  extend_prefix_chain(mix_prefix(static_cast<std::uint64_t>(request.session)), block_tokens, tokens, out);
}

}  // namespace stargate
