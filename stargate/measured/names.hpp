// Models, accelerators, engines and precisions by what people call them. A name is cut into words at every sign (and,
// for models, between letters and digits); a record fits when the name has the words that tell it from others, and no
// word that the record does not know. A word left over means another thing ("RTX 4090", "H100 96GB",
// "DeepSeek-R1-Distill-Llama-70B"): the name is unknown, with that word, never the nearest record.
#pragma once

#include <string>

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// What a name means; else why it is not understood, as a sentence for a report.
template <class T>
struct Named {
  T value{};
  std::string unknown;  ///< empty when it is understood
  /// Understood: `value` means something.
  explicit operator bool() const { return unknown.empty(); }
};

/// A record knows the words of its id, name, vendor, architecture, form and memory, and its memory in GB (within 7.5 %:
/// labels of physical memory, "192 GB" of a B200 with 180 usable). A name must have the words of the id but for form
/// and memory; `memory_gb` (0: not stated) must fit too. Where forms are left open ("H100-80GB"), the one with most
/// power, then least memory. The pointer is into `accelerators`.
Named<const Accelerator*> find_accelerator_by_name(const Records<Accelerator>& accelerators, const std::string& name,
                                                   double memory_gb = 0);

/// By the words of its id, or of a model of the same shape ("Llama 3.3 70B"); others may only say how it was tuned,
/// stored or published ("-Instruct-2507", "FP8").
Named<const Model*> find_model_by_name(const Catalogue& catalogue, const std::string& name);

/// "TensorRT-LLM (PyTorch backend)" -> "trtllm": an engine of the catalogue.
Named<std::string> find_engine_by_name(const std::string& name);

/// "NVFP4", "MXFP8", "fp8 (hybrid)", "int8 (AQT ...)", "bf16 PURE"; fp16 runs at the rate of bf16, and is it here. What
/// stands in brackets is explanation.
Named<Precision> find_precision_by_name(const std::string& name);

}  // namespace stargate
