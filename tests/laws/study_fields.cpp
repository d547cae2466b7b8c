// Whatever value a field of a study is given, the study is refused with the field's place or planned: nothing aborts,
// and two plans can always be compared. Every field of a small study that has them all is tried with values at the ends
// of its range and beyond; rates are made up, so that a plan takes milliseconds.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <optional>

#include "shipped.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/comparison.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/study/make_programme.hpp"
#include "stargate/study/study.hpp"

using namespace stargate;

namespace {

constexpr const char* kStudy = R"(
name: Every field
about: all of them
sources: {someone-2026: {title: A talk, date: 2026-01-01, grade: C, locator: there}}
horizon: {first: 2026Q1, last: 2027Q4}
finance:
  {discount_rate: 8 %, capital_cost: 10 %, system_life: 1 year, building_life: 20 years, maintenance: 3 %, deposit: 20 %,
   on_delivery: 70 %, on_acceptance: 10 %, reinvested_revenue: 5 %, maximum_debt_share: 60 %, source: someone-2026}
capital:
  - {name: start, from: 2026Q1, amount: 5 B$, kind: equity, interest: 0 %, source: someone-2026}
  - {name: more, from: 2026Q3, amount: 5 B$, kind: debt, interest: 7 %, source: someone-2026}
sites:
  - {site: abilene, power: {2026Q1: 100 MW, 2027Q1: 200 MW}, energised: 50 MW, most_started: 50 MW,
     build_lead_time: 6 months, take_or_pay: 50 %, source: someone-2026}
  - {site: sakai, power: 50 MW, most_started: 50 MW, source: someone-2026}
systems:
  - {system: gb200-nvl72, from: 2026Q1, until: 2027Q2, order_lead_time: 3 months, price_change: -5 %, idle_power: 25 %,
     availability: 95 %, seed_systems: 50, growth: 60 %, source: someone-2026}
  - {system: openai-xpu-rack, source: someone-2026}
shares:
  - {supplier: nvidia, share: {2026Q1: 5 %, 2027Q1: 10 %}, source: someone-2026}
  - {supplier: sk-hynix, share: 5 %, source: someone-2026}
  - {supplier: tsmc, share: 5 %, source: someone-2026}
services:
  - {service: assistant, name: Assistant, kind: serving, model: gpt-oss-120b, stand_in: one, isl: 1000, osl: 200,
     prefix_share: 20 %, ttft: 1 s, tpot: 30 ms, precision: fp8, peak_to_mean: 1.5, residency: [US],
     user_regions: [texas], most_round_trip: 100 ms, demand: {2026Q2: 1 Mtok/s, 2027Q2: 20 Mtok/s},
     unmet_price: 2 $/Mtok, revenue: 3 $/Mtok, source: someone-2026}
  - {service: training, name: Training, kind: training, model: llama-3.1-405b, stand_in: one, gpus: 4096,
     global_batch_size: 1024, seq_length: 8192, effective_time: 90 %, demand: 5 Mtok/s, unmet_price: 1 $/Mtok,
     source: someone-2026}
carbon: {price: 10 $/t, source: someone-2026}
)";

constexpr const char* kValues[] = {
    "0",       "1",           "-1",       "1e18",         "1e-300",          "0 %",      "100 %",
    "-99 %",   "1000 %",      "0 MW",     "1e-9 MW",      "900000 MW",       "1e18 GW",  "0 $",
    "1 $",     "1e30 B$",     "0 s",      "1 ms",         "900000000 years", "99 years", "0 tok/s",
    "1 tok/s", "1e40 Mtok/s", "0 $/Mtok", "1e-30 $/Mtok", "900000 $/Mtok",   "0 $/t",    "1990Q1",
    "2025Q4",  "2026Q1",      "2027Q4",   "2028Q1",       "2045Q4",          "2100Q4",   "debt",
    "equity",  "[]",          "{}",       "sakai",        "micron"};

/// Enough that serving pays; both services on every system.
std::vector<MachineRate> made_up_rates(const StudySpec& study) {
  std::vector<MachineRate> rates;
  for (const auto& service : study.services) {
    for (const auto& system : study.systems) {
      MachineRate rate;
      rate.service = service.service, rate.system = system.system;
      rate.per_accelerator = 20'000 * token / second;
      rates.push_back(rate);
    }
  }
  return rates;
}

struct Planned {
  Programme programme;
  PlanOutcome outcome;
};

std::optional<Planned> plan_of(const StudySpec& study) {
  Planned out{make_programme(shipped_catalogue(), study, made_up_rates(study), supplied_products(shipped_catalogue())),
              {}};
  out.outcome = solve_programme(out.programme, *make_clp_solver());
  return out;
}

