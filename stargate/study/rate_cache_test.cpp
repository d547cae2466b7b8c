// Which changes of the catalogue ask for a new rate, and which do not.
#include "stargate/study/rate_cache.hpp"

#include <doctest/doctest.h>

#include "stargate/base/file_reader.hpp"

using namespace stargate;

namespace {

const std::string kFolder = STARGATE_SOURCE_DIR "/catalogue";

StudyServiceSpec assistant() {
  StudyServiceSpec out;
  out.service = "assistant", out.asked = "as written";
  out.kind = ServiceKind::serving, out.model = "llama-3.1-8b";
  out.isl = 1000, out.osl = 100;
  out.ttft = 500.0 * millisecond, out.tpot = 30.0 * millisecond;
  return out;
}

StudyServiceSpec pretraining() {
  StudyServiceSpec out;
  out.service = "pretraining", out.asked = "as written";
  out.kind = ServiceKind::training, out.model = "llama-3.1-8b";
  return out;
}

Catalogue load(const CatalogueChanges& changes) {
  auto catalogue = load_catalogue(DiskFileReader(), kFolder, changes);
  if (!catalogue) FAIL(format_diagnostics(catalogue.faults()));
  return std::move(*catalogue);
}

struct Entries {
  std::string serving, training;
};

/// Of both services on HGX H100, in the catalogue with these changes.
Entries entries(const CatalogueChanges& changes = {}, const StudyServiceSpec& serving = assistant()) {
  const Catalogue catalogue = load(changes);
  const System& system = catalogue.systems.at("hgx-h100");
  const RateCache cache("kept", DiskFileReader(), kFolder, changes);
  const auto path = [&](const StudyServiceSpec& service) {
    return cache.path({service, system, rate_basis(catalogue, service, system)});
  };
  return {path(serving), path(pretraining())};
}

CatalogueChanges set(const std::string& path, const std::string& value) { return {{{path, value}}, {}}; }
CatalogueChanges without(const std::string& name) { return {{}, {name}}; }

}  // namespace

TEST_CASE("a rate is found again under changes of records it does not depend on, and of prices") {
  const Entries usual = entries();
  CHECK(usual.serving != usual.training);
  const CatalogueChanges others{
      {{"accelerator:mi300x.memory_bandwidth", "x2"}, {"accelerator:h200-sxm.memory_bandwidth", "x2"},
       {"system:hgx-h200.scale_up_domain", "4"}, {"network:infinity-fabric-mi300x.bandwidth", "x2"},
       {"memory:hbm3e-8hi.pin_rate", "x2"}, {"architecture:blackwell.memory_share", "x0.9"},
       {"cpu:grace.cores", "x2"}, {"site:abilene.announced_power", "x2"}, {"system:hgx-h100.price", "x2"},
       {"accelerator:h100-sxm.price.mid", "30 k$"}, {"memory:hbm3.price", "x2"}},
      {"model:gpt-oss-120b", "supplier:samsung", "calibration:mi300x.collective"}};
  const Entries changed = entries(others);
  CHECK(changed.serving == usual.serving);
  CHECK(changed.training == usual.training);
  CHECK(entries(set("training:coefficients.sustained", "x1.01")).serving == usual.serving);
  CHECK(entries(set("engine:vllm-0.14.request_overhead", "x2")).training == usual.training);
}

TEST_CASE("a rate is made again under a change of any record it depends on") {
  const Entries usual = entries();
  for (const auto& change :
       {set("accelerator:h100-sxm.memory_bandwidth", "x2"), set("system:hgx-h100.scale_up_domain", "4"),
        set("network:nvlink4.latency", "x2"), set("network:infiniband-ndr.bandwidth", "x2"),
        set("memory:hbm3.pin_rate", "x2"), set("architecture:hopper.memory_share", "x0.9"),
        set("architecture:ampere.memory_share", "x0.9"), set("architecture:tpu-v4.family", "hopper"),
        set("calibration:l40s.gemm.date", "2026-01-01"), set("calibration:mi300x.gemm.date", "2026-01-01"),
        without("calibration:h100-sxm.gemm")}) {
    CAPTURE((change.set.empty() ? change.without.front() : change.set.front().path));
    const Entries changed = entries(change);
    CHECK(changed.serving != usual.serving);
    CHECK(changed.training != usual.training);
  }
  CHECK(entries(set("training:coefficients.sustained", "x1.01")).training != usual.training);
  CHECK(entries(set("engine:vllm-0.14.request_overhead", "x2")).serving != usual.serving);
  CHECK(entries(without("engine:sglang-0.5.6")).serving != usual.serving);
  StudyServiceSpec longer = assistant();
  longer.asked = "with longer answers";
  CHECK(entries({}, longer).serving != usual.serving);
}

TEST_CASE("a rate at one end of a range is not taken for that at another") {
  const Catalogue catalogue = load({});
  const System& system = catalogue.systems.at("openai-xpu-rack");
  const StudyServiceSpec service = assistant();
  const RateCache cache("kept", DiskFileReader(), kFolder, {});
  std::set<std::string> paths;
  for (const Confidence confidence : {Confidence::low, Confidence::mid, Confidence::high}) {
    paths.insert(cache.path({service, system, rate_basis(catalogue, service, system), confidence}));
  }
  CHECK(paths.size() == 3);
}

TEST_CASE("machines rated from the records named do as they do from the whole catalogue, whatever the prices are") {
  const Catalogue whole = load({}), dearer = load(set("system:hgx-h100.price", "x2"));
  StudyServiceSpec service = assistant();
  service.engine = "vllm", service.mode = FleetMode::aggregated;
  for (const char* system : {"hgx-h100", "gb300-nvl72", "openai-xpu-rack"}) {  // measured, no worse than others, neither
    CAPTURE(system);
    const auto rate = [&](const Catalogue& catalogue) {
      auto found = rate_serving(catalogue, service, catalogue.systems.at(system));
      REQUIRE(found.ok());
      return found->per_accelerator.base();
    };
    const RateBasis basis = rate_basis(dearer, service, dearer.systems.at(system));
    const double usual = rate(whole);
    CHECK(usual > 0);
    CHECK(rate(catalogue_part(dearer, basis)) == usual);
  }
}
