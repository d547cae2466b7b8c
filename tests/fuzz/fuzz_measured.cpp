// Any text as each table of measured runs: rows of training, of serving, runs request by request, and published costs.
// What is read is turned into the run it states (not simulated: that takes as long as the run is).
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/measured/published_cost.hpp"
#include "stargate/measured/request_replay.hpp"
#include "stargate/measured/serving_run.hpp"
#include "stargate/measured/training_run.hpp"

namespace {

struct OneText final : stargate::FileReader {
  std::string text;
  stargate::Result<std::string> read(const std::string&) const override { return text; }
  std::vector<std::string> list(const std::string&, const std::string&) const override { return {}; }
};

/// Rows are made one by one: what thousands of copies of a row take is no finding.
template <class Row>
std::span<const Row> first_of(const std::vector<Row>& rows) {
  return std::span(rows).first(std::min<std::size_t>(rows.size(), 30));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const stargate::Catalogue catalogue =
      stargate::load_catalogue(stargate::DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue").value();
  static stargate::ServiceMaker maker(catalogue);
  stargate::AcceleratorLaws laws(catalogue);
  OneText file;
  file.text.assign(reinterpret_cast<const char*>(bytes), size);
  const auto training = stargate::load_measured_rows(file, "training.csv");
  if (training.ok()) {
    for (const auto& row : first_of(*training)) static_cast<void>(stargate::make_measured_run(row, catalogue, laws));
  } else {
    static_cast<void>(stargate::format_diagnostics(training.faults()));
  }
  const auto serving = stargate::load_measured_serving(file, "serving.csv");
  if (serving.ok()) {
    for (const auto& row : first_of(*serving)) static_cast<void>(maker.make(row));
  }
  const auto costs = stargate::load_published_costs(file, "", catalogue);
  if (costs.ok()) static_cast<void>(stargate::validate_cost(catalogue, *costs, 1));
  static_cast<void>(stargate::load_measured_requests(file, "requests.csv").ok());
  return 0;
}
