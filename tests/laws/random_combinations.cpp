// Random model, system, size, layout and precision, a training step or a serving step each, and what must hold of any
// of them: a finite time above what the data sheet allows, memory that is the sum of its parts, more work never faster,
// energy no less than idling, and a better machine never slower. STARGATE_COMBINATIONS says how many (as shipped 300,
// so that a build tests some), STARGATE_SEED which. The draws are Philox streams: the same on every machine.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "better_catalogues.hpp"
#include "stargate/base/random.hpp"
#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/step.hpp"
#include "stargate/training/energy.hpp"
#include "stargate/training/step.hpp"

using namespace stargate;

namespace {

/// Kernels that change with the machine (another tile, a busier clock) may cost a little where they gain overall.
constexpr double kSlack = 1.02;

int from_environment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::max(1, std::atoi(text));
}

class Draws {
 public:
  explicit Draws(int number)
      : stream_(static_cast<std::uint64_t>(from_environment("STARGATE_SEED", 1)), static_cast<std::uint32_t>(number),
                "combination") {}
  /// From 0 to below n.
  int below(int n) { return std::min(n - 1, static_cast<int>(stream_.uniform() * n)); }
  int power_of_two(int largest_exponent) { return 1 << below(largest_exponent + 1); }
  bool coin() { return below(2) == 1; }
  template <class R>
  const R& record(const Records<R>& records) {
    return std::next(records.begin(), below(static_cast<int>(records.size())))->second;
  }

 private:
  RandomStream stream_;
};

FlopRate fastest(const Accelerator& accelerator) {
  FlopRate out;
  for (const auto& [precision, rate] : accelerator.peak) out = max(out, rate);
  return out;
}

// ---- training

struct TrainingCase {
  std::string model, system;
  TrainingLayout layout;
  std::int64_t gpus = 1, batch = 1, length = 1024;
  Precision precision = Precision::bf16;

  std::string text() const {
    return fmt::format("train {} on {} of {}: TP {} PP {} DP {} EP {} micro-batch {} ZeRO {}, batch {} of {}, {}",
                       model, gpus, system, layout.tp, layout.pp, layout.dp, layout.ep, layout.micro_batch_size,
                       layout.zero_stage, batch, length, precision_name(precision));
  }
};

/// A job of each catalogue, model and system, made once; null when it cannot be.
TrainingJob* base_job(const Catalogue& catalogue, const std::string& model, const std::string& system) {
  using Key = std::tuple<const Catalogue*, std::string, std::string>;
  static std::map<Key, std::optional<TrainingJob>> jobs;
  const auto [it, is_new] = jobs.try_emplace(Key{&catalogue, model, system});
  if (is_new) {
    if (auto made = make_training_job(catalogue, model, system); made.ok()) it->second = std::move(made).value();
  }
  return it->second ? &*it->second : nullptr;
}

/// Its job, when the layout keeps all rules; good until the next call for the same model, system and catalogue.
TrainingJob* job_of(const TrainingCase& c, const Catalogue& catalogue) {
  TrainingJob* job = base_job(catalogue, c.model, c.system);
  if (job == nullptr) return nullptr;
  job->gpus = c.gpus, job->global_batch_size = c.batch, job->seq_length = c.length;
  job->recipe.precision.linear = job->recipe.precision.expert = c.precision;
  return check_layout(*job, c.layout).empty() ? job : nullptr;
}

TrainingCase draw_training(Draws& draws) {
  TrainingCase c;
  c.model = draws.record(shipped_catalogue().models).id;
  c.system = draws.record(shipped_catalogue().systems).id;
  TrainingLayout& l = c.layout;
  l.tp = draws.power_of_two(3), l.pp = draws.power_of_two(3), l.dp = draws.power_of_two(5);
  l.ep = draws.coin() ? draws.power_of_two(3) : 1;
  l.micro_batch_size = draws.power_of_two(1), l.zero_stage = draws.below(2);
  l.sequence_parallel = l.tp > 1;
  l.recompute = draws.coin() ? Recompute::full : Recompute::none;
  c.gpus = static_cast<std::int64_t>(l.tp) * l.pp * l.dp;
  c.batch = static_cast<std::int64_t>(l.dp) * l.micro_batch_size * draws.power_of_two(4);
  c.length = 512 * draws.power_of_two(4);
  const auto& peak = shipped_catalogue().accelerators.at(shipped_catalogue().systems.at(c.system).accelerator).peak;
  c.precision = draws.coin() && peak.contains(Precision::fp8) ? Precision::fp8 : Precision::bf16;
  return c;
}

