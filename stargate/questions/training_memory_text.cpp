// The classes in one list, so that text, table and JSON name the same.
#include "stargate/questions/training_memory_text.hpp"

#include <fmt/format.h>

#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

struct MemoryClass {
  const char* name;
  const char* key;
  Bytes MemoryBreakdown::*bytes;
};
constexpr MemoryClass kClasses[] = {
    {"weights", "weights_bytes", &MemoryBreakdown::weights},
    {"gradients", "gradients_bytes", &MemoryBreakdown::gradients},
    {"optimiser", "optimizer_bytes", &MemoryBreakdown::optimizer},
    {"activations", "activations_bytes", &MemoryBreakdown::activations},
    {"logits", "logits_bytes", &MemoryBreakdown::logits},
    {"communication", "communication_bytes", &MemoryBreakdown::communication},
    {"framework", "framework_bytes", &MemoryBreakdown::framework},
    {"allocator slack", "slack_bytes", &MemoryBreakdown::slack},
};

std::string share(Bytes part, Bytes whole) { return fmt::format("{:.1f} %", 100 * (part / whole)); }

}  // namespace

std::string memory_text(const MemoryReport& memory) {
  const auto& b = memory.bytes;
  std::string out = fmt::format("  memory     {} of {} on the fullest accelerator (stage {})",
                                format_quantity(b.total()), format_quantity(memory.capacity), memory.stage);
  const Bytes missing = memory.device_missing();
  out += missing.base() <= 0 ? "\n" : fmt::format(": does not fit, {} missing\n", format_quantity(missing));
  out += "             ";
  for (const MemoryClass& c : kClasses) {
    if (&c != kClasses) out += ", ";
    out += fmt::format("{} {}", c.name, format_quantity(b.*c.bytes));
  }
  out += "\n";
  if (memory.host.base() <= 0) return out;
  out += fmt::format("             on the host {}", format_quantity(memory.host));
  if (memory.host_capacity.base() > 0) out += fmt::format(" of its {}", format_quantity(memory.host_capacity));
  if (memory.host_missing().base() > 0) {
    out += fmt::format(": does not fit, {} missing", format_quantity(memory.host_missing()));
  }
  return out + "\n";
}

std::string memory_table(const TrainingJob& job, const TrainingLayout& layout, const MemoryReport& memory) {
  const Bytes total = memory.bytes.total();
  TextTable classes({{"memory of the fullest accelerator", Align::left}, {"bytes"}, {"share"}});
  for (const MemoryClass& c : kClasses) {
    const Bytes bytes = memory.bytes.*c.bytes;
    classes.add_row({c.name, format_quantity(bytes), share(bytes, total)});
  }
  TextTable tensors({{"activations of", Align::left}, {"tensor", Align::left}, {"a layer"}, {"held"}, {"share"}});
  for (const ActivationRow& row : activation_table(job, layout, memory)) {
    tensors.add_row({row.part, row.tensor, row.each.base() > 0 ? format_quantity(row.each) : "",
                     format_quantity(row.total), share(row.total, memory.bytes.activations)});
  }
  return "\n" + classes.format(2) + "\n" + tensors.format(2);
}

void write_memory(JsonWriter& json, const MemoryReport& memory) {
  json.key("memory").begin_object().member("fits", memory.fits()).member("capacity_bytes", memory.capacity.base());
  json.member("total_bytes", memory.bytes.total().base()).member("missing_bytes", memory.device_missing().base());
  for (const MemoryClass& c : kClasses) json.member(c.key, (memory.bytes.*c.bytes).base());
  json.member("host_bytes", memory.host.base()).member("host_missing_bytes", memory.host_missing().base());
  json.end_object();
}

void write_activations(JsonWriter& json, const TrainingJob& job, const TrainingLayout& layout,
                       const MemoryReport& memory) {
  json.key("activations").begin_array();
  for (const ActivationRow& row : activation_table(job, layout, memory)) {
    json.begin_object().member("part", row.part).member("tensor", row.tensor);
    json.member("layer_bytes", row.each.base()).member("bytes", row.total.base()).end_object();
  }
  json.end_array();
}

}  // namespace stargate
