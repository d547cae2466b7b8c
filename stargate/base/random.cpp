// Philox4x32-10 and the shapes drawn from it: inversion for the exponential, Box and Muller's transform for the normal.
#include "stargate/base/random.hpp"

#include <cmath>
#include <numbers>

namespace stargate {
namespace {

// Multipliers and Weyl constants of the paper, section 4.3 and table 2.
constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

/// FNV-1a in 32 bits: the number of a stream's name.
std::uint32_t hash_name(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

/// Ten rounds of Philox-4x32 (Salmon et al., SC 2011), with the constants of Random123.
PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{kMultiplier0} * counter[0], b = std::uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += kWeyl0, key[1] += kWeyl1;
  }
  return counter;
}

RandomStream::RandomStream(std::uint64_t seed, std::uint32_t scenario, std::string_view name)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, 0, scenario, hash_name(name)} {}

/// Two draws a block; the counter's upper words name the stream.
std::uint64_t RandomStream::bits() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  const std::uint64_t out = (std::uint64_t{block_[used_]} << 32) | block_[used_ + 1];
  used_ += 2;
  return out;
}

/// The middle of one of 2^52 equal steps, so that neither 0 (a logarithm's pole) nor 1 can come.
double RandomStream::uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }

double RandomStream::exponential() { return -std::log(uniform()); }

double RandomStream::normal() {
  // R^2 = -2 ln U of Box and Muller's polar form, with an exponential draw in place of -ln U.
  const double radius = std::sqrt(2 * exponential());
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace stargate
