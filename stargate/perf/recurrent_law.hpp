// How long the kernels of a layer with a state of fixed size take on one device: the gated delta rule (Qwen3-Next,
// Qwen3.5), Kimi delta attention and Mamba-2, without their projections. Three kernels: the short convolution over
// queries, keys and values; the scan of a prompt in chunks of 64 tokens; the step that updates and reads the states
// once when decoding (with the convolution in the same kernel where the engine fuses them). Times in microseconds.
//   t       = launch + first (1 - 1 / rows) + sequence_us sequences + (work^2 + walk^2)^(1/2)
//             + traffic / (memory_share bandwidth)
//   work    = operations / (compute_share peak), the tokens of a sequence padded to tiles of 16
//   walk    = chunk_us a chunk, one after the other: a state must know the chunk before it (scans only)
//   traffic = queries, keys, values and outputs, the states read and written, and, where the kernels of a scan pass
//             chunk states through memory, those
// A scan in one kernel gives each unit a head's whole sequence, and moves data while it multiplies:
//   t       = launch + (walk^2 + (traffic / (memory_share bandwidth))^2)^(1/2)
//   walk    = ceil(sequences heads / units) (start_us + chunk_us chunks)
// rows is a sequence's tokens in the call, at most 64; sequence_us is there where an engine calls the convolution once
// a sequence. A term that a kernel does not have is 0. What fits in cache_share of the last-level cache comes 4 times
// as fast. Operations and bytes are counted in operator.hpp. After S. Yang et al., "Gated Delta Networks" (arXiv
// 2412.06464), Kimi Team, "Kimi Linear" (arXiv 2510.26692), T. Dao and A. Gu, "Transformers are SSMs" (arXiv
// 2405.21060).
#pragma once

#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Facts of a device the law needs.
struct RecurrentDevice {
  double units = 1;
  double peak = 0;       ///< flop a microsecond, bf16
  double bandwidth = 0;  ///< bytes a microsecond
  double cache = 0;      ///< bytes of the last level
};
RecurrentDevice recurrent_device(const Accelerator& accelerator);

/// Microseconds, and shares of the specification; fitted by `stargate calibrate`, a kernel at a time.
struct RecurrentCoefficients {
  double launch_us = 4, compute_share = 0.3, memory_share = 0.8, chunk_us = 3, first_us = 0, start_us = 0,
         sequence_us = 0;
  double cache_share = 0;   ///< 0: nothing is found there
  double chunk_states = 0;  ///< structure: 1 where chunk states pass through memory
  double one_kernel = 0;    ///< structure: 1 for a scan in one kernel
};

struct RecurrentField {
  const char *name, *unit, *meaning;
  double RecurrentCoefficients::*member;
  double start, lower, upper;
};
std::span<const RecurrentField> recurrent_fields();
/// Whether a kernel's time depends on it.
bool has_recurrent_field(RecurrentKernel kernel, bool one_kernel, const RecurrentField& field);
std::span<const RecurrentField> recurrent_structure_fields();
RecurrentCoefficients read_recurrent_coefficients(const std::map<std::string, double>& values);

/// A group's name: "bf16/gdn/scan.flashinfer". Rule and kernel of it; false for another name.
const char* recurrent_rule_name(RecurrentRule rule);
const char* recurrent_kernel_name(RecurrentKernel kernel);
std::string recurrent_group_name(RecurrentRule rule, RecurrentKernel kernel);
/// Sets rule and kernel of `call` only.
bool read_recurrent_group_name(const std::string& name, RecurrentCall& call);

/// Microseconds; allocates nothing.
double recurrent_us(const RecurrentCoefficients& c, const RecurrentDevice& device, const RecurrentCall& call);

}  // namespace stargate
