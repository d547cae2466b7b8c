// Faults of a table of published costs, each with its line, and what a range means.
#include "stargate/measured/published_cost.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

struct OneText final : FileReader {
  std::string text;
  Result<std::string> read(const std::string&) const override { return text; }
  std::vector<std::string> list(const std::string&, const std::string&) const override { return {}; }
};

Catalogue small_catalogue() {
  Catalogue catalogue;
  catalogue.sources["sheet"];
  Network& network = catalogue.networks["net"];
  network.bandwidth = 50 * gigabyte / second, network.switch_radix = 64;
  catalogue.accelerators["chip"].scale_out_bandwidth = 50 * gigabyte / second;
  System& system = catalogue.systems["box"];
  system.accelerator = "chip", system.scale_out = "net", system.power = 8 * kilowatt;
  system.price = {8e3 * dollar, 16e3 * dollar, 24e3 * dollar};
  Owner& owner = catalogue.owners["tenant"];
  owner.system_life = owner.network_life = owner.storage_life = 4 * year;
  owner.colocation = 73 * dollar / (kilowatt * month);
  return catalogue;
}

Result<std::vector<PublishedCost>> rows_of(const std::string& lines) {
  OneText file;
  file.text = "figure,system,owner,cluster,low,high,stated,source\n" + lines;
  static const Catalogue catalogue = small_catalogue();
  return load_published_costs(file, "here", catalogue);
}

}  // namespace

TEST_CASE("a line that names nothing known is told with its line and column") {
  const auto rows = rows_of(
      "gpu_hour_usd,box,tenant,512,1,1,stated,sheet\n"
      "gpu_hour_eur,bax,nobody,0,2,1,guessed,\n");
  REQUIRE(!rows.ok());
  CHECK(rows.faults().size() == 7);
  for (const auto& fault : rows.faults()) CHECK(fault.line == 3);
}

TEST_CASE("what is published as a range is met anywhere in it, and missed from its near end") {
  const Catalogue catalogue = small_catalogue();
  const auto rows = rows_of(
      "gpu_power_kw,box,tenant,512,0.9,1.1,stated,sheet\n"
      "gpu_power_kw,box,tenant,512,0.5,0.8,stated,sheet\n"
      "switches,box,tenant,512,8,8,stated,sheet\n");
  REQUIRE(rows.ok());
  const CostValidation validation = validate_cost(catalogue, *rows, 1);
  CHECK(validation.rows[0].error() == 0);
  CHECK(validation.rows[1].error() == doctest::Approx(0.25));
  CHECK(validation.rows[2].error() == doctest::Approx(0).epsilon(1e-12));
  REQUIRE(validation.report.worst.size() == 1);
  CHECK(validation.report.worst[0].measured == doctest::Approx(0.8));
}

TEST_CASE("an hour is told at each end of the price of the system") {
  const Catalogue catalogue = small_catalogue();
  const auto rows = rows_of("gpu_hour_usd,box,tenant,512,1,1,placeholder,sheet\n");
  REQUIRE(rows.ok());
  const PredictedCost hour = validate_cost(catalogue, *rows, 0).rows[0];
  // 1, 2 and 3 k$ an accelerator and 1.25 % of storage over four years without interest; 0.1 $ a kW and hour
  CHECK(hour.low == doctest::Approx(1012.5 / 4 / 8760 + 0.1));
  CHECK(hour.mid == doctest::Approx(2025.0 / 4 / 8760 + 0.1));
  CHECK(hour.high == doctest::Approx(3037.5 / 4 / 8760 + 0.1));
}
