// Laws between whole systems: one whose chips and networks are at least as good in every figure is never slower in any
// training step, nor, where nobody measured its network, at any collective. Measured networks are as they were
// measured: a rack's long chains take small messages longer than a host's (GB200 up to 2.5 times an H100's).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "shipped.hpp"
#include "stargate/perf/dominance.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/training/step.hpp"

using namespace stargate;

namespace {

constexpr double kRounding = 1 + 1e-9;

const Fabric& fabric_of(const System& system) {
  static std::map<std::string, Fabric> fabrics;
  const auto found = fabrics.find(system.id);
  return found != fabrics.end() ? found->second
                                : fabrics.emplace(system.id, *make_fabric(shipped_catalogue(), system)).first->second;
}

/// `use(better, other)` of all pairs of systems whose networks allow a comparison.
template <class Use>
void for_each_pair(const Use& use) {
  const Catalogue& catalogue = shipped_catalogue();
  for (const auto& [id, better] : catalogue.systems) {
    for (const auto& [other_id, other] : catalogue.systems) {
      const Accelerator &chip = catalogue.accelerators.at(better.accelerator),
                        &other_chip = catalogue.accelerators.at(other.accelerator);
      if (id == other_id || !are_comparable(catalogue, chip, other_chip)) continue;
      if (!is_no_worse(fabric_of(better), fabric_of(other))) continue;
      use(better, other);
    }
  }
}

}  // namespace

TEST_CASE("a network nobody measured, at least as good in every figure, is never slower at any collective") {
  int unmeasured = 0;
  for_each_pair([&](const System& better, const System& other) {
    const auto& calibrations = shipped_catalogue().calibrations;
    if (calibrations.contains(better.accelerator + ".collective")) return;
    if (!calibrations.contains(other.accelerator + ".collective")) return;  // both are guesses
    ++unmeasured;
    for (const auto collective : {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
                                  Collective::all_to_all, Collective::broadcast, Collective::send_receive}) {
      for (const int size : {2, 8, 16, 64, 512}) {
        for (double bytes = 4e3; bytes < 1e10; bytes *= 8) {
          const auto time = [&](const System& system) {
            const Fabric& fabric = fabric_of(system);
            return collective_time(fabric, collective, Bytes::from_base(bytes), place_group(fabric, size, 1));
          };
          const Duration own = time(better), theirs = time(other);
          CHECK_MESSAGE(own <= theirs * kRounding,
                        fmt::format("{} against {}: collective {} of {} B over {}, {} us, {} us", better.id, other.id,
                                    static_cast<int>(collective), bytes, size, own.in(microsecond),
                                    theirs.in(microsecond)));
        }
      }
    }
  });
  CHECK(unmeasured > 10);
}

TEST_CASE("systems at least as good in every figure never take longer for a training step") {
  const Catalogue& catalogue = shipped_catalogue();
  std::map<std::string, TrainingJob> jobs;
  for (const char* model : {"llama-3.1-70b", "qwen3-30b-a3b"}) {
    for (const auto& listed : catalogue.systems) {
      const std::string& id = listed.first;
      auto job = make_training_job(catalogue, model, id);
      REQUIRE_MESSAGE(job.ok(), id);
      job->gpus = 64, job->global_batch_size = 64, job->seq_length = 4096;
      jobs.emplace(model + id, std::move(*job));
    }
  }
  std::vector<TrainingLayout> layouts(3);
  layouts[0].tp = 4, layouts[0].pp = 2, layouts[0].dp = 8, layouts[0].sequence_parallel = true;
  layouts[1].dp = 64, layouts[1].zero_stage = 3;
  layouts[2].tp = 2, layouts[2].dp = 32, layouts[2].zero_stage = 1, layouts[2].sequence_parallel = true;
  int compared = 0;
  for_each_pair([&](const System& better, const System& other) {
    const Accelerator &chip = catalogue.accelerators.at(better.accelerator),
                      &other_chip = catalogue.accelerators.at(other.accelerator);
    if (!is_no_worse(chip, other_chip, Precision::bf16) || chip.host_bandwidth < other_chip.host_bandwidth) return;
    for (const char* model : {"llama-3.1-70b", "qwen3-30b-a3b"}) {
      for (TrainingLayout layout : layouts) {
        if (std::string_view(model) == "qwen3-30b-a3b") layout.ep = 8 / layout.tp;
        const Duration own = simulate_step(jobs.at(model + better.id), layout).step_time();
        const Duration theirs = simulate_step(jobs.at(model + other.id), layout).step_time();
        ++compared;
        CHECK_MESSAGE(own <= theirs * kRounding,
                      fmt::format("{} against {}: {} with tp {} pp {} dp {}: {} s, {} s", better.id, other.id, model,
                                  layout.tp, layout.pp, layout.dp, own.in(second), theirs.in(second)));
      }
    }
  });
  CHECK(compared > 50);
}

TEST_CASE("a dispatcher written for experts never takes a training step longer than the plain all-to-all") {
  TrainingLayout layout;
  layout.dp = 64, layout.zero_stage = 1, layout.ep = 16;
  for (const char* system : {"hgx-h100", "hgx-b200", "gb200-nvl72", "mi300x-platform"}) {
    auto job = make_training_job(shipped_catalogue(), "qwen3-30b-a3b", system);
    REQUIRE_MESSAGE(job.ok(), system);
    job->gpus = 64, job->global_batch_size = 64, job->seq_length = 4096;
    const auto exchange = [&](bool tuned, bool narrow) {
      job->recipe.one_copy_per_domain = tuned, job->recipe.narrow_dispatch = narrow;
      return simulate_step(*job, layout).time[StepPart::expert_communication];
    };
    CHECK_MESSAGE(exchange(true, false) <= exchange(false, false) * kRounding, system);
    CHECK_MESSAGE(exchange(true, true) <= exchange(true, false) * kRounding, system);
  }
}
