// A plan run in time: nothing is lost on the way, a plan without surprises keeps its promises, failures and distance
// never help.
#include "stargate/planner/run_in_time.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/run_flow.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

RunUsers everywhere(const Programme& p, std::string region, double share, std::vector<double> week) {
  return {std::move(region), share, std::move(week), std::vector<bool>(p.sites.size(), true),
          std::vector<bool>(p.contracts.size(), true)};
}

/// Steady users, machines that are there and work as planned.
RunSpec quiet(const Programme& p) {
  RunSpec spec;
  for (const auto& service : p.services) {
    spec.services.push_back({{everywhere(p, "all", 1, {})}, std::vector<int>(service.blocks.size(), 0), false});
  }
  spec.nodes.assign(p.systems.size(), 4), spec.repair.assign(p.systems.size(), 24);
  RunDraw draw;
  for (const auto& system : p.systems) draw.late.push_back(0), draw.away.push_back(1 - system.availability);
  spec.draws.push_back(draw);
  return spec;
}

std::vector<RunQuarter> run(const Programme& p, const RunSpec& spec) {
  const PlanModel model = build_plan_model(p);
  const LpOutcome outcome = make_clp_solver()->solve(model.lp, {});
  REQUIRE(std::holds_alternative<LpSolution>(outcome));
  return run_in_time(p, model.columns, std::get<LpSolution>(outcome).values, spec);
}

RunServiceQuarter sum_of(const std::vector<RunQuarter>& quarters, std::size_t k = 0) {
  RunServiceQuarter out;
  for (const auto& q : quarters) {
    const auto& s = q.services[k];
    out.promised += s.promised, out.delivered += s.delivered, out.lost += s.lost, out.waiting = s.waiting;
    out.hours_short += s.hours_short;
    out.missing.peak += s.missing.peak, out.missing.reach += s.missing.reach;
    out.missing.failures += s.missing.failures, out.missing.late += s.missing.late;
  }
  return out;
}

/// Two sites; the second site's machines are needed.
Programme two_sites() {
  Programme p = hand_programme();
  p.sites.push_back(p.sites[0]);
  p.sites[1].id = "sakai";
  for (auto& site : p.sites) site.grid = constant(p.first, p.last, 0.6 * megawatt);
  p.services[0].sites.push_back("sakai");
  return p;
}

}  // namespace

TEST_CASE("a steady demand and machines that work as planned leave nothing missing, at the planned power") {
  const Programme p = hand_programme();
  const auto quarters = run(p, quiet(p));
  for (const auto& q : quarters) {
    const auto& s = q.services[0];
    CHECK(s.promised == doctest::Approx(kQuarterHours * 3600.0));
    CHECK(s.delivered == doctest::Approx(s.promised).epsilon(1e-9));
    CHECK(s.hours_short == 0);
    CHECK(q.sites[0].energy_mwh == doctest::Approx(q.sites[0].planned_mwh).epsilon(1e-6));
    CHECK(q.sites[0].peak_mw <= q.sites[0].limit_mw * (1 + 1e-9));
  }
}

TEST_CASE("a peak that capacity was built for is served, one above it is lost where it cannot wait") {
  Programme p = hand_programme();
  p.services[0].utilisation = 1 / 1.5;
  RunSpec spec = quiet(p);
  spec.services[0].users[0].week = week_shape(1.5, 20, 1);
  // The hours of a quarter are no whole weeks: their peak may be a little over the week's.
  const auto kept = sum_of(run(p, spec));
  CHECK(kept.lost < 1e-4 * kept.promised);
  spec.services[0].users[0].week = week_shape(1.9, 20, 0.5);
  const auto lost = sum_of(run(p, spec));
  CHECK(lost.missing.peak > 0.01 * lost.promised);
  CHECK(lost.delivered + lost.lost + lost.waiting == doctest::Approx(lost.promised).epsilon(1e-9));
  CHECK(lost.missing.total() == doctest::Approx(lost.promised - lost.delivered).epsilon(1e-9));
  spec.services[0].waits[0] = 24;
  const auto waited = sum_of(run(p, spec));
  CHECK(waited.lost < 0.5 * lost.lost);
  CHECK(waited.delivered + waited.lost + waited.waiting == doctest::Approx(waited.promised).epsilon(1e-9));
}

