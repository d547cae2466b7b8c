// The fleet: every request leaves once, whatever happens to replicas; the books add up; textbook queues come out; data
// stays where it must; threads change nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stargate/fleet/autoscaler.hpp"
#include "stargate/fleet/fleet_simulation.hpp"

namespace stargate {
namespace {

/// A step of 1 ms whatever is in it.
std::unique_ptr<StepCost> constant_cost() {
  auto cost = std::make_unique<LinearStepCost>();
  cost->step = 1 * millisecond;
  return cost;
}

ReplicaKind kind_of(int max_num_seqs = 8) {
  ReplicaKind kind;
  kind.name = "plain";
  kind.engine = default_engine_spec(EngineKind::vllm);
  kind.engine.max_num_seqs = max_num_seqs;
  kind.engine.kv.blocks = 100000;
  kind.make_cost = constant_cost;
  kind.idle = 1 * kilowatt, kind.busy = 5 * kilowatt, kind.decoding = 3 * kilowatt;
  kind.price = 10 * dollar / hour;
  return kind;
}

TenantTraffic traffic_of(const char* name, double rate, std::int32_t output = 100) {
  TenantTraffic tenant;
  tenant.name = name;
  tenant.arrivals.rate = rate;
  tenant.prompt = LengthDistribution::fixed(200), tenant.output = LengthDistribution::fixed(output);
  return tenant;
}

std::unique_ptr<RequestSource> source_of(const std::vector<TenantTraffic>& tenants, double duration_s,
                                         std::uint64_t seed = 3) {
  auto source = make_tenant_source(tenants, {-1, duration_s}, seed);
  REQUIRE(source.ok());
  return std::move(*source);
}

struct Run {
  FleetReport report;
  std::vector<FleetRequestRecord> requests;
};
Run run_fleet(const FleetSpec& spec, RequestSource& source, int threads = 1) {
  const auto check = check_fleet(spec);
  REQUIRE_MESSAGE(check.ok(), format_diagnostics(check.ok() ? Diagnostics{} : check.faults()));
  Run run;
  FleetRunOptions options;
  options.threads = threads;
  options.on_request = [&](const FleetRequestRecord& record) { run.requests.push_back(record); };
  run.report = simulate_fleet(spec, source, options);
  return run;
}

void check_conservation(const Run& run) {
  std::set<std::int64_t> numbers;
  std::int64_t output = 0;
  for (const auto& r : run.requests) {
    CHECK(numbers.insert(r.number).second);
    CHECK(r.last_token >= r.arrival);
    if (r.outcome != RequestOutcome::answered) continue;
    CHECK(r.first_token >= r.arrival);
    CHECK(r.last_token >= r.first_token);
    output += r.output_tokens;
  }
  const TenantReport all = run.report.all();
  CHECK(all.arrived == static_cast<std::int64_t>(run.requests.size()));
  CHECK(all.gone() == all.arrived);
  CHECK(all.output_tokens == output);
  CHECK(all.cost.base() == doctest::Approx(run.report.cost().base()).epsilon(1e-9));
  for (const auto& pool : run.report.pools) {
    CHECK(pool.totals.busy_ns() <= pool.totals.running_ns);
    CHECK(pool.totals.running_ns <= pool.totals.paid_ns);
    CHECK(pool.totals.most_blocks <= pool.blocks);
  }
}

TEST_CASE("every request leaves once and the books add up") {
  auto source = source_of({traffic_of("a", 30), traffic_of("b", 10)}, 60);
  FleetSpec spec = simple_fleet(kind_of(), 3);
  spec.tenants = {FleetTenant{.name = "a"}, FleetTenant{.name = "b"}};
  spec.sample_interval = 10 * second;
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.all().answered() == doctest::Approx(2400).epsilon(0.1));
  CHECK(run.report.pools[0].totals.output_tokens == run.report.all().output_tokens);
  std::int64_t sampled = 0;
  for (const auto& sample : run.report.samples) sampled += sample.answered;
  CHECK(sampled <= run.report.all().answered());
  CHECK(sampled * 10 > run.report.all().answered() * 8);
  // b sends a quarter of equal requests and pays a quarter.
  CHECK(run.report.tenants[1].cost / run.report.cost() == doctest::Approx(0.25).epsilon(0.15));
  // A lone request: one step prefills it, 99 decode it.
  CHECK(1e3 * run.report.all().ttft.quantile(0.01) == doctest::Approx(1).epsilon(0.05));
  CHECK(1e3 * run.report.all().tpot.mean() == doctest::Approx(1).epsilon(0.01));
}

/// Lengths that make service exponential with mean 1 s on an engine of one place and 1 ms a token.
class ExponentialSource final : public RequestSource {
 public:
  ExponentialSource(double rate, std::int64_t count) : rate_(rate), count_(count) {}
  bool next(IncomingRequest& out) override {
    if (given_ == count_) return false;
    at_ = at_ + stream_.exponential() / rate_ * second;
    out = {};
    out.arrival = at_, out.number = given_++;
    out.prompt_tokens = 16;
    out.output_tokens = 1 + static_cast<std::int32_t>(stream_.exponential() * 1000);
    return true;
  }
  bool follow(const IncomingRequest&, SimTime, IncomingRequest&) override { return false; }
  const std::vector<std::string>& tenants() const override { return tenants_; }

