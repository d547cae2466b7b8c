// Evaluation of the law of recurrent layers; equations and coefficients are in recurrent_law.hpp.
#include "stargate/perf/recurrent_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kTile = 16;
constexpr double kCacheGain = 4;  // last-level cache against memory, on the parts measured

constexpr double squared(double x) { return x * x; }
constexpr double eighth(double x) { return squared(squared(squared(x))); }

constexpr std::array kRules = {std::pair{RecurrentRule::delta, "gdn"}, std::pair{RecurrentRule::channel_delta, "kda"},
                               std::pair{RecurrentRule::state_space, "mamba2"}};
constexpr std::array kKernels = {std::pair{RecurrentKernel::convolution, "conv"},
                                 std::pair{RecurrentKernel::convolution_step, "conv_step"},
                                 std::pair{RecurrentKernel::scan, "scan"}, std::pair{RecurrentKernel::step, "step"},
                                 std::pair{RecurrentKernel::fused_step, "fused_step"}};

}  // namespace

RecurrentDevice recurrent_device(const Accelerator& accelerator) {
  return {kernel_units(accelerator), accelerator.peak_rate(Precision::bf16).in(flop / microsecond),
          accelerator.memory_bandwidth.in(byte / microsecond),
          accelerator.last_level_cache.value_or(Bytes{}).in(byte)};
}

double recurrent_us(const RecurrentCoefficients& c, const RecurrentDevice& device, const RecurrentCall& call) {
  const bool scans = call.kernel == RecurrentKernel::scan;
  const double bytes = call.bytes() + (c.chunk_states > 0 ? call.chunk_state_bytes() : 0);
  const double found = c.cache_share > 0 ? 1 / (1 + eighth(bytes / std::max(1.0, c.cache_share * device.cache))) : 0;
  const double traffic = bytes * (1 - found * (1 - 1 / kCacheGain)) / (device.bandwidth * c.memory_share);
  const double chunks = std::ceil(call.query / RecurrentCall::kChunk);
  if (scans && c.one_kernel > 0) {
    // One unit keeps a head's state to itself and walks the sequence; heads beyond the units wait for a round of their
    // own.
    const double waves = std::ceil(call.sequences * call.value_heads / device.units);
    const double walk = waves * (c.start_us + c.chunk_us * chunks);
    return c.launch_us + std::sqrt(squared(walk) + squared(traffic));
  }
  const double rows = std::max(1.0, std::min(call.query, RecurrentCall::kChunk));
  const double ahead = c.launch_us + c.first_us * (1 - 1 / rows) + c.sequence_us * call.sequences + traffic;
  if (!scans) return ahead;
  RecurrentCall padded = call;
  padded.query = std::ceil(call.query / kTile) * kTile;
  const double work = padded.flops() / (device.peak * c.compute_share);
  return ahead + std::sqrt(squared(work) + squared(c.chunk_us * chunks));
}

std::span<const RecurrentField> recurrent_fields() {
  using C = RecurrentCoefficients;
  static constexpr std::array fields = {
      RecurrentField{"launch_us", "us", "all launches of the call", &C::launch_us, 4, 0.3, 500},
      RecurrentField{"memory_share", "1",
                     "of the memory bandwidth; above 1 where the cache keeps part of what is counted",
                     &C::memory_share, 0.8, 0.02, 2},
      RecurrentField{"cache_share", "1",
                     "of the last-level cache in which repeated calls find their data again; 0: they find none",
                     &C::cache_share, 0.5, 0.02, 4},
      RecurrentField{"first_us", "us", "more for a full tile of new tokens than for one token", &C::first_us, 1, 0.02,
                     50},
      RecurrentField{"sequence_us", "us", "of each sequence, where it is a call of its own", &C::sequence_us, 1, 0.02,
                     100},
      RecurrentField{"compute_share", "1", "of the peak rate of the matrix units", &C::compute_share, 0.2, 0.002, 1},
      RecurrentField{"start_us", "us", "of a unit to begin and end a head's sequence", &C::start_us, 5, 0.05, 100},
      RecurrentField{"chunk_us", "us", "of a chunk of 64 tokens, which waits for the one before it", &C::chunk_us, 3,
                     0.05, 100}};
  return fields;
}

bool has_recurrent_field(RecurrentKernel kernel, bool one_kernel, const RecurrentField& field) {
  const std::string name = field.name;
  const bool scans = kernel == RecurrentKernel::scan;
  if (name == "chunk_us") return scans;
  if (name == "start_us") return scans && one_kernel;
  if (name == "compute_share") return scans && !one_kernel;
  if (name == "first_us") return (scans && !one_kernel) || kernel == RecurrentKernel::convolution;
  if (name == "sequence_us") return kernel == RecurrentKernel::convolution;
  return true;
}

std::span<const RecurrentField> recurrent_structure_fields() {
  using C = RecurrentCoefficients;
  static constexpr std::array fields = {
      RecurrentField{"chunk_states", "1", "1: the states of chunks pass through memory, 0: they do not",
                     &C::chunk_states, 1, 0, 1},
      RecurrentField{"one_kernel", "1", "1: a scan in one kernel, 0: kernels for its parts", &C::one_kernel, 0, 0, 1}};
  return fields;
}

RecurrentCoefficients read_recurrent_coefficients(const std::map<std::string, double>& values) {
  RecurrentCoefficients out;
  const auto take = [&](const RecurrentField& field) {
    if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
  };
  for (const auto fields : {recurrent_fields(), recurrent_structure_fields()}) {
    for (const auto& field : fields) take(field);
  }
  return out;
}

const char* recurrent_rule_name(RecurrentRule rule) {
  return std::find_if(kRules.begin(), kRules.end(), [&](const auto& r) { return r.first == rule; })->second;
}

const char* recurrent_kernel_name(RecurrentKernel kernel) {
  return std::find_if(kKernels.begin(), kKernels.end(), [&](const auto& k) { return k.first == kernel; })->second;
}

std::string recurrent_group_name(RecurrentRule rule, RecurrentKernel kernel) {
  return std::string("bf16/") + recurrent_rule_name(rule) + "/" + recurrent_kernel_name(kernel);
}

bool read_recurrent_group_name(const std::string& name, RecurrentCall& call) {
  const std::string stem = name.substr(0, name.find('.'));
  for (const auto& [rule, rule_name] : kRules) {
    for (const auto& [kernel, kernel_name] : kKernels) {
      if (stem != recurrent_group_name(rule, kernel)) continue;
      call.rule = rule, call.kernel = kernel;
      return true;
    }
  }
  return false;
}

}  // namespace stargate
