// Defaults are those of the engines' documentation: vLLM 0.9 and later (V1), SGLang 0.4 and later (server arguments
// --chunked-prefill-size 8192, --page-size 1; new_token_ratio settles at 0.7 * 0.14), TensorRT-LLM 1.0 (guaranteed no
// evict, chunked context off, blocks reused (KvCacheConfig.enable_block_reuse), 32 tokens a block, max_batch_size 2048,
// max_num_tokens 8192).
#include "stargate/engine/engine_spec.hpp"

#include <cmath>

namespace stargate {

const char* engine_kind_name(EngineKind kind) {
  switch (kind) {
    case EngineKind::vllm:
      return "vllm";
    case EngineKind::sglang:
      return "sglang";
    case EngineKind::trtllm:
      return "trtllm";
    case EngineKind::static_batch:
      return "static";
  }
  return "?";
}

double SpeculationSpec::tokens_per_step() const {
  double sum = 1, chance = 1;
  // Draft i counts when it and all before it were accepted: a^i.
  for (int i = 0; i < draft_tokens; ++i) sum += chance *= acceptance_rate;
  return sum;
}

/// Defaults of vLLM V1, SGLang and TensorRT-LLM as their documentation has them.
EngineSpec default_engine_spec(EngineKind kind) {
  EngineSpec spec;
  spec.kind = kind;
  if (kind == EngineKind::sglang) {
    spec.admission = AdmissionPolicy::expected_outputs;
    spec.prefill_first = true;
    spec.kv.block_size = 1;
    spec.kv.prefix_caching = true;
  } else if (kind == EngineKind::trtllm) {
    spec.admission = AdmissionPolicy::guaranteed;
    spec.max_num_seqs = 2048;
    spec.kv.block_size = 32;
    spec.kv.prefix_caching = true;
    spec.chunked_prefill = false;
  } else if (kind == EngineKind::static_batch) {
    spec.admission = AdmissionPolicy::guaranteed;
    spec.chunked_prefill = false;
  } else {
    spec.kv.prefix_caching = true;
  }
  return spec;
}

Check check_engine_spec(const EngineSpec& spec) {
  Diagnostics faults;
  const auto need = [&](bool good, const char* path, const char* message, const char* hint = "") {
    if (!good) faults.push_back({{}, 0, 0, path, message, hint, {}});
  };
  need(spec.max_num_seqs >= 1, "max_num_seqs", "must be at least 1");
  need(spec.max_num_batched_tokens >= 1, "max_num_batched_tokens", "must be at least 1");
  // vLLM refuses to start otherwise.
  need(spec.kind != EngineKind::vllm || spec.max_num_batched_tokens >= spec.max_num_seqs / spec.pipeline,
       "max_num_batched_tokens", "must be at least max_num_seqs, or a step cannot decode every sequence",
       "raise --max-num-batched-tokens or lower --max-num-seqs");
  need(spec.kv.block_size >= 1 && spec.kv.block_size <= 4096, "block_size", "must be from 1 to 4096 tokens");
  need(spec.kv.blocks >= 1, "kv blocks", "must be at least 1");
  need(spec.new_token_ratio >= 0 && spec.new_token_ratio <= 1, "new_token_ratio", "must be from 0 to 1");
  need(spec.speculation.draft_tokens >= 0 && spec.speculation.draft_tokens <= 32, "draft_tokens",
       "must be from 0 to 32");
  need(spec.speculation.acceptance_rate >= 0 && spec.speculation.acceptance_rate <= 1, "acceptance_rate",
       "must be from 0 to 1");
  need(spec.data_parallel >= 1 && spec.pipeline >= 1, "groups", "must be at least 1");
  need(spec.attention_dp_wait >= 0, "attention_dp_wait", "must not be negative");
  need(spec.receive_interval >= 1, "receive_interval", "must be at least 1");
  need(spec.busy_receive_interval >= 1, "busy_receive_interval", "must be at least 1");
  if (!faults.empty()) return faults;
  return Done{};
}

}  // namespace stargate