 private:
  double rate_;
  std::int64_t count_, given_ = 0;
  SimTime at_;
  RandomStream stream_{11, 0, "mmc"};
  std::vector<std::string> tenants_{"all"};
};

TEST_CASE("replicas with one place each behind one queue wait as M/M/c says") {
  const int servers = 5;
  const double load = 4;  // 80 %
  ExponentialSource source(load, 60000);
  FleetSpec spec = simple_fleet(kind_of(1), servers);
  spec.router.max_outstanding = 1;
  spec.router.report_interval = 2 * millisecond;
  const Run run = run_fleet(spec, source, 1);
  // Erlang C: probability of waiting, and the mean wait with service mean 1 s.
  double term = 1, sum = 0;
  for (int k = 0; k < servers; ++k) sum += term, term *= load / (k + 1);
  const double waits = term / (1 - load / servers) / (sum + term / (1 - load / servers));
  const double expected = waits / (servers - load);
  CHECK(run.report.all().held.mean() == doctest::Approx(expected).epsilon(0.06));
  CHECK(run.report.pools[0].utilisation() == doctest::Approx(0.8).epsilon(0.02));
}

TEST_CASE("any number of threads gives the same answer") {
  FleetSpec spec = simple_fleet(kind_of(), 200);  // enough for a window's work to be shared
  spec.pools[0].failures = {600 * second, 30 * second};
  spec.pools[0].start_up = 20 * second;
  std::vector<Run> runs;
  for (const int threads : {1, 2, 5}) {
    auto source = source_of({traffic_of("all", 2000)}, 20);
    runs.push_back(run_fleet(spec, *source, threads));
  }
  check_conservation(runs[0]);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    REQUIRE(runs[i].requests.size() == runs[0].requests.size());
    bool same = true;
    for (std::size_t j = 0; j < runs[0].requests.size(); ++j) {
      const auto &a = runs[0].requests[j], &b = runs[i].requests[j];
      same = same && a.number == b.number && a.first_token == b.first_token && a.last_token == b.last_token &&
             a.replica == b.replica;
    }
    CHECK(same);
    CHECK(runs[i].report.energy() == runs[0].report.energy());
  }
}

TEST_CASE("every router spreads the load and loses nobody") {
  for (const auto policy :
       {RouterPolicy::round_robin, RouterPolicy::random, RouterPolicy::two_choices, RouterPolicy::least_loaded,
        RouterPolicy::prefix_aware, RouterPolicy::kv_aware, RouterPolicy::tenant, RouterPolicy::session}) {
    CAPTURE(router_policy_name(policy));
    auto source = source_of({traffic_of("all", 200)}, 30);
    FleetSpec spec = simple_fleet(kind_of(), 8);
    spec.router.policy = policy;
    const Run run = run_fleet(spec, *source);
    check_conservation(run);
    std::vector<int> count(8, 0);
    for (const auto& r : run.requests) ++count[static_cast<std::size_t>(r.replica)];
    const auto used = std::count_if(count.begin(), count.end(), [](int n) { return n > 0; });
    CHECK(used >= (policy == RouterPolicy::tenant ? 4 : 8));  // one tenant fills its replicas up to the bound only
    CHECK(parse_router_policy(router_policy_name(policy)) == policy);
  }
}