void walk(const Node& node, const std::string& path, const std::function<void(const std::string&)>& leaf) {
  if (node.is_scalar()) return leaf(path);
  for (const auto& member : node.members) walk(member.value, path.empty() ? member.key : path + "." + member.key, leaf);
  for (std::size_t i = 0; i < node.items.size(); ++i) walk(node.items[i], path + "[" + std::to_string(i) + "]", leaf);
}

}  // namespace

TEST_CASE("a field of a study at any value is a fault with its place, or a study that can be planned and compared") {
  const auto written = parse_study("study.yaml", kStudy, shipped_catalogue(), {});
  if (!written) FAIL(format_diagnostics(written.faults()));
  const auto base = plan_of(*written);
  REQUIRE(std::holds_alternative<Plan>(base->outcome));
  const auto document = parse_yaml("study.yaml", kStudy);
  int planned = 0, refused = 0;
  walk(document->root, "", [&](const std::string& path) {
    for (const char* value : kValues) {
      CAPTURE(path);
      CAPTURE(value);
      const auto study = parse_study("study.yaml", kStudy, shipped_catalogue(), {{{path, value}}, {}});
      if (!study) {
        ++refused;
        for (const auto& fault : study.faults()) CHECK(!fault.message.empty());
        continue;
      }
      if (path.find("source") != std::string::npos || path.starts_with("name") || path.starts_with("about")) continue;
      ++planned;
      const auto other = plan_of(*study);
      changed_parts(base->programme, other->programme);
      const auto* plan = std::get_if<Plan>(&other->outcome);
      if (plan == nullptr) continue;
      CHECK(std::isfinite(plan->objective.base()));
      const PlanDifference difference = compare_plans(std::get<Plan>(base->outcome), *plan);
      CHECK(std::isfinite(difference.objective.base()));
    }
  });
  CHECK(planned > 300);
  CHECK(refused > 300);
}

TEST_CASE("a study without any one of its items can be planned and compared, or says what is missing") {
  const auto whole = plan_of(*parse_study("study.yaml", kStudy, shipped_catalogue(), {}));
  for (const std::string without :
       {"site:abilene", "site:sakai", "system:gb200-nvl72", "system:openai-xpu-rack", "supplier:nvidia",
        "supplier:sk-hynix", "model:gpt-oss-120b", "model:llama-3.1-405b"}) {
    CAPTURE(without);
    const auto study = parse_study("study.yaml", kStudy, shipped_catalogue(), {{}, {without}});
    if (!study) continue;
    const auto other = plan_of(*study);
    CHECK(!changed_parts(whole->programme, other->programme).empty());
    const auto* plan = std::get_if<Plan>(&other->outcome);
    if (plan != nullptr) compare_plans(std::get<Plan>(whole->outcome), *plan);
  }
}

TEST_CASE("plans of other quarters are compared where both plan, a service left out serves nothing") {
  const auto plan_with = [](const StudyChanges& changes) {
    const auto study = parse_study("study.yaml", kStudy, shipped_catalogue(), changes);
    REQUIRE(study.ok());
    return std::get<Plan>(plan_of(*study)->outcome);
  };
  const Plan base = plan_with({});
  CHECK(compare_plans(base, plan_with({{{"horizon.last", "2026Q4"}}, {}})).quarters.size() == 4);
  CHECK(compare_plans(base, plan_with({{{"horizon.last", "2031Q4"}}, {}})).quarters.size() == 8);
  CHECK(compare_plans(base, plan_with({{{"horizon.first", "2026Q3"}}, {}})).quarters.size() == 6);
  const PlanDifference without = compare_plans(base, plan_with({{}, {"model:gpt-oss-120b"}}));
  REQUIRE(without.services.size() == 2);
  CHECK(without.services[0].service == "assistant");
  CHECK(without.services[0].share == doctest::Approx(-1));
}

TEST_CASE("what a change reaches is said, and a change that reaches nothing too") {
  const auto programme_of = [](const StudyChanges& changes) {
    return plan_of(*parse_study("study.yaml", kStudy, shipped_catalogue(), changes))->programme;
  };
  const Programme base = programme_of({});
  CHECK(changed_parts(base, programme_of({{{"about", "other words"}}, {}})).empty());
  CHECK(changed_parts(base, programme_of({{{"capital[1].interest", "9 %"}}, {}})) ==
        std::vector<std::string>{"capital"});
  CHECK(changed_parts(base, programme_of({{{"finance.discount_rate", "9 %"}}, {}})) ==
        std::vector<std::string>{"rates, lives and payment terms"});
}
