// Hugging Face config.json files, as they are, into a Model. Files differ in names, in what they leave out and in how
// they say which layer is what; docs/explanation/models.md lists what is read.
#pragma once

#include <string>
#include <string_view>

#include "stargate/catalogue/model.hpp"

namespace stargate {

/// Keys that say nothing of shapes are passed over. `quant_side_file` is the text of ModelOpt's hf_quant_config.json
/// when there is one beside `file`. The model's id is left empty; its name is the file's "_name". A family that is not
/// known is read like Llama, and the model's notes say so. Faults: text that is no JSON mapping, required fields that
/// are missing or out of range, sizes that do not divide, a kind of model that is not covered (encoders, pure Mamba),
/// more than 1e18 parameters. Up to a hundred are told.
Result<Model> parse_model_config(const std::string& file, std::string_view text,
                                 const std::string* quant_side_file = nullptr);

}  // namespace stargate
