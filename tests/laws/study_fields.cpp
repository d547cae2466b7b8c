// Whatever value a field of a study is given, the study is refused with the field's place or planned: nothing aborts,
// and two plans can always be compared. Every field of a small study that has them all is tried with values at the ends
// of its range and beyond; rates are made up, so that a plan takes milliseconds.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <optional>

#include "small_study.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/comparison.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/study/make_programme.hpp"
#include "stargate/study/study.hpp"

using namespace stargate;

namespace {

constexpr const char* kValues[] = {
    "0",       "1",           "-1",       "1e18",         "1e-300",          "0 %",      "100 %",
    "-99 %",   "1000 %",      "0 MW",     "1e-9 MW",      "900000 MW",       "1e18 GW",  "0 $",
    "1 $",     "1e30 B$",     "0 s",      "1 ms",         "900000000 years", "99 years", "0 tok/s",
    "1 tok/s", "1e40 Mtok/s", "0 $/Mtok", "1e-30 $/Mtok", "900000 $/Mtok",   "0 $/t",    "1990Q1",
    "2025Q4",  "2026Q1",      "2027Q4",   "2028Q1",       "2045Q4",          "2100Q4",   "debt",
    "equity",  "[]",          "{}",       "sakai",        "micron"};

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
  const auto written = parse_study("study.yaml", kSmallStudy, shipped_catalogue(), {});
  if (!written) FAIL(format_diagnostics(written.faults()));
  const auto base = plan_of(*written);
  REQUIRE(std::holds_alternative<Plan>(base->outcome));
  const auto document = parse_yaml("study.yaml", kSmallStudy);
  int planned = 0, refused = 0;
  walk(document->root, "", [&](const std::string& path) {
    for (const char* value : kValues) {
      CAPTURE(path);
      CAPTURE(value);
      const auto study = parse_study("study.yaml", kSmallStudy, shipped_catalogue(), {{{path, value}}, {}});
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
      CHECK(std::isfinite(plan->value.base()));
      const PlanDifference difference = compare_plans(std::get<Plan>(base->outcome), *plan);
      CHECK(std::isfinite(difference.value.base()));
    }
  });
  CHECK(planned > 300);
  CHECK(refused > 300);
}

TEST_CASE("a study without any one of its items can be planned and compared, or says what is missing") {
  const auto whole = plan_of(*parse_study("study.yaml", kSmallStudy, shipped_catalogue(), {}));
  for (const std::string without :
       {"site:abilene", "site:sakai", "system:gb200-nvl72", "system:openai-xpu-rack", "supplier:nvidia",
        "supplier:sk-hynix", "model:gpt-oss-120b", "model:llama-3.1-405b"}) {
    CAPTURE(without);
    const auto study = parse_study("study.yaml", kSmallStudy, shipped_catalogue(), {{}, {without}});
    if (!study) continue;
    const auto other = plan_of(*study);
    CHECK(!changed_parts(whole->programme, other->programme).empty());
    const auto* plan = std::get_if<Plan>(&other->outcome);
    if (plan != nullptr) compare_plans(std::get<Plan>(whole->outcome), *plan);
  }
}

TEST_CASE("plans of other quarters are compared where both plan, a service left out serves nothing") {
  const auto plan_with = [](const StudyChanges& changes) {
    const auto study = parse_study("study.yaml", kSmallStudy, shipped_catalogue(), changes);
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
    return plan_of(*parse_study("study.yaml", kSmallStudy, shipped_catalogue(), changes))->programme;
  };
  const Programme base = programme_of({});
  CHECK(changed_parts(base, programme_of({{{"about", "other words"}}, {}})).empty());
  CHECK(changed_parts(base, programme_of({{{"capital[1].interest", "9 %"}}, {}})) ==
        std::vector<std::string>{"capital"});
  CHECK(changed_parts(base, programme_of({{{"finance.discount_rate", "9 %"}}, {}})) ==
        std::vector<std::string>{"rates, lives and payment terms"});
}
