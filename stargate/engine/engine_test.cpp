// The engine against laws that any engine keeps, and against itself walked step by step.
#include "stargate/engine/engine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "stargate/base/random.hpp"

using namespace stargate;

namespace {

LinearStepCost usual_cost() {
  LinearStepCost cost;
  cost.step = 8 * millisecond;
  cost.decoding_sequence = 20 * microsecond;
  cost.context_token = 77 * nanosecond;
  cost.prefill_token = 60 * microsecond;
  cost.pair = 3 * nanosecond;
  return cost;
}

/// Bends: the slope changes with the context, as measured attention does.
struct BentCost final : StepCost {
  LinearStepCost below = usual_cost();
  DecodeCost decode(int sequences, double context) const override {
    const double stretch = 1000.0 * sequences;
    const double index = std::floor(context / stretch);
    const Duration slope = (1 + 0.1 * index) * below.context_token;
    const Duration kinks = 0.05 * index * (index + 1) * stretch * below.context_token;
    return {below.step + sequences * below.decoding_sequence - kinks, slope, (index + 1) * stretch};
  }
  Duration prefill(const PrefillBatch& batch) const override { return below.prefill(batch); }
};

struct Collector final : EngineListener {
  std::vector<RequestRecord> records;
  std::int64_t prefilled = 0, decoded = 0, most_blocks = 0, steps = 0, runs = 0;
  SimTime last;
  bool ordered = true;
  void finished(const RequestRecord& record) override { records.push_back(record); }
  void ran(const StepRun& run) override {
    ordered = ordered && run.start >= last && run.end > run.start;
    last = run.end;
    prefilled += run.prefill_tokens;
    decoded += run.output_tokens;
    most_blocks = std::max({most_blocks, run.blocks_at_start, run.blocks_at_end});
    steps += run.steps, ++runs;
  }
};

struct Workload {
  std::vector<Request> requests;
  std::vector<std::vector<std::uint64_t>> hashes;
};

/// Random in everything; some share the beginning of their prompt.
Workload random_workload(std::uint32_t scenario, int count) {
  RandomStream random(7, scenario, "workload");
  Workload load;
  load.hashes.resize(static_cast<std::size_t>(count));
  double now = 0;
  const double gap = 0.02 + 0.3 * random.uniform();
  for (int i = 0; i < count; ++i) {
    now += gap * random.exponential();
    Request r;
    r.id = i;
    r.arrival = SimTime::at(now * second);
    r.prompt_tokens = 1 + static_cast<std::int32_t>(random.uniform() * (random.uniform() < 0.2 ? 3000 : 400));
    r.output_tokens = 1 + static_cast<std::int32_t>(random.uniform() * (random.uniform() < 0.3 ? 900 : 60));
    r.priority = static_cast<std::int32_t>(random.uniform() * 3);
    r.prefix_block_tokens = 64;
    auto& hashes = load.hashes[static_cast<std::size_t>(i)];
    const auto family = static_cast<std::uint64_t>(random.uniform() * 5);
    const int shared = static_cast<int>(random.uniform() * 12);
    for (int b = 0; b * 64 < r.prompt_tokens; ++b) {
      const bool whole = (b + 1) * 64 <= r.prompt_tokens;
      hashes.push_back(b < shared && whole
                           ? family * 1000 + static_cast<std::uint64_t>(b)
                           : 1'000'000 + static_cast<std::uint64_t>(i) * 1000 + static_cast<std::uint64_t>(b));
    }
    load.requests.push_back(r);
  }
  for (int i = 0; i < count; ++i) {
    load.requests[static_cast<std::size_t>(i)].prefix_hashes = load.hashes[static_cast<std::size_t>(i)];
  }
  return load;
}

/// One of every kind of engine, with a pool that is often too small.
EngineSpec random_spec(std::uint32_t scenario) {
  RandomStream random(11, scenario, "spec");
  const auto kind = static_cast<EngineKind>(scenario % 4);
  EngineSpec spec = default_engine_spec(kind);
  spec.max_num_seqs = 2 + static_cast<int>(random.uniform() * 40);
  spec.max_num_batched_tokens = 64 + static_cast<int>(random.uniform() * 1000);
  const int sizes[] = {1, 16, 32, 64};
  spec.kv.block_size = kind == EngineKind::sglang && random.uniform() < 0.5 ? 1 : sizes[scenario / 4 % 4];
  spec.kv.blocks = (4200 + static_cast<int>(random.uniform() * 9000)) / spec.kv.block_size;
  spec.kv.prefix_caching = random.uniform() < 0.6;
  spec.kv.blocks_per_sequence = random.uniform() < 0.2 ? 2 : 0;
  spec.mixed_chunks = random.uniform() < 0.5;
  spec.chunked_prefill = kind == EngineKind::vllm || kind == EngineKind::sglang || random.uniform() < 0.5;
  if (!spec.chunked_prefill) spec.max_num_batched_tokens = 4096;
  if (kind == EngineKind::trtllm && random.uniform() < 0.5) spec.admission = AdmissionPolicy::fits_now;
  if (random.uniform() < 0.3) spec.order = QueueOrder::priority;
  if (random.uniform() < 0.3) spec.preemption = PreemptionMode::swap, spec.swap_token = 5 * microsecond;
  if (random.uniform() < 0.3) spec.speculation = {3, 0.7};
  if (random.uniform() < 0.2) spec.long_prefill_token_threshold = 100;
  if (random.uniform() < 0.3) {
    spec.data_parallel = 2 + static_cast<int>(random.uniform() * 3);
    if (random.uniform() < 0.5) spec.attention_dp_wait = static_cast<int>(random.uniform() * 60);
  }
  if (random.uniform() < 0.3) spec.warm_up = 300 * millisecond;
  if (random.uniform() < 0.2) spec.pipeline = 2;
  if (random.uniform() < 0.3) spec.receive_interval = 7, spec.busy_receive_interval = 20, spec.busy_batch = 6;
  return spec;
}

Collector simulate(const EngineSpec& spec, const StepCost& cost, const Workload& load, int batch = 1) {
  Engine engine(spec, cost);
  Collector seen;
  int count = 0;
  for (const Request& r : load.requests) {
    REQUIRE(engine.fits(r));
    engine.submit(r);
    if (++count % batch == 0) engine.advance(r.arrival, seen);
  }
  engine.advance(SimTime::never(), seen);
  const EngineLoad rest = engine.load();
  CHECK(rest.waiting == 0);
  CHECK(rest.running == 0);
  CHECK(rest.blocks_used == 0);
  CHECK(rest.waiting_prompt_tokens == 0);
  return seen;
}

bool same(const RequestRecord& a, const RequestRecord& b) {
  return a.id == b.id && a.scheduled == b.scheduled && a.first_token == b.first_token && a.last_token == b.last_token &&
         a.preemptions == b.preemptions && a.cached_tokens == b.cached_tokens;
}

}  // namespace

