// Any text as a study against the shipped catalogue; what passes its checks must make a programme.
#include <string_view>

#include "stargate/study/make_programme.hpp"
#include "stargate/study/study.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const stargate::Catalogue catalogue =
      stargate::load_catalogue(stargate::DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue").value();
  static const auto limiting = stargate::supplied_products(catalogue);
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto study = stargate::parse_study("study.yaml", text, catalogue);
  if (!study) {
    static_cast<void>(stargate::format_diagnostics(study.faults()));
    return 0;
  }
  static_cast<void>(stargate::make_programme(catalogue, *study, {}, limiting));
  return 0;
}