void check_training_bounds(const TrainingCase& c, const TrainingJob& job, const StepReport& report) {
  const Duration time = report.step_time();
  REQUIRE_MESSAGE(std::isfinite(time.base()), c.text());
  CHECK_MESSAGE(time > Duration{}, c.text());
  for (const Duration part : report.time.parts) CHECK_MESSAGE(part >= -1e-12 * time, c.text());
  CHECK_MESSAGE(report.hardware_flops >= report.model_flops * (1 - 1e-9), c.text());
  CHECK_MESSAGE(report.hardware_flops / (static_cast<double>(c.gpus) * fastest(*job.accelerator)) <= time, c.text());
  const MemoryBreakdown& m = report.memory.bytes;
  CHECK_MESSAGE(m.weights / job.accelerator->memory_bandwidth <= time, c.text());
  for (const Bytes part :
       {m.weights, m.gradients, m.optimizer, m.activations, m.logits, m.communication, m.framework, m.slack}) {
    CHECK_MESSAGE(part >= Bytes{}, c.text());
  }
  CHECK_MESSAGE((report.memory.fits() || report.memory.missing() > Bytes{}), c.text());
  const Energy energy = step_energy(job, c.layout, time);
  CHECK_MESSAGE(energy >= standing_power(job) * time * (1 - 1e-9), c.text());
}

void check_training(TrainingCase c) {
  const TrainingJob* job = job_of(c, shipped_catalogue());
  if (job == nullptr) return;
  const StepReport report = simulate_step(*job, c.layout);
  check_training_bounds(c, *job, report);
  const Duration time = report.step_time();
  for (const BetterCatalogue& other : better_catalogues()) {
    const TrainingJob* better = job_of(c, other.catalogue);
    REQUIRE_MESSAGE(better, c.text());
    const Duration now = simulate_step(*better, c.layout).step_time();
    CHECK_MESSAGE(now <= time * kSlack, fmt::format("better {}: {} was {}; {}", other.better, format_quantity(now),
                                                    format_quantity(time), c.text()));
  }
  TrainingCase larger = c;
  larger.batch *= 2;
  if (const TrainingJob* more = job_of(larger, shipped_catalogue())) {
    CHECK_MESSAGE(simulate_step(*more, c.layout).step_time() >= time, ("twice the batch; " + c.text()));
  }
  larger = c;
  larger.length *= 2;
  if (const TrainingJob* more = job_of(larger, shipped_catalogue())) {
    CHECK_MESSAGE(simulate_step(*more, c.layout).step_time() >= time, ("twice the length; " + c.text()));
  }
}

// ---- serving

struct ServingCase {
  std::string model, system, engine;
  ServingLayout layout;
  ServingPrecision precision;
  double sequences = 1, context = 1024;

  std::string text() const {
    return fmt::format("serve {} on {} with {}: {}, {} weights, {} cache, {} sequences at {}", model, system, engine,
                       format_layout(layout), precision_name(precision.linear), precision_name(precision.kv), sequences,
                       context);
  }
};

/// A machine of each catalogue, system and choice of kernels, made once; null when it cannot be.
const ServingMachine* base_machine(const Catalogue& catalogue, const std::string& system, const KernelChoice& kernels) {
  using Key = std::tuple<const Catalogue*, std::string, std::string, bool, bool>;
  static std::map<Key, std::optional<ServingMachine>> machines;
  const auto [it, is_new] =
      machines.try_emplace(Key{&catalogue, system, kernels.engine, kernels.block_scaled, kernels.microscaled});
  if (is_new) {
    auto made = make_serving_machine(catalogue, catalogue.systems.at(system), kernels);
    if (made.ok()) it->second = std::move(made).value();
  }
  return it->second ? &*it->second : nullptr;
}

/// The replica, when its layout can be run.
std::optional<Replica> serve(const ServingCase& c, const Catalogue& catalogue) {
  const Model& model = catalogue.models.at(c.model);
  const ServingMachine* machine = base_machine(catalogue, c.system, kernel_choice(model, c.engine));
  if (machine == nullptr || !layout_faults(model, c.layout).empty()) return std::nullopt;
  return Replica{&model, machine, c.layout, c.precision, *find_engine(catalogue, c.engine)};
}

ServingCase draw_serving(Draws& draws) {
  ServingCase c;
  const Model& model = draws.record(shipped_catalogue().models);
  c.model = model.id, c.system = draws.record(shipped_catalogue().systems).id;
  c.engine = std::array{"vllm", "sglang", "trtllm"}[static_cast<std::size_t>(draws.below(3))];
  c.layout.tp = draws.power_of_two(3), c.layout.pp = draws.power_of_two(1);
  c.layout.attention_dp = draws.power_of_two(2);
  c.layout.ep = draws.coin() ? c.layout.ranks() : 1;
  c.precision = stored_precision(model);
  if (draws.coin()) {
    c.precision = serving_precision(draws.coin() ? Precision::fp8 : Precision::bf16,
                                    draws.coin() ? Precision::fp8 : Precision::bf16);
  }
  c.sequences = draws.power_of_two(9), c.context = 128 * draws.power_of_two(7);
  return c;
}