TEST_CASE("looking at two replicas waits less than looking at none, and at all of them least") {
  std::vector<double> wait;
  for (const auto policy : {RouterPolicy::random, RouterPolicy::two_choices, RouterPolicy::least_loaded}) {
    auto source = source_of({traffic_of("all", 600)}, 60);
    FleetSpec spec = simple_fleet(kind_of(8), 10);
    spec.router.policy = policy;
    spec.router.report_interval = 5 * millisecond;
    wait.push_back(1e3 * run_fleet(spec, *source).report.all().ttft.mean());
  }
  CHECK(wait[1] < wait[0]);
  CHECK(wait[2] < wait[1]);
}

TEST_CASE("routers that know of prefixes find more of them cached") {
  TenantTraffic chat = traffic_of("chat", 4, 50);
  chat.prompt = LengthDistribution::fixed(256);
  chat.session = {6, 1, LengthDistribution::fixed(2048), true};
  std::vector<double> cached;
  for (const auto policy :
       {RouterPolicy::random, RouterPolicy::prefix_aware, RouterPolicy::kv_aware, RouterPolicy::session}) {
    auto source = source_of({chat}, 60);
    ReplicaKind kind = kind_of(64);
    kind.engine.kv.prefix_caching = true;
    FleetSpec spec = simple_fleet(kind, 8);
    spec.router.policy = policy;
    const auto all = run_fleet(spec, *source).report.all();
    cached.push_back(static_cast<double>(all.cached_tokens) / static_cast<double>(all.prompt_tokens));
  }
  CHECK(cached[0] < 0.4);
  for (std::size_t i = 1; i < cached.size(); ++i) CHECK(cached[i] > 0.6);
}

FleetSpec two_countries() {
  FleetSpec spec = simple_fleet(kind_of(), 2);
  spec.regions = {{"osaka", "Japan"}, {"seoul", "Korea"}};
  spec.round_trip = {Duration{}, 30 * millisecond, 30 * millisecond, Duration{}};
  spec.pools.push_back(spec.pools[0]);
  spec.pools[0].name = "osaka", spec.pools[1].name = "seoul";
  spec.pools[1].region = 1;
  spec.tenants = {FleetTenant{.name = "jp", .home = 0, .regions = {0}},
                  FleetTenant{.name = "kr", .home = 1, .regions = {1}}, FleetTenant{.name = "any", .home = 0}};
  return spec;
}

TEST_CASE("data stays in its country however full its machines are, and without machines it waits") {
  FleetSpec spec = two_countries();
  spec.router.spill_at = 4;
  spec.pools[0].failures = {20 * second, 5 * second};
  auto source = source_of({traffic_of("jp", 300), traffic_of("kr", 5), traffic_of("any", 20)}, 30);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.pools[0].totals.failures > 0);
  CHECK(run.report.tenants[0].by_region[1] == 0);
  CHECK(run.report.tenants[1].by_region[0] == 0);
  CHECK(run.report.tenants[2].by_region[1] > 0);
  for (const auto& r : run.requests) {
    if (r.outcome == RequestOutcome::answered && r.tenant < 2) CHECK(r.region == r.tenant);
  }
}

