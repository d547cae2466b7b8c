// Any text as a Hugging Face config.json; whatever the reader accepts must be countable without overflow, and a token
// never multiplies with more parameters than there are.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "stargate/base/file_reader.hpp"
#include "stargate/catalogue/model_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  // The same text as ModelOpt's hf_quant_config.json beside a good file.
  static const std::string good =
      stargate::DiskFileReader().read(STARGATE_SOURCE_DIR "/catalogue/models/llama-3.1-8b.json").value();
  const std::string side(text);
  static_cast<void>(stargate::parse_model_config("config.json", good, &side).ok());
  const auto model = stargate::parse_model_config("config.json", text);
  if (!model) {
    static_cast<void>(stargate::format_diagnostics(model.faults()));
    return 0;
  }
  const auto all = stargate::parameter_count(*model), active = stargate::active_parameter_count(*model);
  if (active < 0 || active > all) {
    std::fprintf(stderr, "%lld parameters, %lld of them active\n", static_cast<long long>(all),
                 static_cast<long long>(active));
    std::abort();
  }
  static_cast<void>(stargate::weight_bytes(*model));
  static_cast<void>(stargate::kv_bytes_per_token(*model, model->kv_precision));
  static_cast<void>(stargate::fixed_state_bytes(*model, model->kv_precision));
  static_cast<void>(stargate::kv_bytes(*model, 131072, model->kv_precision));
  static_cast<void>(stargate::forward_flops_per_token(*model, 4096));
  static_cast<void>(stargate::training_flops_per_token(*model, 8192));
  return 0;
}
