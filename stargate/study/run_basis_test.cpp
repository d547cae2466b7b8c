// A service that the plan and a study of its own both describe is one service.
#include "stargate/study/run_basis.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "stargate/base/file_reader.hpp"
#include "stargate/service/service_question.hpp"

using namespace stargate;

namespace {

const std::string kRoot = STARGATE_SOURCE_DIR;

const Catalogue& shipped() {
  static const Catalogue catalogue = [] {
    auto loaded = load_catalogue(DiskFileReader(), kRoot + "/catalogue");
    if (!loaded) FAIL(format_diagnostics(loaded.faults()));
    return std::move(*loaded);
  }();
  return catalogue;
}

/// The files of the disk, one of them with a figure changed.
class ChangedFile : public FileReader {
 public:
  ChangedFile(std::string file, std::string from, std::string to)
      : file_(std::move(file)), from_(std::move(from)), to_(std::move(to)) {}
  Result<std::string> read(const std::string& path) const override {
    auto text = disk_.read(path);
    if (text.ok() && path == file_) {
      const auto at = text->find(from_);
      REQUIRE(at != std::string::npos);
      text->replace(at, from_.size(), to_);
    }
    return text;
  }
  std::vector<std::string> list(const std::string& folder, const std::string& suffix) const override {
    return disk_.list(folder, suffix);
  }

 private:
  DiskFileReader disk_;
  std::string file_, from_, to_;
};

StudyServiceSpec crystal(const FileReader& files) {
  auto study = load_study(files, kRoot + "/studies/stargate.yaml", shipped(), {});
  if (!study) FAIL(format_diagnostics(study.faults()));
  for (const auto& service : study->services) {
    if (service.service == "crystal-intelligence") return service;
  }
  FAIL("the study has no Crystal");
  return {};
}

}  // namespace

TEST_CASE("the plan's Crystal has the traffic, hours, targets and prices of its own study") {
  const StudyServiceSpec plan = crystal(DiskFileReader());
  const auto own = load_service_study(DiskFileReader(), kRoot + "/studies/crystal-intelligence.yaml", shipped());
  REQUIRE(own.ok());
  const ServiceMeans means = service_means(*own);
  const ServingWorkload workload = mean_workload(*own);
  const Quarter when = Quarter::of(2028, 1);
  CHECK(plan.demand.at(when) / means.output == doctest::Approx(plan.times.at(when)));
  for (const BlockSpec& block : plan.blocks) {
    CHECK(block.price.at(when) / means.revenue == doctest::Approx(block.price_times.at(when)));
  }
  CHECK(plan.isl == std::lround(workload.isl));
  CHECK(plan.osl == std::lround(workload.osl));
  CHECK(plan.prefix_share == workload.cached_share);
  CHECK(plan.tpot == own->targets.tpot);
  CHECK(plan.precision == own->precision);
  CHECK(plan.headroom == own->operation.headroom);
  CHECK(plan.residency == std::vector<std::string>{"Japan", "Korea"});
  CHECK(plan.peak_to_mean == own_peak_to_mean(*own, plan.weekend));
  // What they put out in a day, each tenant with its own hours.
  const auto users = own_users(*own);
  REQUIRE(users.size() == 2);
  CHECK(users[0].countries == std::vector<std::string>{"Japan"});
  CHECK(users[0].share + users[1].share == doctest::Approx(1));
}

TEST_CASE("a change of the service's study is a change of the plan") {
  const std::string file = kRoot + "/studies/crystal-intelligence.yaml";
  const StudyServiceSpec as_written = crystal(DiskFileReader());
  const Quarter when = Quarter::of(2028, 1);
  const auto seats = crystal(ChangedFile(file, "seats: 60000", "seats: 120000"));
  CHECK(seats.demand.at(when) > 1.2 * as_written.demand.at(when));
  const auto price = crystal(ChangedFile(file, "seat_price: 120 $/month", "seat_price: 240 $/month"));
  CHECK(price.blocks[0].price.at(when) > 1.1 * as_written.blocks[0].price.at(when));
  const auto hours = crystal(ChangedFile(file, "peak_hour: 11", "peak_hour: 14"));
  CHECK(hours.peak_to_mean > as_written.peak_to_mean);
}

TEST_CASE("what a service's study says cannot be said again by the plan") {
  const std::string file = kRoot + "/studies/stargate.yaml";
  for (const char* again : {"peak_to_mean: 2.5", "isl: 100", "demand: 1 Mtok/s", "residency: [Japan]"}) {
    CAPTURE(again);
    const ChangedFile files(file, "    study: crystal-intelligence.yaml\n",
                            "    study: crystal-intelligence.yaml\n    " + std::string(again) + "\n");
    const auto study = load_study(files, file, shipped(), {});
    CHECK_FALSE(study.ok());
  }
}