TEST_CASE("every request leaves once, tokens in are tokens out, and no block is used twice, in any engine") {
  const BentCost cost;
  std::int64_t preemptions = 0, cached = 0;
  for (std::uint32_t scenario = 0; scenario < 120; ++scenario) {
    CAPTURE(scenario);
    const Workload load = random_workload(scenario, 150);
    const EngineSpec spec = random_spec(scenario);
    REQUIRE(check_engine_spec(spec).ok());
    const Collector seen = simulate(spec, cost, load);
    CHECK(seen.ordered);
    CHECK(seen.most_blocks <= spec.all_blocks());
    std::map<std::int64_t, const RequestRecord*> by_id;
    for (const auto& record : seen.records) by_id[record.id] = &record;
    REQUIRE(seen.records.size() == load.requests.size());
    REQUIRE(by_id.size() == load.requests.size());
    std::int64_t in = 0, out = 0, again = 0, spared = 0;
    for (const Request& r : load.requests) {
      const RequestRecord& record = *by_id.at(r.id);
      CHECK(record.output_tokens == r.output_tokens);
      CHECK(record.arrival <= record.scheduled);
      CHECK(record.scheduled < record.first_token);
      CHECK(record.first_token <= record.last_token);
      CHECK((record.first_token < record.last_token) == (r.output_tokens > 1));
      in += r.prompt_tokens, out += r.output_tokens, again += record.preemptions, spared += record.cached_tokens;
    }
    CHECK(seen.decoded == out);
    if (again == 0) CHECK(seen.prefilled == in - spared);
    if (!spec.kv.prefix_caching) CHECK(spared == 0);
    preemptions += again, cached += spared;
  }
  CHECK(preemptions > 100);  // the pools were small enough to tell
  CHECK(cached > 10000);
}

TEST_CASE("a run in closed form gives what walking every step gives, to the nanosecond") {
  const BentCost cost;
  std::int64_t runs = 0, steps = 0;
  for (std::uint32_t scenario = 0; scenario < 240; ++scenario) {
    CAPTURE(scenario);
    const Workload load = random_workload(1000 + scenario, 150);
    EngineSpec spec = random_spec(scenario);
    const Collector fast = simulate(spec, cost, load, 1000);
    spec.walk_every_step = true;
    const Collector walked = simulate(spec, cost, load);
    REQUIRE(fast.records.size() == walked.records.size());
    CHECK(std::equal(fast.records.begin(), fast.records.end(), walked.records.begin(), same));
    CHECK(fast.steps == walked.steps);
    CHECK(fast.decoded == walked.decoded);
    runs += fast.runs, steps += walked.runs;
  }
  CHECK(runs * 3 < steps * 2);
}

