// Random numbers that belong to a name: counter-based, so a draw is a function of (seed, scenario, stream, index) alone
// and neither threads nor the order of calls can change it. The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011): ten rounds of multiplications on a 128-bit counter under a
// 64-bit key. Key: the seed. Counter: 64 bits of block number, the scenario, a hash of the stream's name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stargate {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Four random words of a counter and a key.
PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key);

/// The draws of one purpose ("failures", "repairs") in one scenario. Streams of other names or scenarios never overlap.
class RandomStream {
 public:
  /// `name` enters as a 32-bit FNV-1a hash: two names of one hash would share their draws, so names are few and written
  /// out.
  RandomStream(std::uint64_t seed, std::uint32_t scenario, std::string_view name);

  /// 64 fresh bits: half a Philox block. A stream gives 2^65 of them before it repeats.
  std::uint64_t bits();
  /// In the open interval (0, 1), in steps of 2^-52.
  double uniform();
  /// Exponential with mean 1. By inversion, so one draw takes one uniform and a larger uniform gives a smaller value.
  double exponential();
  /// Normal with mean 0 and variance 1. By Box and Muller's transform; the second normal of a pair is thrown away, so
  /// that every draw takes two uniforms.
  double normal();

 private:
  PhiloxKey key_;          ///< the seed
  PhiloxCounter counter_;  ///< block number, scenario, hash of the name
  PhiloxCounter block_{};  ///< the words being given out
  unsigned used_ = 4;      ///< words of the block given out
};

}  // namespace stargate
