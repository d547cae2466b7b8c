// What an accelerator's memory goes to by the rules of the engine's version, in the answers of the questions about
// serving.
#pragma once

#include "stargate/config/json_writer.hpp"
#include "stargate/questions/question.hpp"
#include "stargate/serving/cache_report.hpp"

namespace stargate {

struct ServingMemory {
  std::string rules;  ///< the record of rules in words; empty: none
  bool of_free = false, of_left = false;
  ReplicaMemory memory;             ///< of the fullest accelerator
  std::optional<CacheReport> cache;  ///< where the model fits
};
ServingMemory serving_memory(const Replica& replica, int max_model_len = 0);
/// Of a replica that lacks memory: without a cache.
ServingMemory serving_memory(const EngineCoefficients& engine, const ReplicaMemory& memory);

/// A line or two, each beginning with `margin`.
std::string format_serving_memory(const ServingMemory& memory, const std::string& margin = {});
/// A member "memory" of the object that is open.
void write_serving_memory(JsonWriter& json, const ServingMemory& memory);
const AnswerFields& serving_memory_fields();

}  // namespace stargate
