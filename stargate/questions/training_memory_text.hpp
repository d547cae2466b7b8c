// Memory of a training layout for people and for programs: its classes, and activations tensor by tensor.
#pragma once

#include <string>

#include "stargate/config/json_writer.hpp"
#include "stargate/training/memory.hpp"

namespace stargate {

/// Two or three lines: the whole, the classes, and what waits on the host.
std::string memory_text(const MemoryReport& memory);
/// Classes with their shares, then activations by part of a layer and tensor.
std::string memory_table(const TrainingJob& job, const TrainingLayout& layout, const MemoryReport& memory);

void write_memory(JsonWriter& json, const MemoryReport& memory);
/// The member "activations": an array of part, tensor, bytes of one layer and micro-batch, bytes held.
void write_activations(JsonWriter& json, const TrainingJob& job, const TrainingLayout& layout,
                       const MemoryReport& memory);

}  // namespace stargate
