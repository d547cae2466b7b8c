// Published cases of catalogue/published_cases.yaml and how near whole answers come: what fits must be right in every
// case, weights and caches of engines within 15 %. Steps and memory of training jobs are only told.
#include <doctest/doctest.h>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/questions/published_cases.hpp"

using namespace stargate;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(format_diagnostics(result.faults()));
  return std::move(result).value();
}

}  // namespace

TEST_CASE("every published case fits or not as published, and engines' caches and weights are within 15 %") {
  const DiskFileReader files;
  const std::string folder = STARGATE_SOURCE_DIR "/catalogue";
  const Catalogue catalogue = must(load_catalogue(files, folder));
  const auto cases = must(load_published_cases(files, folder + "/published_cases.yaml", catalogue));
  for (const PredictedFigure& p : must(validate_cases(cases, 0, {files, folder})).figures) {
    CAPTURE(p.of->name);
    CAPTURE(p.figure->path);
    CAPTURE(p.error_text());
    const bool engine = p.of->question->name() != "train";
    if (p.figure->is_yes_or_no || engine) CHECK(p.is_right(0.15));
  }
}
