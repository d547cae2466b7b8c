// The field table, the same members by name for the fit, and the order of versions.
#include "stargate/catalogue/serving_engine.hpp"

#include <cctype>

namespace stargate {
namespace {

using C = EngineCoefficients;

/// The numbers of a version, and whether letters follow: "1.2.0rc2.post1" is 1, 2, 0 and earlier than 1.2.0.
struct Version {
  std::vector<int> numbers;
  bool before = false;
};
/// A leading v is passed over; a letter after numbers makes it earlier than the plain version, but for "post".
Version parse_version(const std::string& text) {
  Version out;
  int value = -1;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c))) {
      value = std::min(100'000, std::max(0, value) * 10 + (c - '0'));
    } else if (c == '.') {
      if (value >= 0) out.numbers.push_back(value);
      value = -1;
    } else if (value >= 0) {
      out.before = text.find("post") == std::string::npos || text.find("rc") != std::string::npos;
      break;
    } else if (c != 'v') {
      break;
    }
  }
  if (value >= 0) out.numbers.push_back(value);
  return out;
}

}  // namespace

int compare_versions(const std::string& a, const std::string& b) {
  const Version x = parse_version(a), y = parse_version(b);
  for (std::size_t i = 0; i < std::max(x.numbers.size(), y.numbers.size()); ++i) {
    const int p = i < x.numbers.size() ? x.numbers[i] : 0, q = i < y.numbers.size() ? y.numbers[i] : 0;
    if (p != q) return p < q ? -1 : 1;
  }
  return x.before == y.before ? 0 : x.before ? -1 : 1;
}

const MemoryRules& EngineCoefficients::memory_rules() const {
  static const MemoryRules usual;
  return memory != nullptr ? *memory : usual;
}

const RecordTable<ServingEngine>& ServingEngine::table() {
  using E = ServingEngine;
  static const auto table =
      record_fields<E>("engine", "A serving engine in a range of versions: its limits, and what it adds to a step.")
          .required("engine", &E::engine, "Whose kernels and collectives are meant: vllm, sglang or trtllm.")
          .optional("since", &E::since, "First version.")
          .optional("before", &E::before, "First version after the range.")
          .optional("released", &E::released, "Quarter in which the first version came out.")
          .optional("max_num_seqs", &E::max_num_seqs, "Sequences in one batch.", positive)
          .optional("max_num_batched_tokens", &E::max_num_batched_tokens, "Tokens in one step.", positive)
          .optional("reserve_output", &E::reserve_output,
                    "A request is let in when its whole output has room, and is never preempted.")
          .optional("prefill_first", &E::prefill_first,
                    "Whole prefills stop the decodes, instead of chunks among them.")
          .optional("captured_graphs", &E::captured_graphs,
                    "Decoding kernels are launched by a captured graph, not one by one by the host.")
          .optional("fp8_cast_kernel", &E::fp8_cast_kernel,
                    "The input of a product in 8 bits is cast by a kernel of its own, not by the one before.")
          .optional("fp4_cast_kernel", &E::fp4_cast_kernel, "The same in 4 bits.")
          .optional("attention_dp_wait", &E::attention_dp_wait,
                    "Steps that a prompt waits until each attention group has one.", not_negative)
          .optional("receive_interval", &E::receive_interval,
                    "Decode steps from one look at new requests to the next (SGLang's --scheduler-recv-interval).",
                    positive)
          .optional("busy_receive_interval", &E::busy_receive_interval, "The same while busy_batch sequences decode.",
                    positive)
          .optional("busy_batch", &E::busy_batch, "Decoding sequences from which on that holds.", positive)
          .optional("receive_architectures", &E::receive_architectures,
                    "Architectures on which the engine is started so; on others it looks every step.")
          .optional("step_overhead", &E::step_overhead, "Scheduling and sampling that no kernel hides, a step.",
                    not_negative)
          .optional("sequence_overhead", &E::sequence_overhead,
                    "Inputs prepared and a token handed out, a sequence and step.", not_negative)
          .optional("launch_share", &E::launch_share,
                    "Of the launch of a kernel measured alone, the share left in a captured graph.", not_negative)
          .optional("request_overhead", &E::request_overhead,
                    "Front end, from the client to the scheduler and back, a request.", not_negative)
          .optional("token_overhead", &E::token_overhead,
                    "Front end, a token of a prompt: tokenised in one thread, one prompt after another.", not_negative)
          .optional("stream_overhead", &E::stream_overhead,
                    "By which streamed answers lag behind the engine, for each sequence decoding.", not_negative)
          .optional("warm_up", &E::warm_up,
                    "By which a fresh server keeps the first prompts of a run waiting: kernels compiled and loaded, "
                    "caches cold.",
                    not_negative)
          .optional("unfused_traffic", &E::unfused_traffic,
                    "Element-wise traffic over that of kernels that fuse all they can.", positive)
          .optional("expert_skew", &E::expert_skew, "Of experts' popularity in real text; 0: balanced.", not_negative);
  return table;
}

const std::vector<CoefficientHandle<EngineCoefficients>>& engine_coefficient_handles() {
  static const std::vector<CoefficientHandle<C>> handles = {
      seconds_handle<C, &C::step_overhead>("step_overhead", 0.01),
      seconds_handle<C, &C::sequence_overhead>("sequence_overhead", 5e-5),
      number_handle<C, &C::launch_share>("launch_share", 0, 10),
      seconds_handle<C, &C::request_overhead>("request_overhead", 0.2),
      seconds_handle<C, &C::token_overhead>("token_overhead", 4e-5),
      seconds_handle<C, &C::stream_overhead>("stream_overhead", 1e-2),
      seconds_handle<C, &C::warm_up>("warm_up", 5),
      number_handle<C, &C::unfused_traffic>("unfused_traffic", 0.2, 3),
      number_handle<C, &C::expert_skew>("expert_skew", 0, 1.5),
  };
  return handles;
}

}  // namespace stargate
