// Rates of a job from the shipped fleets: what grows with what, which fleet is taken, and what early failures add.
#include "stargate/training/failures.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader{}, STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(result).value();
  }();
  return loaded;
}

JobFailures failures_of(const FailureSpec& spec) {
  auto result = job_failures(catalogue(), spec);
  if (!result) FAIL(format_diagnostics(result.faults()));
  return std::move(result).value();
}

}  // namespace

TEST_CASE("an accelerator's own fleet is taken, else the newest that tells its causes, never an estimate") {
  CHECK(*choose_fleet(catalogue(), "h100-sxm") == "llama-3-h100");
  CHECK(*choose_fleet(catalogue(), "a100-sxm-80gb") == "rsc-1-a100");
  CHECK(*choose_fleet(catalogue(), "h200-sxm") == "llama-3-h100");
  CHECK(*choose_fleet(catalogue(), "gb200") == "llama-3-h100");
}

TEST_CASE("rates grow with accelerators, hosts' with nodes") {
  const auto whole = failures_of({.accelerator = "h100-sxm", .accelerators = 16384});
  const auto half = failures_of({.accelerator = "h100-sxm", .accelerators = 8192});
  CHECK((54 * day) * whole.total() == doctest::Approx(419));
  CHECK(half.total() / whole.total() == doctest::Approx(0.5));
  CHECK((54 * day) * whole.planned == doctest::Approx(47));
  CHECK(half.planned == whole.planned);
  // 46 of 419 belong to hosts: trays of four accelerators have twice as many.
  const auto trays = failures_of({.accelerator = "gb200", .accelerators = 16384, .accelerators_per_node = 4});
  CHECK((54 * day) * trays.total() == doctest::Approx(419 + 46));
  CHECK(whole.node_share() == doctest::Approx((148 + 72 + 32 + 19 + 17 + 6 + 6 + 3 + 3 + 2 + 2 + 2 + 2) / 419.0));
}

TEST_CASE("a fleet without causes borrows their shares and keeps its own rate") {
  const auto job = failures_of({.accelerator = "a100-sxm-80gb", .accelerators = 16384});
  CHECK(job.causes_of == "llama-3-h100");
  CHECK((1000 * day) * job.total() == doctest::Approx(6.5 * 2048));
}

TEST_CASE("a young fleet fails more, and in the mean over a long run its early failures are counted once") {
  const FailureSpec grown{.accelerator = "h100-sxm", .accelerators = 1000};
  FailureSpec young = grown;
  young.age = Duration{}, young.run = 3000 * day;
  const Frequency extra = failures_of(young).total() - failures_of(grown).total();
  CHECK((3000 * day) * extra == doctest::Approx(60));  // 6 % of them
  young.run = {};
  CHECK(failures_of(young).total() > 3 * failures_of(grown).total());
  young.age = 1 * year;
  CHECK(failures_of(young).total() / failures_of(grown).total() == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("fleets' rates differ by a factor of about two either way") {
  CHECK(std::exp(fleet_spread(catalogue())) > 1.5);
  CHECK(std::exp(fleet_spread(catalogue())) < 3);
}

TEST_CASE("what one fleet does not tell of recovery is taken from the others") {
  const auto llama = recovery_times(catalogue(), "llama-3-h100");
  REQUIRE(llama.ok());
  CHECK(llama->detection == 10 * minute);
  CHECK(llama->storage_bandwidth == 122 * megabyte / second);
  CHECK(recovery_times(catalogue(), "bloom-176b-a100")->storage_bandwidth == 150 * megabyte / second);
}

TEST_CASE("an unknown fleet and one without a rate are faults that say what to do") {
  const auto unknown = job_failures(catalogue(), {.fleet = "llama-3-h10", .accelerator = "h100-sxm"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.faults()[0].hint.find("llama-3-h100") != std::string::npos);
  CHECK_FALSE(job_failures(catalogue(), {.fleet = "meta-ft-hsdp-h100", .accelerator = "h100-sxm"}).ok());
}
