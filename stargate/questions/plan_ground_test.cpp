// What a plan rests on, of plans small enough to add up by hand.
#include "stargate/questions/plan_ground.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

MachineRate rate(const char* service, const char* system, LawOrigin origin, double share) {
  MachineRate out;
  out.service = service, out.system = system;
  out.shares[origin] = share;
  return out;
}

/// Accelerators given to each service by system, in the only quarter.
Plan plan_of(const std::vector<std::vector<double>>& running) {
  Plan plan;
  plan.systems = {"measured", "new"}, plan.services = {"chat", "training"};
  PlanQuarter quarter;
  for (const auto& of_service : running) {
    ServiceQuarter service;
    service.running = of_service;
    quarter.services.push_back(service);
  }
  quarter.systems.resize(2);
  plan.quarters = {quarter};
  return plan;
}

const MachineRates kRates{
    rate("chat", "measured", LawOrigin::fitted, 0.9), rate("chat", "new", LawOrigin::typical, 0.6),
    rate("training", "measured", LawOrigin::fitted, 0.5), rate("training", "new", LawOrigin::typical, 0.8)};

}  // namespace

TEST_CASE("a plan's shares are those of its machines, weighed by the accelerators that work on each service") {
  const LawShares shares = plan_law_shares(kRates, plan_of({{100, 50}, {0, 50}}));
  CHECK(shares[LawOrigin::fitted] == doctest::Approx(0.45));
  CHECK(shares[LawOrigin::typical] == doctest::Approx(0.35));
  CHECK(shares.rest() == doctest::Approx(0.2));
}

TEST_CASE("a plan that runs nothing rests on nothing") {
  CHECK(!LawGround{plan_law_shares(kRates, plan_of({{0, 0}, {0, 0}}))}.known());
}

TEST_CASE("an answer says what confidence does to it, and where it does nothing") {
  LawGround ground;
  ground.shares[LawOrigin::fitted] = 0.75;
  CHECK(format_law_ground(ground, "its own") == "rests 75 % on laws fitted to the device, 25 % on its own.");
  ground.confidence = Confidence::low;
  CHECK(format_law_ground(ground, "its overheads").find("No part of it rests on laws typical") !=
        std::string::npos);
  ground.shares[LawOrigin::typical] = 0.25;
  CHECK(format_law_ground(ground, "its overheads").find("low (slow) end") != std::string::npos);
}
