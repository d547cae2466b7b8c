// Laws of whole serving answers: a better machine, a narrower format and a looser target never serve less.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "shipped.hpp"
#include "stargate/sizing/estimate.hpp"

using namespace stargate;

namespace {

constexpr double kRounding = 1 + 1e-9;
// Between machines: each one's collectives are fitted to its own measurements, which differ by some percent.
constexpr double kMeasuredApart = 1.05;
const std::vector<std::string> kModels = {"llama-3.1-70b", "deepseek-v3"};

/// Systems, the better second: chips at least as good in every figure, in domains and on networks no worse.
const std::vector<std::pair<std::string, std::string>> kPairs = {{"hgx-h100", "hgx-h200"},
                                                                 {"gb200-nvl72", "gb300-nvl72"},
                                                                 {"gb300-nvl72", "vera-rubin-nvl72"},
                                                                 {"mi300x-platform", "mi325x-platform"}};

/// Output tokens a second of an accelerator at its best, 0 where none serves.
double best_rate(const std::string& model_id, const std::string& system, Precision weights, double tpot_ms) {
  static std::map<std::string, ServingMachine> machines;
  const Catalogue& catalogue = shipped_catalogue();
  const Model& model = catalogue.models.at(model_id);
  const KernelChoice kernels = kernel_choice(model, "sglang");
  const std::string key = system + (kernels.block_scaled ? "b" : "");
  if (!machines.contains(key)) {
    auto made = make_serving_machine(catalogue, catalogue.systems.at(system), kernels);
    REQUIRE(made.ok());
    machines.emplace(key, std::move(made).value());
  }
  ServingQuestion q;
  q.workload = {2000, 500, 0};
  q.target = {10000 * millisecond, tpot_ms * millisecond};
  q.precision = serving_precision(weights, bytes_per_element(weights) < 2 ? Precision::fp8 : Precision::bf16);
  q.engine = *set_up_engine(catalogue, "sglang");
  q.search.max_accelerators = 32;
  const auto best = best_throughput_per_accelerator(model, machines.at(key), q);
  REQUIRE(best.ok());
  const auto* choice = std::get_if<ServingChoice>(&*best);
  return choice == nullptr ? 0 : choice->output_per_accelerator.base();
}

}  // namespace

TEST_CASE("no fewer tokens are served on a better machine, in a narrower format, or with more time for each") {
  for (const std::string& model : kModels) {
    std::map<std::tuple<std::string, Precision, double>, double> rates;
    std::set<std::string> systems;
    for (const auto& [other, better] : kPairs) systems.insert(other), systems.insert(better);
    for (const std::string& system : systems) {
      const auto& peak = shipped_catalogue().accelerators.at(shipped_catalogue().systems.at(system).accelerator).peak;
      for (const Precision weights : {Precision::bf16, Precision::fp8, Precision::fp4}) {
        if (!peak.contains(weights)) continue;
        double before = 0;
        for (const double tpot : {15.0, 30.0, 100.0}) {
          const double rate = best_rate(model, system, weights, tpot);
          CHECK_MESSAGE(rate * kRounding >= before, fmt::format("{} on {} at {} ms", model, system, tpot));
          before = rates[{system, weights, tpot}] = rate;
        }
      }
    }
    for (const auto& [key, rate] : rates) {
      const auto& [system, weights, tpot] = key;
      const auto wider = rates.find({system, weights == Precision::fp4 ? Precision::fp8 : Precision::bf16, tpot});
      if (weights != Precision::bf16 && wider != rates.end()) {
        CHECK_MESSAGE(rate * kRounding >= wider->second,
                      fmt::format("{} in {} on {} at {} ms: {} of {}", model, precision_name(weights), system, tpot,
                                  rate, wider->second));
      }
    }
    for (const auto& [other, better] : kPairs) {
      for (const auto& [key, rate] : rates) {
        const auto& [system, weights, tpot] = key;
        if (system != other || !rates.contains({better, weights, tpot})) continue;
        const double theirs = rates.at({better, weights, tpot});
        CHECK_MESSAGE(theirs * kMeasuredApart >= rate,
                      fmt::format("{} in {} at {} ms: {} on {}, {} on {}", model, precision_name(weights), tpot, theirs,
                                  better, rate, other));
      }
    }
  }
}
