// How a fabric finds its collectives' coefficients: fitted ones of the catalogue by collective and network, the
// engine's own all-reduce when asked, literature for what nobody measured.
#include "stargate/perf/fabric.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

CalibratedGroup group_of(const std::string& engine, const std::string& precision, double launch_us) {
  CalibratedGroup group;
  group.law = "collective", group.device = "chip", group.engine = engine, group.version = "1",
  group.precision = precision;
  const bool across = precision.find("across") != std::string::npos;
  group.coefficients[across ? "across_launch_us" : "launch_us"] = launch_us;
  return group;
}

struct Shop {
  Catalogue catalogue;
  System system;
};

Shop make_shop(const std::vector<CalibratedGroup>& groups, int domain = 8) {
  Shop shop;
  Accelerator chip;
  chip.id = "chip", chip.vendor = "V";
  chip.scale_up_bandwidth = 450 * gigabyte / second;
  chip.scale_out_bandwidth = 50 * gigabyte / second;
  Network up, out;
  up.id = "up", out.id = "out";
  shop.catalogue.accelerators["chip"] = chip;
  shop.catalogue.networks["up"] = up, shop.catalogue.networks["out"] = out;
  Calibration calibration;
  calibration.id = "chip.collective", calibration.device = "chip", calibration.law = "collective";
  calibration.groups = groups;
  if (!groups.empty()) shop.catalogue.calibrations["chip.collective"] = calibration;
  shop.system.id = "box", shop.system.accelerator = "chip";
  shop.system.scale_up = "up", shop.system.scale_out = "out", shop.system.scale_up_domain = domain;
  return shop;
}

double small_us(const Fabric& fabric, Collective c, int ranks) {
  return collective_time(fabric, c, 64 * byte, {ranks, std::min(ranks, fabric.domain)}).in(microsecond);
}

}  // namespace

TEST_CASE("without calibrations a fabric rests on specification and literature") {
  const Shop shop = make_shop({});
  const auto fabric = make_fabric(shop.catalogue, shop.system);
  REQUIRE(fabric.ok());
  CHECK(fabric->coefficients == nullptr);
  CHECK(fabric->origin == LawOrigin::specification);
}

TEST_CASE("fitted collectives take their own coefficients, the others the literature's") {
  const Shop shop =
      make_shop({group_of("nccl", "all_reduce", 100), group_of("nccl-tests", "all_reduce.across.rdma", 200)});
  const Shop plain = make_shop({});
  const auto fabric = make_fabric(shop.catalogue, shop.system), bare = make_fabric(plain.catalogue, plain.system);
  REQUIRE(fabric.ok());
  CHECK(fabric->origin == LawOrigin::fitted);
  CHECK(small_us(*fabric, Collective::all_reduce, 8) > 100);
  CHECK(small_us(*fabric, Collective::all_reduce, 16) > 200);
  CHECK(small_us(*fabric, Collective::all_gather, 8) == doctest::Approx(small_us(*bare, Collective::all_gather, 8)));
  CHECK(small_us(*fabric, Collective::all_gather, 16) == doctest::Approx(small_us(*bare, Collective::all_gather, 16)));
}

TEST_CASE("a serving engine brings its own all-reduce, and only its own") {
  const Shop shop = make_shop({group_of("nccl", "all_reduce", 100), group_of("vllm", "custom_all_reduce.graph", 3)});
  CHECK(small_us(*make_fabric(shop.catalogue, shop.system, "vllm"), Collective::all_reduce, 8) < 30);
  CHECK(small_us(*make_fabric(shop.catalogue, shop.system, "sglang"), Collective::all_reduce, 8) > 100);
  CHECK(small_us(*make_fabric(shop.catalogue, shop.system), Collective::all_reduce, 8) > 100);
}

TEST_CASE("racks of many hosts use what was measured between racks, hosts what was measured between hosts") {
  const std::vector<CalibratedGroup> groups = {group_of("nccl-tests", "all_reduce.across.rdma", 50),
                                               group_of("nccl-tests", "all_reduce.across.rdma.rack", 300)};
  const Shop hosts = make_shop(groups, 8), racks = make_shop(groups, 72);
  CHECK(small_us(*make_fabric(hosts.catalogue, hosts.system), Collective::all_reduce, 144) < 300);
  CHECK(small_us(*make_fabric(racks.catalogue, racks.system), Collective::all_reduce, 144) > 300);
}

TEST_CASE("oversubscription slows what crosses domains and nothing inside") {
  const Shop shop = make_shop({});
  Fabric fabric = *make_fabric(shop.catalogue, shop.system);
  const Duration inside = collective_time(fabric, Collective::all_to_all, 1 * gigabyte, {8, 8});
  const Duration across = collective_time(fabric, Collective::all_to_all, 1 * gigabyte, {64, 8});
  fabric.oversubscription = 2;
  CHECK(collective_time(fabric, Collective::all_to_all, 1 * gigabyte, {8, 8}) == inside);
  CHECK(collective_time(fabric, Collective::all_to_all, 1 * gigabyte, {64, 8}) / across ==
        doctest::Approx(2).epsilon(0.05));
}
