// What comes whole or not at all: buildings, the qualification of a vendor, a year's training run on one campus. A few
// whole numbers on top of the programme's LP, in equality form where one exists: a run's sales are its rate times
// whether it runs, buildings begun are their number times their size; a vendor's orders are held by its own offers.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/plan.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

struct PlanWholes {
  Power building;      ///< at the meter, the largest; zero: any part of one
  int quarters = 12;   ///< from the first: buildings begun later may be parts of one
  /// Of a vendor of whom nothing stands or is on order, whose offers the programme limits and who says no terms of his
  /// own (PlanSystem); paid in the first quarter.
  Money qualification;
  /// Ids: each calendar year of their first class of customers is a run, whole on one campus (or its network), or not.
  std::vector<std::string> run_services;
  /// Rate of a run over all campuses of a country, beside one campus; zero: one campus only.
  double network_rate = 0.9;
  bool contracts = false;  ///< options on rented machines are taken as a whole or not
  double gap = 0.005;  ///< of the value: good enough
  int nodes = 2000;    ///< of the search, at most
};

/// The campus is cut into equal buildings, none larger than asked for or than the crews begin in a quarter.
struct WholeBuildings {
  std::string site;
  Power size;      ///< of each
  int most = 0;    ///< that the grid has room for beside what stands and is under way
  double begun_in_parts = 0;  ///< in units of one, where any part may be begun; in the quarters that are whole
  std::vector<std::pair<Quarter, int>> begun;  ///< quarter, number
};

struct WholeRun {
  std::string service, customers;
  int year = 0;
  std::string where;      ///< a site, "the campuses of US"; empty: not at all
  TokenRate rate;         ///< the largest of its quarters
};

struct WholeVendor {
  std::string system;
  bool qualified = false;
  double minimum = 0, ordered = 0;  ///< systems: asked for, bought in all
};

struct WholeContract {
  std::string contract;
  double in_parts = 0;  ///< share that is taken where any may be
  bool taken = false;
};

struct WholePlan {
  Money relaxed;        ///< present value where anything may come in parts
  Money value;          ///< of the whole plan, qualification paid
  double gap = 0;       ///< of the value to the best bound of the search: no whole plan is better by more
  int integers = 0;
  std::vector<WholeBuildings> buildings;
  std::vector<WholeRun> runs;
  std::vector<WholeVendor> vendors;
  std::vector<WholeContract> contracts;
  Plan plan;            ///< its prices are those with the whole numbers fixed
};

/// `unlimited`: systems of which nothing is bought yet and that no offer of their own limits; their vendors need no
/// qualification here, since only a bound of their orders could ask for it.
struct WholeOutcome {
  std::optional<WholePlan> plan;
  std::string reason;                  ///< without a plan: why there is none
  std::vector<std::string> unlimited;
};

/// First the LP as it is, then the search from it.
WholeOutcome solve_whole_programme(const Programme& programme, const PlanWholes& wholes, const LpSolver& solver);

/// The LP that is searched, for other solvers.
LpProblem build_whole_lp(const Programme& programme, const PlanWholes& wholes);

}  // namespace stargate