TEST_CASE("asking for the next event and going there ends the same way") {
  const BentCost cost;
  for (std::uint32_t scenario = 0; scenario < 24; ++scenario) {
    CAPTURE(scenario);
    const Workload load = random_workload(scenario, 80);
    const EngineSpec spec = random_spec(scenario);
    const Collector once = simulate(spec, cost, load, 1000);
    Engine engine(spec, cost);
    Collector seen;
    for (const Request& r : load.requests) {
      while (engine.next_event() < r.arrival) engine.advance(engine.next_event(), seen);
      engine.submit(r);
    }
    while (!engine.next_event().is_never()) engine.advance(engine.next_event(), seen);
    CHECK(std::equal(once.records.begin(), once.records.end(), seen.records.begin(), seen.records.end(), same));
  }
}

TEST_CASE("years may pass between two requests, and what is lost with a machine comes back in order of arrival") {
  const LinearStepCost cost = usual_cost();
  EngineSpec spec;
  spec.kv = {1000, 16, 0, false};
  Engine engine(spec, cost);
  Collector seen;
  for (int i = 0; i < 20; ++i) {
    Request r;
    r.id = i;
    r.arrival = SimTime::at(static_cast<double>(i) * year);
    r.prompt_tokens = 100, r.output_tokens = 50;
    engine.submit(r);
  }
  engine.advance(SimTime::never(), seen);
  REQUIRE(seen.records.size() == 20);
  for (const auto& record : seen.records) CHECK(record.end_to_end() == seen.records.front().end_to_end());

  const SimTime now = seen.records.back().last_token + 1 * second;
  for (int i = 0; i < 300; ++i) {
    Request r;
    r.id = 100 + i, r.arrival = now + 1 * millisecond * i, r.prompt_tokens = 90, r.output_tokens = 500;
    engine.submit(r);
  }
  engine.advance(now + 2 * second, seen);
  const auto lost = engine.abandon();
  CHECK(lost.size() + seen.records.size() == 320);
  CHECK(std::is_sorted(lost.begin(), lost.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  CHECK(engine.load().blocks_used == 0);
  CHECK(engine.next_event().is_never());
  Request again = lost.front();
  again.arrival = now + 100 * second;
  engine.submit(again);
  engine.advance(SimTime::never(), seen);
  CHECK(seen.records.back().id == lost.front().id);
}

TEST_CASE("a request lives on one rank: what no rank has room for is refused, however much all have together") {
  EngineSpec spec;
  spec.kv = {100, 16, 0, false};
  spec.data_parallel = 8;
  const LinearStepCost cost = usual_cost();
  const Engine engine(spec, cost);
  Request r;
  r.prompt_tokens = 1500, r.output_tokens = 100;
  CHECK(engine.fits(r));
  r.output_tokens = 101;
  CHECK_FALSE(engine.fits(r));
}

TEST_CASE("a fresh engine's first prompt takes its warm-up longer, later ones do not") {
  const LinearStepCost cost = usual_cost();
  EngineSpec spec;
  spec.kv = {1000, 16, 0, false};
  Workload load;
  for (int i = 0; i < 2; ++i) {
    Request r;
    r.id = i, r.arrival = SimTime::at(static_cast<double>(10 * i) * second), r.prompt_tokens = 100, r.output_tokens = 5;
    load.requests.push_back(r);
  }
  const Collector usual = simulate(spec, cost, load);
  spec.warm_up = 2 * second;
  const Collector cold = simulate(spec, cost, load);
  CHECK((cold.records[0].ttft() - usual.records[0].ttft()).in(second) == doctest::Approx(2));
  CHECK(cold.records[1].ttft() == usual.records[1].ttft());
  CHECK(cold.records[0].tpot() == usual.records[0].tpot());
}

TEST_CASE("an engine that looks at its queue every ten decode steps takes a newcomer at the next look") {
  const LinearStepCost cost = usual_cost();
  EngineSpec spec = default_engine_spec(EngineKind::sglang);
  spec.kv.blocks = 100'000, spec.kv.block_size = 1;
  spec.receive_interval = spec.busy_receive_interval = 10;
  Engine engine(spec, cost);
  Request first, second;
  first.prompt_tokens = second.prompt_tokens = 100;
  first.output_tokens = 200, second.output_tokens = 2;
  second.id = 1, second.arrival = SimTime::at(0.2 * stargate::second);
  engine.submit(first);
  engine.submit(second);
  Collector seen;
  engine.advance(SimTime::never(), seen);
  REQUIRE(seen.records.size() == 2);
  const RequestRecord &newcomer = seen.records[0], &alone = seen.records[1];
  CHECK(alone.scheduled == SimTime{});
  // Steps of 8.02 ms and 77 ns a token of context, from the first token on.
  const double step = 8.02e-3 + 77e-9 * 110;
  const double steps = (newcomer.scheduled - alone.first_token).base() / step;
  CHECK(steps > 19.5);
  CHECK(steps < 30.5);
  CHECK(std::abs(steps - 10 * std::round(steps / 10)) < 0.2);
}
