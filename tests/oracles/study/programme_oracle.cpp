// Random programmes of every kind of limit, as MPS, and what our solver says of each, for judge_programmes.py:
//   programme_oracle <folder> [count]      <case>.mps and <case>.answer; every fourth has whole numbers, and no duals
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include <fmt/format.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"
#include "stargate/planner/integers.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

class RandomProgramme {
 public:
  explicit RandomProgramme(unsigned seed) : random_(seed) {}

  Programme make() {
    p_ = broad_programme(pick(3, 8), pick(1, 4), pick(1, 4), pick(1, 3));
    p_.tail_years = pick(0, 3), p_.capital_cost = real(0, 0.2);
    p_.reinvested_revenue = real(0, 0.6), p_.maximum_debt_share = real(0.3, 1);
    p_.most_stored = pick(0, 4);
    for (auto& tranche : p_.capital) tranche.amount *= real(0.2, 4);
    for (std::size_t s = 0; s < p_.sites.size(); ++s) change_site(p_.sites[s]);
    for (auto& system : p_.systems) change_system(system);
    for (auto& service : p_.services) change_service(service);
    change_money();
    if (chance(0.3)) p_.carbon_cap = real(20, 400) * 1000.0 * tonne;
    if (chance(0.4)) {
      p_.halls = {{150.0 * kilowatt, real(0.5, 3) * dollar / watt}, {600.0 * kilowatt, 5.0 * dollar / watt}};
    }
    if (chance(0.5)) add_contract();
    return p_;
  }