TEST_CASE("the network is in the latency of those who are far") {
  FleetSpec spec = two_countries();
  spec.tenants[2].regions = {1};
  auto source = source_of({traffic_of("jp", 1), traffic_of("kr", 1), traffic_of("any", 1)}, 100);
  const auto report = run_fleet(spec, *source).report;
  CHECK(1e3 * report.tenants[1].ttft.quantile(0.5) == doctest::Approx(1).epsilon(0.05));
  CHECK(1e3 * report.tenants[2].ttft.quantile(0.5) == doctest::Approx(31).epsilon(0.05));
  CHECK(1e3 * report.tenants[2].tpot.mean() == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("failed replicas lose no request that may be tried again, and are away as long as repair and start take") {
  FleetSpec spec = simple_fleet(kind_of(), 20);
  spec.pools[0].failures = {300 * second, 60 * second};
  spec.pools[0].start_up = 40 * second;
  spec.router.retries = 100;
  auto source = source_of({traffic_of("all", 50, 500)}, 4000);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  const auto all = run.report.all();
  CHECK(all.answered() == all.arrived);
  CHECK(all.retried > 0);
  const auto& totals = run.report.pools[0].totals;
  CHECK(static_cast<double>(totals.running_ns) / static_cast<double>(totals.paid_ns) ==
        doctest::Approx(300.0 / 400).epsilon(0.05));
  CHECK(totals.failures > 100);
}

TEST_CASE("a request is given up after so many failures") {
  FleetSpec spec = simple_fleet(kind_of(), 2);
  spec.pools[0].failures = {5 * second, 1 * second};
  spec.router.retries = 1;
  auto source = source_of({traffic_of("all", 2, 5000)}, 60);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.all().left[static_cast<int>(RequestOutcome::lost)] > 0);
}

TEST_CASE("the autoscaler follows the day after the time it takes to start, and costs less than standing ready") {
  TenantTraffic traffic = traffic_of("all", 40, 500);
  traffic.arrivals.profile = RateProfile::daily(1.9, 12);
  traffic.arrivals.profile.period_s = 7200;
  FleetSpec spec = simple_fleet(kind_of(), 2);
  spec.pools[0].start_up = 60 * second;
  spec.pools[0].autoscale = AutoscaleSpec{.least = 1, .most = 20, .target_in_flight = 4};
  spec.sample_interval = 60 * second;
  auto source = source_of({traffic}, 7200);
  const Run scaled = run_fleet(spec, *source);
  check_conservation(scaled);
  int most = 0, least = 100;
  for (const auto& sample : scaled.report.samples)
    most = std::max(most, sample.ready), least = std::min(least, sample.ready);
  CHECK(most >= 8);
  CHECK(least <= 3);
  FleetSpec fixed = simple_fleet(kind_of(), most);
  auto again = source_of({traffic}, 7200);
  CHECK(scaled.report.cost() < 0.8 * run_fleet(fixed, *again).report.cost());
}

TEST_CASE("an autoscaler ignores small deviations, rises at once and falls late") {
  Autoscaler scaler({.least = 1, .most = 10, .target_in_flight = 4});
  SimTime now;
  CHECK(scaler.look(now, 8.5, 2) == 2);
  CHECK(scaler.look(now = now + 15 * second, 20, 2) == 5);
  CHECK(scaler.look(now = now + 15 * second, 4, 5) == 5);
  CHECK(scaler.look(now = now + 200 * second, 4, 5) == 5);
  CHECK(scaler.look(now = now + 200 * second, 4, 5) == 1);
  CHECK(scaler.look(now + 15 * second, 1000, 1) == 10);
}

TEST_CASE("a tenant over its rate is turned away and disturbs nobody") {
  FleetSpec spec = simple_fleet(kind_of(), 2);
  spec.tenants = {FleetTenant{.name = "loud", .requests = {5, 10}}, FleetTenant{.name = "calm"},
                  FleetTenant{.name = "long", .tokens = {3000, 3000}}};
  auto source = source_of({traffic_of("loud", 50), traffic_of("calm", 5), traffic_of("long", 20)}, 200);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.tenants[0].answered() == doctest::Approx(1010).epsilon(0.03));
  CHECK(run.report.tenants[1].answered() == run.report.tenants[1].arrived);
  CHECK(run.report.tenants[2].answered() == doctest::Approx(3000 * 200 / 300.0).epsilon(0.03));
}

TEST_CASE("who finds the gateway full is refused, and the smaller priority goes first") {
  FleetSpec spec = simple_fleet(kind_of(1), 1);
  spec.router.max_outstanding = 1;
  spec.router.max_held = 20;
  spec.tenants = {FleetTenant{.name = "first"}, FleetTenant{.name = "last"}};
  std::vector<TenantTraffic> tenants = {traffic_of("first", 3), traffic_of("last", 30)};
  tenants[1].priority = 1;
  auto source = source_of(tenants, 60);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.all().left[static_cast<int>(RequestOutcome::refused)] > 0);
  CHECK(run.report.tenants[0].held.mean() < 0.5 * run.report.tenants[1].held.mean());
}

TEST_CASE("a request longer than any cache is told so") {
  ReplicaKind kind = kind_of();
  kind.engine.kv.blocks = 10;
  auto source = source_of({traffic_of("all", 1)}, 10);
  const Run run = run_fleet(simple_fleet(kind, 1), *source);
  CHECK(run.report.all().left[static_cast<int>(RequestOutcome::too_long)] == run.report.all().arrived);
}

