// Published figures of catalogue/published_costs.csv and how near the shipped records come.
//   SemiAnalysis, InferenceX constants of April 2026: dollars a GPU-hour of seven chips and two owners, all-in kW.
//   Latent Space, cost sheet of August 2024: switches and capital of H100 clusters of 512 to 65,536.
//   Bernstein, October 2025: what a gigawatt of GB200 racks costs and where it goes.
// Rates, lives and the PUE were chosen on the first of these: it is calibration there, a test elsewhere.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "stargate/measured/published_cost.hpp"

using namespace stargate;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(format_diagnostics(result.faults()));
  return std::move(result).value();
}

const std::vector<PredictedCost>& rows() {
  const DiskFileReader files;
  const std::string folder = STARGATE_SOURCE_DIR "/catalogue";
  static const Catalogue catalogue = must(load_catalogue(files, folder));
  static const auto published = must(load_published_costs(files, folder, catalogue));
  static const CostValidation validation = validate_cost(catalogue, published, 0);
  return validation.rows;
}

/// Rows further off than `tolerance`, as "figure of system".
std::set<std::string> beyond(const std::string& figure, double tolerance) {
  std::set<std::string> out;
  for (const auto& p : rows()) {
    if (p.row->figure == figure && p.row->stated == "stated" && std::abs(p.error()) > tolerance) {
      out.insert(fmt::format("{} {} {:.0f}", p.row->system, p.row->owner, p.row->cluster));
    }
  }
  return out;
}

double predicted(const std::string& system, const std::string& owner) {
  for (const auto& p : rows()) {
    if (p.row->figure == "gpu_hour_usd" && p.row->system == system && p.row->owner == owner) return p.mid;
  }
  FAIL("no such row");
  return 0;
}

}  // namespace

TEST_CASE("a GPU-hour of every chip and owner is within a tenth of what is published") {
  CHECK(beyond("gpu_hour_usd", 0.10) == std::set<std::string>{});
}

TEST_CASE("GB200 is dearer than B200, and a neocloud's hour than a hyperscaler's") {
  CHECK(predicted("gb200-nvl72", "hyperscaler") > predicted("hgx-b200", "hyperscaler"));
  CHECK(predicted("gb200-nvl72", "neocloud") > predicted("hgx-b200", "neocloud"));
  for (const auto& p : rows()) {
    if (p.row->figure != "gpu_hour_usd" || p.row->owner != "hyperscaler") continue;
    CHECK(predicted(p.row->system, "neocloud") > p.mid);
  }
}

TEST_CASE("all-in power of an accelerator is within a twentieth, but for B200, whose node is listed at its most") {
  CHECK(beyond("gpu_power_kw", 0.05) == std::set<std::string>{"hgx-b200 hyperscaler 16384"});
}

TEST_CASE("switches are those of the cost sheet, and so is the capital of a cluster") {
  CHECK(beyond("switches", 1e-9) == std::set<std::string>{});
  CHECK(beyond("cluster_gpu_usd", 0.05) == std::set<std::string>{});
}
