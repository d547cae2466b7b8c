// The field table; padding by backend, as vLLM (quantization/mxfp4.py) and SGLang have it.
#include "stargate/catalogue/engine_memory.hpp"

namespace stargate {

ExpertPadding expert_padding(ExpertBackend backend) {
  switch (backend) {
    case ExpertBackend::marlin:
      return {256, 128};
    case ExpertBackend::flashinfer_trtllm:
    case ExpertBackend::rocm:
      return {256, 256};
    case ExpertBackend::flashinfer_cutlass:
      return {128, 128};
    case ExpertBackend::triton_mxfp4:
      return {1, 64};
    case ExpertBackend::triton:
    case ExpertBackend::cutlass:
    case ExpertBackend::deepgemm:
      break;
  }
  return {1, 1};
}

ExpertBackend MemoryRules::backend(const std::string& architecture, bool mxfp4) const {
  const auto& from = mxfp4 ? mxfp4_experts : experts;
  for (const auto& key : {architecture, std::string("*")}) {
    if (const auto found = from.find(key); found != from.end()) return found->second;
  }
  return ExpertBackend::triton;
}

const RecordTable<EngineMemory>& EngineMemory::table() {
  using E = EngineMemory;
  static const auto table =
      record_fields<E>("engine_memory",
                       "What an engine takes of the memory in a range of versions, and how it lays out the cache.")
          .required("engine", &E::engine, "Of the records of engines: vllm, sglang or trtllm.")
          .optional("since", &E::since, "First version.")
          .optional("before", &E::before, "First version after the range.")
          .required("share_of", &E::share_of, "What gpu_memory_utilization is a share of.")
          .optional("gpu_memory_utilization", &E::gpu_memory_utilization, "The share, unless a question gives it.",
                    fraction)
          .optional("share_default", &E::share_default, "How SGLang chooses the share when none is given.")
          .optional("profiled_step", &E::profiled_step, "The largest step is run and charged before the cache.")
          .optional("sampler_bytes", &E::sampler_bytes, "That the profiled step's sampler takes a logit.", not_negative)
          .optional("expert_chunk", &E::expert_chunk, "Tokens in one call of the experts; 0: all.", not_negative)
          .optional("experts", &E::experts, "What multiplies experts, by architecture; \"*\": others.")
          .optional("mxfp4_experts", &E::mxfp4_experts, "The same for experts in mxfp4.")
          .optional("runtime", &E::runtime, "Beside tensors: handles of libraries, attention workspaces.", not_negative)
          .optional("collectives", &E::collectives, "The same on more than one rank: buffers of collectives.",
                    not_negative)
          .optional("graph_batch", &E::graph_batch, "Largest batch that is captured as a graph.", not_negative)
          .optional("graph_modes", &E::graph_modes, "Graphs of one batch.", not_negative)
          .optional("graph", &E::graph, "Of one captured graph.", not_negative)
          .optional("graphs_charged", &E::graphs_charged, "Graphs count within the share.")
          .optional("sliding_cache", &E::sliding_cache, "What layers with a window keep of a long sequence.")
          .optional("sliding_pool_share", &E::sliding_pool_share,
                    "pool: tokens of layers with a window over those of full ones.", fraction)
          .optional("state_pool_share", &E::state_pool_share,
                    "Recurrent states over caches that grow, in bytes; 0: one pool for both.", not_negative)
          .optional("capacity_by_requests", &E::capacity_by_requests,
                    "Reported tokens are requests of the longest length times that length.")
          .optional("tokens_in_flight", &E::tokens_in_flight,
                    "Budgets of tokens whose pages a request reserves.", positive)
          .optional("large_memory", &E::large_memory,
                    "From here on the limits of the engine's record hold; zero: everywhere.", not_negative)
          .optional("small_architectures", &E::small_architectures, "Architectures for which they never do.")
          .optional("small_max_num_seqs", &E::small_max_num_seqs, "Sequences in a batch below it.", positive)
          .optional("small_max_num_batched_tokens", &E::small_max_num_batched_tokens, "Tokens in a step below it.",
                    positive);
  return table;
}

}  // namespace stargate
