// Quantities: what the arithmetic gives, and what people write, word for word as they see it.
#include <doctest/doctest.h>

#include <cmath>

#include "stargate/units/quantity.hpp"
#include "stargate/units/text.hpp"

using namespace stargate;

namespace {
template <Dim D>
double parsed(const char* text) {
  auto result = parse_quantity<D>(text);
  auto* q = std::get_if<Quantity<D>>(&result);
  REQUIRE_MESSAGE(q != nullptr, text);
  return q->base();
}
template <Dim D>
std::string fault(const char* text) {
  auto result = parse_quantity<D>(text);
  auto* f = std::get_if<QuantityFault>(&result);
  REQUIRE_MESSAGE(f != nullptr, text);
  return f->message;
}
constexpr Dim kRate{.byte = 1, .second = -1};
constexpr Dim kMoney{.dollar = 1};
constexpr Dim kTime{.second = 1};
}  // namespace

TEST_CASE("quantities keep their dimension through arithmetic") {
  const Duration t = (80 * gigabyte) / (3.35 * terabyte / second);
  CHECK(t.in(millisecond) == doctest::Approx(23.88).epsilon(1e-3));
  const double ratio = (2.0 * gigabyte) / (1.0 * gigabyte);
  CHECK(ratio == 2.0);
  static_assert(std::is_same_v<decltype(watt * second), Energy>);
  CHECK((1000.0 * watt * hour).in(kilowatt_hour) == doctest::Approx(1.0));
}

TEST_CASE("texts with units are read in base units") {
  CHECK(parsed<kRate>("3.35 TB/s") == doctest::Approx(3.35e12));
  CHECK(parsed<kRate>("400 Gb/s") == doctest::Approx(50e9));
  CHECK(parsed<kRate>("1 GiB/s") == doctest::Approx(1073741824.0));
  CHECK(parsed<kMoney>("500 B$") == doctest::Approx(5e11));
  CHECK(parsed<kMoney>("3.4 M$") == doctest::Approx(3.4e6));
  CHECK(parsed<kMoney>("28,000 $") == doctest::Approx(28000));
  CHECK(parsed<kTime>("18 months") == doctest::Approx(1.5 * year.base()));
  CHECK(parsed<kTime>("2us") == doctest::Approx(2e-6));
  CHECK(parsed<(Dim{.joule = -1, .dollar = 1})>("6.6 c/kWh") == doctest::Approx(0.066 / 3.6e6));
  CHECK(parsed<(Dim{.dollar = 1, .token = -1})>("2 $/Mtok") == doctest::Approx(2e-6));
  CHECK(parsed<(Dim{.byte = -1, .joule = 1})>("3.9 pJ/b") == doctest::Approx(31.2e-12));
  CHECK(parsed<(Dim{.second = -1})>("12 req/s") == doctest::Approx(12));
}

TEST_CASE("thousands are groups of three, and nothing else that has a comma is a number") {
  CHECK(parse_plain_number("1,234,567") == 1234567);
  CHECK(parse_plain_number("1_000") == 1000);
  CHECK(parse_plain_number("+2.5e-4") == 2.5e-4);
  for (const char* text : {"0,5", "1,23", "1234,567", "1,2345", ",5", "5,", "1__000", "nan", "inf", "-inf", "1e999", "",
                           "-", "0x10", "1 2"}) {
    CHECK_FALSE_MESSAGE(parse_plain_number(text), text);
  }
  CHECK(fault<kMoney>("0,5 B$").starts_with("'0,5 B$' does not start with a number"));
}

TEST_CASE("figures beyond all reason are refused, whatever they measure") {
  CHECK(fault<kTime>("6000000000000 months") ==
        "'6000000000000 months' is more than any figure of its kind, at most 1e+06 years");
  CHECK(fault<kMoney>("1e300 $").find("more than any figure") != std::string::npos);
  CHECK(fault<kMoney>((std::string(100'000, '9') + " $").c_str()).size() < 200);
}

TEST_CASE("a figure that is none is said in words") {
  CHECK(format_quantity_base(std::nan(""), kMoney) == "n/a");
  CHECK(format_quantity_base(1e308 * 10, kTime) == "unlimited");
}

TEST_CASE("a text that is no quantity says why and shows an example") {
  CHECK(fault<kRate>("3.35") == "'3.35' has no unit; a data rate is due here, such as \"3.35 TB/s\"");
  CHECK(fault<kRate>("3 GBs") == "'GBs' is not a unit; a data rate is due here, such as \"3.35 TB/s\"");
  CHECK(fault<kRate>("700 W") == "'700 W' is in a power; a data rate is due here, such as \"3.35 TB/s\"");
  CHECK(fault<kMoney>("much") ==
        "'much' does not start with a number; an amount of money is due here, such as \"40 k$\"");
  CHECK(fault<kRate>("1e400 B/s").starts_with("'1e400 B/s' does not start with a number"));
}

TEST_CASE("formatting picks the prefix, and reads back as the same quantity") {
  CHECK(format_quantity(3.35 * terabyte / second) == "3.35 TB/s");
  CHECK(format_quantity(500 * billion_dollars) == "500 B$");
  CHECK(format_quantity(0.066 * dollar / kilowatt_hour) == "0.066 $/kWh");
  CHECK(format_quantity(1.5 * microsecond) == "1.5 us");
  CHECK(format_quantity(365 * day) == "365 days");
  CHECK(format_quantity(10.0 * hour) == "10 h");
  CHECK(format_quantity(Money{}) == "0 $");
  CHECK(format_quantity(1234.0 * dollar / million_tokens) == "1234 $/Mtok");
  CHECK(parsed<kRate>(format_quantity(50 * gigabyte / second).c_str()) == doctest::Approx(50e9));
}
