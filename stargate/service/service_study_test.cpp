// A service's study: the shipped one holds together and keeps data in its country; faults name their place.
#include <doctest/doctest.h>

#include "stargate/service/service_study.hpp"

namespace stargate {
namespace {

const std::string kStudy = STARGATE_SOURCE_DIR "/studies/crystal-intelligence.yaml";

const Catalogue& shipped() {
  static const Catalogue catalogue = [] {
    auto loaded = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    REQUIRE(loaded.ok());
    return std::move(*loaded);
  }();
  return catalogue;
}

ServiceStudySpec load(const std::vector<Override>& changes = {}) {
  auto study = load_service_study(DiskFileReader(), kStudy, shipped(), changes);
  REQUIRE_MESSAGE(study.ok(), format_diagnostics(study.ok() ? Diagnostics{} : study.faults()));
  return *study;
}

ServiceStudyAnswer run(const ServiceStudySpec& study, int threads) {
  ServiceStudyOptions options;
  options.threads = threads;
  options.price = [](const System&) { return 3 * dollar / hour; };
  options.progress = [](const std::string&) {};
  auto answer = run_service_study(shipped(), study, options);
  REQUIRE(answer.ok());
  return std::move(*answer);
}

Diagnostics faults_of(const std::string& from, const std::string& to) {
  auto text = DiskFileReader().read(kStudy);
  REQUIRE(text.ok());
  const std::size_t at = text->find(from);
  REQUIRE(at != std::string::npos);
  text->replace(at, from.size(), to);
  const auto study = parse_service_study("s.yaml", *text, shipped());
  REQUIRE(!study.ok());
  return study.faults();
}

TEST_CASE("the shipped service is sized, serves everybody in their country, and costs what its machines cost") {
  ServiceStudySpec study = load();
  study.duration = 10.0 * minute;
  const ServiceStudyAnswer answer = run(study, 2);
  REQUIRE(answer.served);
  const TenantReport all = answer.report.all();
  CHECK(all.answered() == all.arrived);
  CHECK(all.cost.base() == doctest::Approx(answer.report.cost().base()).epsilon(1e-9));
  for (std::size_t t = 0; t < study.tenants.size(); ++t) {
    for (std::size_t r = 0; r < answer.fleet.regions.size(); ++r) {
      if (answer.report.tenants[t].by_region[r] == 0) continue;
      CHECK(answer.fleet.regions[r].country == study.tenants[t].residency[0]);
    }
    CHECK(answer.report.tenants[t].answered() > 0);
  }
  for (const auto& site : answer.sites) {
    if (site.sized) CHECK(site.sized->at_load.meets());
  }
  const ServiceStudyAnswer alone = run(study, 1);  // as many threads as there are, or one: the same day
  CHECK(answer.report.cost() == alone.report.cost());
  CHECK(answer.report.energy() == alone.report.energy());
  REQUIRE(answer.report.tenants.size() == alone.report.tenants.size());
  for (std::size_t t = 0; t < answer.report.tenants.size(); ++t) {
    CHECK(answer.report.tenants[t].met_targets == alone.report.tenants[t].met_targets);
    CHECK(answer.report.tenants[t].ttft.quantile(0.99) == alone.report.tenants[t].ttft.quantile(0.99));
  }
}

TEST_CASE("a site with too little room says how much is missing") {
  ServiceStudySpec study = load();
  study.sites[2].most_accelerators = 2;
  const ServiceStudyAnswer answer = run(study, 1);
  CHECK(!answer.served);
  CHECK(answer.sites[2].why_not.find("more than may stand there") != std::string::npos);
}

TEST_CASE("a study of the other kind is told to its own command") {
  const auto wrong = load_service_study(DiskFileReader(), STARGATE_SOURCE_DIR "/studies/stargate.yaml", shipped());
  REQUIRE(!wrong.ok());
  REQUIRE(wrong.faults().size() == 1);
  CHECK(wrong.faults()[0].hint.find("stargate plan") != std::string::npos);
}

TEST_CASE("faults of a service's study name the field and the remedy") {
  CHECK(faults_of("router: prefix-aware", "router: nearest")[0].path == "operation.router");
  const auto residency = faults_of("residency: [Korea]", "residency: [France]");
  CHECK(residency[0].path == "tenants[4].residency");
  CHECK(residency[0].hint == "its sites are in: Japan, Korea");
  CHECK(faults_of("home: japan-osaka", "home: mars")[0].message.find("no route from 'mars'") != std::string::npos);
  CHECK(faults_of("seats: 60000", "seat: 60000")[0].message.find("seat") != std::string::npos);
  CHECK(faults_of("output: lognormal(450, 0.9)", "output: lognormal(450)")[0].hint.find("lognormal(mean") !=
        std::string::npos);
  CHECK(faults_of("model: qwen3-235b-a22b", "model: qwen9")[0].path == "model");
}

}  // namespace
}  // namespace stargate
