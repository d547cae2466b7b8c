// Published cases of catalogue/published_fits.csv and how near the shipped rules come: logs of vLLM and SGLang on H100,
// H20 and B200 (vllm#23278, vllm#10511, vllm#6746, vllm#51454, recipes#12).
#include <doctest/doctest.h>

#include <cmath>

#include "stargate/measured/published_fit.hpp"

using namespace stargate;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(format_diagnostics(result.faults()));
  return std::move(result).value();
}

}  // namespace

TEST_CASE("every published case starts or not as published, and caches and weights are within 15 %") {
  const DiskFileReader files;
  const std::string folder = STARGATE_SOURCE_DIR "/catalogue";
  const Catalogue catalogue = must(load_catalogue(files, folder));
  const auto published = must(load_published_fits(files, folder + "/published_fits.csv", catalogue));
  for (const auto& p : validate_fits(catalogue, published, 0).rows) {
    CAPTURE(p.row->name);
    CAPTURE(p.row->figure);
    CAPTURE(p.words);
    CHECK(std::abs(p.error()) <= (p.row->figure == "starts" ? 0 : 0.15));
  }
}
