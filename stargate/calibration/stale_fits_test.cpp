// Coefficients in the catalogue still predict the kernels as they did when they were fitted. They would not where a
// law, or another law that theirs asks, was changed and not fitted again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "stargate/calibration/calibrate.hpp"
#include "tests/measured_data.hpp"

using namespace stargate;

TEST_SUITE_BEGIN("measured data");

TEST_CASE("what a fit left behind predicts its table no worse than it did then") {
  const auto folder = measured_data("kernels");
  if (!folder) return;
  auto catalogue = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
  REQUIRE(catalogue.ok());
  constexpr double kWorse = 3;  // percent: rows held out and rows passed over are judged too
  constexpr int kMany = 100;       // rows, of which neither is many
  const auto laws = make_law_fits(*catalogue);
  int judged = 0;
  for (const auto& law : laws) {
    const auto report = validate_kernels(*catalogue, laws, {{*folder, {}, {}, {law->law()}}, Hidden::nothing, 0}, {});
    for (const ValidationGroup& group : report.groups) {
      const auto file = catalogue->calibrations.find(group.key.accelerator + "." + law->law());
      if (file == catalogue->calibrations.end()) continue;
      for (const CalibratedGroup& fitted : file->second.groups) {
        const bool same = fitted.engine == group.key.engine && fitted.precision == group.key.precision &&
                          group.key.source.ends_with("." + fitted.engine + "-" + fitted.version);
        if (!same || group.errors.rows < kMany) continue;
        ++judged;
        CHECK_MESSAGE(group.errors.median_pct <= fitted.used.median_pct + kWorse,
                      fmt::format("{} {}: {:.1f} %, when it was fitted {:.1f} %; run `stargate calibrate --kernels`",
                                  group.key.source, fitted.precision, group.errors.median_pct, fitted.used.median_pct));
      }
    }
  }
  CHECK(judged > 500);
}

TEST_SUITE_END();
