// Any text as a service's study against the shipped catalogue.
#include <string_view>

#include "stargate/service/service_study.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const stargate::Catalogue catalogue =
      stargate::load_catalogue(stargate::DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue").value();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto study = stargate::parse_service_study("study.yaml", text, catalogue);
  if (study.ok()) {
    static_cast<void>(stargate::mean_workload(*study));
  } else {
    static_cast<void>(stargate::format_diagnostics(study.faults()));
  }
  return 0;
}
