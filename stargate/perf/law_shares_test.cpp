// What a time rests on, of operators whose laws are known.
#include "stargate/perf/law_shares.hpp"

#include <doctest/doctest.h>

#include "stargate/base/file_reader.hpp"

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto read = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    if (!read) FAIL(format_diagnostics(read.faults()));
    return std::move(*read);
  }();
  return loaded;
}

Operator product() {
  Operator op;
  op.m = 4096, op.n = op.k = 8192;
  return op;
}

Operator norm() {
  Operator op;
  op.kind = OperatorKind::element_wise, op.traffic = 512 * megabyte;
  return op;
}

struct Device {
  DeviceLaw law;
  Fabric fabric;

  explicit Device(const char* system)
      : law(catalogue().accelerators.at(catalogue().systems.at(system).accelerator), catalogue(), "vllm"),
        fabric(*make_fabric(catalogue(), catalogue().systems.at(system))) {}
  LawShares shares(const std::function<Duration(const DeviceLaw&, const Fabric&)>& time) const {
    return law_shares(law, fabric, time);
  }
};

}  // namespace

TEST_CASE("shares are those of the parts: what takes as long as another counts as much") {
  const Device h100("hgx-h100");
  const Duration overhead = h100.law.operator_time(product());
  const LawShares shares = h100.shares([&](const DeviceLaw& law, const Fabric&) {
    return overhead + law.operator_time(product());
  });
  CHECK(shares[LawOrigin::fitted] == doctest::Approx(0.5));
  CHECK(shares.rest() == doctest::Approx(0.5));
  const LawShares element_wise =
      h100.shares([&](const DeviceLaw& law, const Fabric&) { return law.operator_time(norm()); });
  CHECK(element_wise[LawOrigin::specification] == doctest::Approx(1));
}

TEST_CASE("what other work hides counts for nothing, and networks count where their law comes from") {
  const Device h100("hgx-h100");
  const auto sent = [](const Fabric& fabric) {
    return collective_time(fabric, Collective::all_reduce, 1 * megabyte, place_group(fabric, 8, 1));
  };
  const LawShares hidden = h100.shares([&](const DeviceLaw& law, const Fabric& fabric) {
    return max(law.operator_time(product()) * 100, sent(fabric));
  });
  CHECK(hidden[LawOrigin::fitted] == doctest::Approx(1));
  const LawShares network = h100.shares([&](const DeviceLaw&, const Fabric& fabric) { return sent(fabric); });
  CHECK(network[h100.fabric.origin] == doctest::Approx(1));
}

TEST_CASE("products of a device nobody measured rest on what measured devices have in common, or on a lesser one's") {
  const Device xpu("openai-xpu-rack");
  int typical = 0;
  for (const double rows : {1.0, 16.0, 64.0, 256.0, 1024.0, 4096.0}) {
    Operator op = product();
    op.m = rows;
    const LawOrigin origin = xpu.law.operator_parts(op).origin;
    CHECK((origin == LawOrigin::typical || origin == LawOrigin::carried_over));
    const LawShares shares = xpu.shares([&](const DeviceLaw& law, const Fabric&) { return law.operator_time(op); });
    CHECK(shares[origin] == doctest::Approx(1));
    if (origin == LawOrigin::typical) ++typical;
  }
  CHECK(typical > 0);
}