FleetSpec disaggregated() {
  FleetSpec spec = simple_fleet(kind_of(64), 2);
  ReplicaKind prefill = kind_of(64);
  prefill.name = "prefill", prefill.engine.prefill_only = true;
  prefill.transfer_fixed = 2 * millisecond, prefill.transfer_token = 10 * microsecond;
  spec.kinds.push_back(prefill);
  spec.pools[0].role = PoolRole::decode;
  PoolSpec pool = spec.pools[0];
  pool.name = "prefill", pool.kind = 1, pool.role = PoolRole::prefill, pool.replicas = 3;
  spec.pools.push_back(pool);
  return spec;
}

TEST_CASE("prefill replicas hand over and decode replicas only decode") {
  const FleetSpec spec = disaggregated();
  auto source = source_of({traffic_of("all", 50)}, 60);
  const Run run = run_fleet(spec, *source, 2);
  check_conservation(run);
  const auto all = run.report.all();
  CHECK(all.answered() == all.arrived);
  CHECK(run.report.pools[0].totals.prefill_tokens == 0);
  CHECK(run.report.pools[1].totals.prefill_tokens == all.prompt_tokens);
  CHECK(1e3 * all.ttft.quantile(0.5) == doctest::Approx(1.5).epsilon(0.4));
  // 2 ms and 200 tokens of 10 us between the first and the second token, then 1 ms each.
  CHECK(1e3 * all.tpot.quantile(0.5) == doctest::Approx(1 + 4 / 99.0).epsilon(0.02));
}

TEST_CASE("what waits for decoding in one region does not start replicas in another") {
  FleetSpec spec = two_countries();
  spec.tenants.pop_back();
  ReplicaKind prefill = kind_of(64);
  prefill.name = "prefill", prefill.engine.prefill_only = true;
  spec.kinds.push_back(prefill);
  spec.router.max_outstanding = 4;  // what is more waits
  spec.sample_interval = 5 * second;
  for (const int region : {0, 1}) {
    PoolSpec& decode = spec.pools[static_cast<std::size_t>(region)];
    decode.role = PoolRole::decode, decode.replicas = 1;
    decode.autoscale = AutoscaleSpec{.least = 1, .most = 20, .target_in_flight = 4};
    PoolSpec pool = decode;
    pool.name += " prefill", pool.kind = 1, pool.role = PoolRole::prefill, pool.replicas = 4, pool.autoscale.reset();
    spec.pools.push_back(pool);
  }
  auto source = source_of({traffic_of("jp", 80, 500), traffic_of("kr", 0.5, 500)}, 120);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.pools[0].most_ready > 5);
  CHECK(run.report.pools[1].most_ready <= 2);
}

TEST_CASE("disaggregated fleets survive failures of both kinds") {
  FleetSpec spec = disaggregated();
  for (auto& pool : spec.pools) pool.failures = {30 * second, 5 * second};
  spec.router.retries = 50;
  auto source = source_of({traffic_of("all", 30, 300)}, 120);
  const Run run = run_fleet(spec, *source);
  check_conservation(run);
  CHECK(run.report.all().answered() == run.report.all().arrived);
  CHECK(run.report.pools[0].totals.failures + run.report.pools[1].totals.failures > 2);
}

TEST_CASE("sessions and closed loops go on until their end") {
  TenantTraffic chat = traffic_of("all", 2, 20);
  chat.session = {5, 2, LengthDistribution::fixed(1), false};
  auto source = source_of({chat}, 200);
  const Run run = run_fleet(simple_fleet(kind_of(), 2), *source);
  check_conservation(run);
  CHECK(run.report.all().arrived == doctest::Approx(2000).epsilon(0.15));
  TenantTraffic bench = traffic_of("all", 1);
  bench.concurrency = 16;
  auto closed = make_tenant_source({bench}, {500, -1}, 1);
  REQUIRE(closed.ok());
  CHECK(run_fleet(simple_fleet(kind_of(), 2), **closed).report.all().answered() == 500);
}

TEST_CASE("a fleet that cannot serve a tenant says so before it runs") {
  FleetSpec spec = two_countries();
  spec.pools[1].region = 0;
  const auto check = check_fleet(spec);
  REQUIRE(!check.ok());
  CHECK(check.faults()[0].path == "tenant kr");
  CHECK(check.faults()[0].hint == "its data must stay in: seoul");
  FleetSpec half = disaggregated();
  half.pools.erase(half.pools.begin());
  CHECK(!check_fleet(half).ok());
}

}  // namespace
}  // namespace stargate