  PlanWholes wholes() {
    PlanWholes out;
    out.building = real(5, 30) * megawatt, out.quarters = pick(1, 3), out.contracts = true;
    out.qualification = real(1, 300) * million_dollars;
    if (chance(0.5)) out.run_services = {p_.services[0].id};
    out.gap = 1e-9, out.nodes = 200000;
    return out;
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  bool chance(double share) { return real(0, 1) < share; }

  void change_site(PlanSite& site) {
    for (auto& [quarter, power] : site.grid.points) power *= real(0.2, 1.5);
    if (chance(0.3)) site.rack = real(50, 200) * kilowatt;
    if (chance(0.3)) site.building.push_back({real(1, 30) * megawatt, p_.first + pick(0, 3), real(0, 1)});
    if (chance(0.3)) {
      site.lease = PlanLease{constant(p_.first, p_.last, real(1, 40) * megawatt),
                             real(20, 300) * dollar / megawatt_hour, pick(2, 30)};
    }
    if (chance(0.6)) add_plant(site, "engines", false);
    if (chance(0.3)) add_plant(site, "battery", true);
    if (chance(0.5)) {
      site.flexible = PlanFlexible{constant(p_.first + pick(0, 2), p_.last, real(1, 50) * megawatt), real(0, 0.2)};
    }
  }
  void add_plant(PlanSite& site, const char* name, bool battery) {
    PlanPlant plant;
    plant.name = name, plant.battery = battery;
    plant.most = constant(p_.first, p_.last, real(1, 60) * megawatt);
    if (chance(0.4)) plant.begun = constant(p_.first + pick(0, 2), p_.last, real(0, 20) * megawatt);
    plant.lead = pick(0, 3), plant.life = pick(2, 60), plant.price = real(0.2, 3) * dollar / watt;
    plant.maintenance = real(0, 0.05), plant.fuel = real(0, 120) * dollar / megawatt_hour;
    plant.carbon = real(0, 500) * kilogram / megawatt_hour;
    plant.loss = battery ? real(0, 0.3) : 0, plant.bridged = battery ? real(0.2, 1) : 1;
    site.plants.push_back(std::move(plant));
  }

  void change_system(PlanSystem& system) {
    system.life = pick(2, 24), system.order_lead = pick(0, 2), system.rack = real(20, 300) * kilowatt;
    if (chance(0.5)) system.attrition = {real(0, 0.3), real(0, 0.2)};
    if (chance(0.4)) system.spares = real(0, 0.1);
    if (chance(0.4)) system.standing.push_back({"site0", p_.first - pick(1, 6), real(1, 100)});
    if (chance(0.3)) system.qualification = PlanQualification{real(1, 200) * million_dollars, pick(0, 2), real(0, 300)};
    if (chance(0.7)) {
      PlanPart own;
      own.product = "system:" + system.id, own.unit = "systems";
      own.offers = {{"its maker", constant(p_.first, p_.last, real(20, 2000))}};
      system.parts[own.product] = 1;
      p_.parts.push_back(own);
    }
  }

  void change_service(PlanService& service) {
    for (auto& block : service.blocks) {
      for (auto& [quarter, price] : block.price.points) price *= real(0.3, 2);
      if (chance(0.3)) {
        block.floor = constant(p_.first, p_.last, real(0, 0.5)), block.penalty = real(0, 5) * dollar / million_tokens;
      }
    }
  }

  void change_money() {
    auto& loan = p_.capital[1];
    if (chance(0.6)) loan.repayment = PlanRepayment{loan.from + pick(1, 3), loan.from + pick(3, 9)};
    if (chance(0.5)) loan.collateral = PlanCollateral{real(0, 0.8), real(0, 0.8), chance(0.5)};
    if (chance(0.4)) p_.debt_service = PlanCovenant{real(0.5, 2), p_.first + pick(0, 4)};
    if (chance(0.3)) p_.fixed_charge = PlanCovenant{real(0.5, 2), p_.first + pick(0, 4)};
    if (chance(0.4)) p_.tax = PlanTax{real(0, 0.4), pick(4, 24), pick(20, 156), real(0, 50) * million_dollars};
    for (auto& part : p_.parts) {
      if (chance(0.5)) part.price = real(1, 20) * dollar;
    }
  }

  void add_contract() {
    PlanContract rented;
    rented.id = "rented", rented.system = p_.systems[0].id;
    rented.accelerators = constant(p_.first, p_.last, real(100, 20000));
    rented.price = constant(p_.first, p_.last, real(0.5, 4) * dollar / hour);
    rented.take_or_pay = real(0, 1), rented.is_signed = chance(0.2);
    rented.services = {p_.services[0].id};
    p_.contracts.push_back(std::move(rented));
  }

  std::mt19937 random_;
  Programme p_;
};

std::string answer_text(const LpProblem& lp, const LpOutcome& outcome, bool whole) {
  const auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) {
    return std::holds_alternative<LpInfeasible>(outcome) ? "verdict infeasible\n" : "verdict none\n";
  }
  std::string text = fmt::format("verdict objective {:.17g}\n", found->objective);
  for (int j = 0; j < lp.column_count() && !whole; ++j) {
    text += fmt::format("column {} {:.17g} {:.17g}\n", lp.column_name(j), found->values[j], found->reduced_costs[j]);
  }
  for (int i = 0; i < lp.row_count() && !whole; ++i) {
    text += fmt::format("row {} {:.17g} {:.17g}\n", lp.row_name(i), found->activities[i], found->duals[i]);
  }
  return text;
}

void write_cases(const std::string& folder, int count) {
  const auto solver = make_clp_solver();
  for (int i = 0; i < count; ++i) {
    RandomProgramme random(20261201U + static_cast<unsigned>(i));
    const Programme programme = random.make();
    const bool whole = i % 4 == 3;
    const PlanWholes wholes = random.wholes();
    const LpProblem lp = whole ? build_whole_lp(programme, wholes) : build_plan_model(programme).lp;
    LpOptions options;
    if (whole) options.integer_gap = wholes.gap, options.node_limit = wholes.nodes;
    const std::string path = fmt::format("{}/{}-{:03d}", folder, whole ? "whole" : "parts", i);
    std::ofstream(path + ".mps") << format_mps(lp);
    std::ofstream(path + ".answer") << answer_text(lp, solver->solve(lp, options), whole);
  }
}

}  // namespace
}  // namespace stargate

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: programme_oracle <folder> [count]\n", stderr);
    return 2;
  }
  stargate::write_cases(argv[1], argc == 3 ? std::atoi(argv[2]) : 200);
  return 0;
}
