// A value says where it comes from, and a coefficient that it was fitted, in fields of its own.
#include "stargate/catalogue/source.hpp"

#include <doctest/doctest.h>

#include "stargate/catalogue/architecture.hpp"
#include "stargate/catalogue/training_coefficients.hpp"

namespace stargate {
namespace {

Result<Architecture> read(const std::string& note) {
  auto document = parse_yaml("x.yaml", "name: X\nlaunch: 20 us\nsources:\n  launch: " + note + "\n");
  if (!document) return document.faults();
  return read_record<Architecture>(*document);
}

TEST_CASE("a coefficient that a fit gave says so in a field, beside what it was fitted to") {
  const auto fitted = read("{fitted: true, assumption: \"published serving\"}");
  REQUIRE(fitted.ok());
  CHECK(fitted->sources.at("launch").fitted);
  CHECK(format_source_note(fitted->sources.at("launch")) == "fitted: published serving");
  const auto assumed = read("{assumption: \"fit; an older way to say it\"}");
  REQUIRE(assumed.ok());
  CHECK_FALSE(assumed->sources.at("launch").fitted);
}

TEST_CASE("fitted needs what it was fitted to, and a truth value") {
  CHECK_FALSE(read("{fitted: true}").ok());
  CHECK_FALSE(read("{fitted: perhaps, assumption: why}").ok());
  CHECK_FALSE(read("{fitted: true, assumption: why, source: x}").ok());
}

}  // namespace
}  // namespace stargate
