// What comes to an engine and what is known of it when it has left.
#pragma once

#include <span>

#include "stargate/sim/time.hpp"

namespace stargate {

/// Lengths are known beforehand to the simulation, not to the scheduler, which never looks at output_tokens but for the
/// policies that reserve by it.
struct Request {
  std::int64_t id = 0;                                ///< unique among those inside one engine
  SimTime arrival;                                    ///< at the engine
  std::int32_t prompt_tokens = 1, output_tokens = 1;  ///< at least 1 each
  std::int32_t tenant = 0;                            ///< only carried along
  std::int32_t priority = 0;                          ///< lower is served first, as in vLLM
  std::int64_t session = -1;                          ///< of a conversation; -1: none
  /// A hash for each `prefix_block_tokens` tokens from the start of the prompt, each of all that is before it as well:
  /// equal hashes mean equal prefixes. The last one may stand for fewer tokens; hashes past the prompt are of the
  /// output. Empty when nothing is known. Whoever made the request keeps them until it has left.
  std::span<const std::uint64_t> prefix_hashes;
  /// Of one of the hashes.
  std::int32_t prefix_block_tokens = 512;
};

/// Times as the engine sees them: TTFT = first_token - arrival, E2E = last_token - arrival,
/// TPOT = (last_token - first_token) / (output_tokens - 1). Times are points on the simulation's clock, tokens counts.
struct RequestRecord {
  std::int64_t id = 0;                                  ///< of the request
  std::int32_t tenant = 0, replica = 0;                 ///< the engine that gave out the last token
  SimTime arrival, scheduled, first_token, last_token;  ///< scheduled: its first step begins
  std::int32_t prompt_tokens = 0, output_tokens = 0;    ///< given out
  std::int32_t cached_tokens = 0;  ///< of the prompt, found in the prefix cache when first scheduled
  /// How often it gave way.
  std::int32_t preemptions = 0;
  std::int32_t beside_first = 0, beside_last = 0;  ///< sequences that ran with it when its first and last token came

  Duration ttft() const { return first_token - arrival; }
  Duration end_to_end() const { return last_token - arrival; }
  /// Zero for one token, which has no time between tokens.
  Duration tpot() const {
    return output_tokens > 1 ? (last_token - first_token) / static_cast<double>(output_tokens - 1) : Duration{};
  }
};

}  // namespace stargate