TEST_CASE("more failures never deliver more, in any quarter") {
  Programme p = hand_programme();
  p.systems[0].availability = 0.95;
  RunSpec spec = quiet(p);
  double before = 1e300;
  for (const double away : {0.0, 0.02, 0.05, 0.1, 0.3, 1.0}) {
    spec.draws[0].away[0] = away;
    const auto all = sum_of(run(p, spec));
    CAPTURE(away);
    CHECK(all.delivered <= before * (1 + 1e-12));
    CHECK(all.delivered + all.lost == doctest::Approx(all.promised).epsilon(1e-9));
    before = all.delivered;
  }
  CHECK(before == 0);
}

TEST_CASE("machines that come late are missed until they come") {
  const Programme p = hand_programme();
  RunSpec spec = quiet(p);
  spec.draws[0].late[0] = 1.5;
  const auto quarters = run(p, spec);
  CHECK(quarters[0].services[0].delivered == 0);
  CHECK(quarters[1].services[0].delivered == doctest::Approx(0.5 * quarters[1].services[0].promised).epsilon(1e-3));
  CHECK(quarters[2].services[0].delivered == doctest::Approx(quarters[2].services[0].promised));
  const auto all = sum_of(quarters);
  CHECK(all.missing.late == doctest::Approx(all.lost));
}

TEST_CASE("users are served from where they may be, and no machine of another place helps") {
  const Programme p = two_sites();
  RunSpec spec = quiet(p);
  // Three quarters of the users may only be served at the second site, which can do at most 60 % of it.
  auto& users = spec.services[0].users;
  users = {everywhere(p, "us", 0.25, {}), everywhere(p, "japan", 0.75, {})};
  users[1].sites = {false, true};
  const auto quarters = run(p, spec);
  for (const auto& q : quarters) {
    const auto& s = q.services[0];
    CHECK(s.missing.reach > 0.1 * s.promised);
    CHECK(s.missing.total() == doctest::Approx(s.missing.reach));
    CHECK(s.worst_users == 1);
    CHECK(q.sites[1].peak_mw <= q.sites[1].limit_mw * (1 + 1e-9));
  }
}

TEST_CASE("training waits for as long as it takes, at its own pace") {
  const Programme p = hand_programme();
  RunSpec spec = quiet(p);
  spec.services[0].trains = true;
  spec.draws[0].pace = {{0.9}};
  const auto all = sum_of(run(p, spec));
  CHECK(all.lost == 0);
  CHECK(all.delivered == doctest::Approx(0.9 * all.promised));
  CHECK(all.delivered + all.waiting == doctest::Approx(all.promised));
  CHECK(all.missing.failures == doctest::Approx(0.1 * all.promised));
}

TEST_CASE("the same seed gives the same run") {
  Programme p = hand_programme();
  p.systems[0].availability = 0.95;
  RunSpec spec = quiet(p);
  spec.draws.resize(3, spec.draws[0]);
  const auto once = sum_of(run(p, spec)), again = sum_of(run(p, spec));
  CHECK(once.delivered == again.delivered);
  spec.seed = 2;
  CHECK(sum_of(run(p, spec)).delivered != once.delivered);
}

TEST_CASE("a week has the peak and the weekend that it is said to have") {
  for (const double peak : {1.0, 1.6, 2.0, 3.5}) {
    const std::vector<double> week = week_shape(peak, 20, 0.6);
    double sum = 0;
    for (const double share : week) sum += share;
    CHECK(sum == doctest::Approx(kWeekHours));
    CHECK(*std::max_element(week.begin(), week.end()) == doctest::Approx(std::max(peak, 7 / 6.2)).epsilon(1e-6));
    CHECK(week[24 * 5 + 20] == doctest::Approx(0.6 * week[20]));
  }
}

TEST_CASE("users served first move over for others where that finds room") {
  HourFlow flow(2, {0b11, 0b01});  // both may use the first class, the first user also the second
  flow.begin({10, 10});
  CHECK(flow.serve(0, 8) == doctest::Approx(8));
  CHECK(flow.serve(1, 10) == doctest::Approx(10));
  CHECK(flow.serve(0, 5) == doctest::Approx(2));
  flow.begin({10, 10});
  CHECK(flow.serve(1, 10) + flow.serve(0, 12) == doctest::Approx(20));
}

}  // namespace stargate