Duration decode(const Replica& served, const ServingCase& c) {
  return StepModel(served).decode_time(c.sequences, c.context).total();
}
Duration prefill(const Replica& served, const ServingCase& c) {
  const SequenceGroup group{1, c.context, c.context, false, 1};
  return StepModel(served).step_time(std::span(&group, 1)).total();
}

void check_serving_bounds(const ServingCase& c, const Replica& served) {
  const ServingStep step = StepModel(served).decode_time(c.sequences, c.context);
  const Duration time = step.total();
  REQUIRE_MESSAGE(std::isfinite(time.base()), c.text());
  CHECK_MESSAGE(time > Duration{}, c.text());
  for (const Duration part : step.parts) CHECK_MESSAGE(part >= Duration{}, c.text());
  const System& system = shipped_catalogue().systems.at(c.system);
  const Accelerator& part = shipped_catalogue().accelerators.at(system.accelerator);
  const double ranks = c.layout.accelerators();
  const Flops flops = forward_flops_per_token(*served.model, 1) * c.sequences;
  CHECK_MESSAGE(flops / (ranks * fastest(part)) <= time, c.text());
  const Bytes cache = c.sequences * kv_bytes(*served.model, static_cast<int>(c.context), c.precision.kv);
  if (cache > ranks * 4.0 * part.last_level_cache.value_or(Bytes{})) {
    CHECK_MESSAGE(cache / (ranks * part.memory_bandwidth) <= time, c.text());
  }
  const ReplicaMemory memory = replica_memory(served);
  CHECK_MESSAGE((memory.used() + memory.kv_room - memory.usable).base() ==
                    doctest::Approx(0).scale(memory.usable.base()).epsilon(1e-6),
                c.text());
  const ReplicaPower power = replica_power(shipped_catalogue(), system, c.layout.accelerators());
  CHECK_MESSAGE(power.idle > Power{}, c.text());
  CHECK_MESSAGE(power.busy >= power.idle, c.text());
}

void check_serving(const ServingCase& c) {
  const auto served = serve(c, shipped_catalogue());
  if (!served) return;
  check_serving_bounds(c, *served);
  const Duration step = decode(*served, c), prompt = prefill(*served, c);
  for (const BetterCatalogue& other : better_catalogues()) {
    const auto better = serve(c, other.catalogue);
    REQUIRE_MESSAGE(better, c.text());
    const Duration now = decode(*better, c), first = prefill(*better, c);
    CHECK_MESSAGE(now <= step * kSlack, fmt::format("better {}: decode {} was {}; {}", other.better,
                                                    format_quantity(now), format_quantity(step), c.text()));
    CHECK_MESSAGE(first <= prompt * kSlack, fmt::format("better {}: prefill {} was {}; {}", other.better,
                                                        format_quantity(first), format_quantity(prompt), c.text()));
  }
  // On a chip that nobody measured, tiles of its lenders change at different sizes (hardware_laws.cpp).
  constexpr double kTiles = 0.97;
  ServingCase more = c;
  more.sequences *= 2;
  CHECK_MESSAGE(decode(*served, more) >= step * kTiles, ("twice the sequences; " + c.text()));
  more = c, more.context *= 2;
  CHECK_MESSAGE(decode(*served, more) >= step * kTiles, fmt::format("twice the context: {} was {}; {}", format_quantity(decode(*served, more)), format_quantity(step), c.text()));
  CHECK_MESSAGE(prefill(*served, more) >= prompt * kTiles, ("twice the prompt; " + c.text()));
}

/// Layouts that break a rule are drawn again; a stream each, so that one combination can be run alone.
template <class Case>
Case draw_valid(Draws& draws, Case (*draw)(Draws&), const std::function<bool(const Case&)>& valid) {
  for (int tries = 0; tries < 400; ++tries) {
    Case c = draw(draws);
    if (valid(c)) return c;
  }
  FAIL("no valid combination in 400 draws");
  return {};
}

}  // namespace

TEST_CASE("random combinations of model, system, size, layout and precision keep the laws") {
  const int count = from_environment("STARGATE_COMBINATIONS", 300);
  const int first = from_environment("STARGATE_FIRST", 1);
  for (int number = first; number < first + count; ++number) {
    CAPTURE(number);
    Draws draws(number);
    if (number % 2 == 0) {
      check_training(draw_valid<TrainingCase>(
          draws, draw_training, [](const TrainingCase& c) { return job_of(c, shipped_catalogue()) != nullptr; }));
    } else {
      check_serving(draw_valid<ServingCase>(
          draws, draw_serving, [](const ServingCase& c) { return serve(c, shipped_catalogue()).has_value(); }));
    }
  }
}
