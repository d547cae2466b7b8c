// Groups, what is left out, worst rows.
#include "stargate/measured/validation_report.hpp"

#include <doctest/doctest.h>

using namespace stargate;

TEST_CASE("a tally groups, counts what it left out and keeps the most wrong rows") {
  ValidationTally tally(1);
  const ValidationKey strict{"paper", "h100-sxm", "megatron", "bf16", "iteration_s", "strict"};
  ValidationKey near = strict;
  near.completeness = "near";
  tally.add(strict, "fitted", 1, 1.1);
  tally.add(near, "fitted", 1, 2);
  tally.skip(strict, "no batch");
  tally.note_worst({"paper", "a", 1, 1.1});
  tally.note_worst({"paper", "b", 1, 2});
  const auto report = tally.report();
  REQUIRE(report.groups.size() == 2);
  CHECK(report.groups[1].rows == 2);
  CHECK(report.groups[1].errors.rows == 1);
  CHECK(report.overall.size() == 2);
  CHECK(report.skipped.at("no batch") == 1);
  REQUIRE(report.worst.size() == 1);
  CHECK(report.worst[0].row == "b");
  CHECK(tally.regroup([](const ValidationKey& key) { return ValidationKey{key.source, {}, {}, {}, {}, {}}; }).size() ==
        1);
}
