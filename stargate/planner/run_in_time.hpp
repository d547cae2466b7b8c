// A plan run in time: its fleet, hour by hour, under the week of its users. The plan promises means of a quarter from
// machines that are there on its first day and of which a fixed share works; here demand has hours and regions,
// machines leave and come back, come late, and serve only whom they may. What is not delivered is told with its cause.
// docs/explanation/plan_in_time.md has the rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stargate/planner/columns.hpp"

namespace stargate {

inline constexpr int kWeekHours = 168;      ///< Monday 0:00 first
inline constexpr int kQuarterHours = 2190;  ///< of 8,760 a year
inline constexpr int kMostUsers = 32;       ///< groups of users of a service

/// Users of a service who are served from the same places.
struct RunUsers {
  std::string region;
  double share = 1;                     ///< of the service's tokens
  std::vector<double> week;             ///< by hour, relative to each other; empty: steady
  std::vector<bool> sites, contracts;   ///< whose machines may serve them, in the Programme's order
};

struct RunService {
  std::vector<RunUsers> users;  ///< 1 to kMostUsers, shares add to 1
  std::vector<int> waits;       ///< hours for which a block's work may wait; 0: served in its hour or lost
  bool trains = false;          ///< its work waits for as long as it takes, and goes at the pace of the draw
};

/// One way the years may go, by system.
struct RunDraw {
  std::vector<double> late;  ///< quarters by which what is on order or will be ordered arrives late
  std::vector<double> away;  ///< mean share of accelerators that do not work
  /// (service, system), of training: tokens of a working accelerator over what the plan counts on; empty: 1.
  std::vector<std::vector<double>> pace;
};

struct RunSpec {
  std::vector<RunService> services;  ///< in the Programme's order
  std::vector<int> nodes;            ///< by system: accelerators that leave together
  std::vector<double> repair;        ///< by system: hours for which a node is away, mean
  std::vector<RunDraw> draws;        ///< at least one
  std::uint64_t seed = 1;            ///< of when nodes leave
};

/// What is missing by its cause, Mtok; their sum is all of it. Below zero: more is delivered than without the cause.
struct RunMissing {
  double peak = 0;      ///< of the week, over what the plan's own machines can do
  double reach = 0;     ///< machines that may not serve these users: country or distance
  double failures = 0;  ///< machines away, and training's restarts, otherwise than planned
  double late = 0;      ///< machines that arrived late
  double total() const { return peak + reach + failures + late; }
};

/// Mtok of the quarter; means over the draws.
struct RunServiceQuarter {
  double promised = 0, delivered = 0, lost = 0;
  double waiting = 0;        ///< at the end of the quarter
  double low = 0;            ///< delivered in one draw of ten or less
  RunMissing missing;        ///< promised less delivered
  double hours_short = 0;    ///< in which something was lost
  double capacity = 0;       ///< of the machines given to it, all hours
  double missing_usd = 0;    ///< what its customers would have paid
  int worst_users = -1;      ///< whose loss in one hour of the week is largest; -1: nothing is lost
  int worst_hour = 0;        ///< of the week
};

/// At the meter.
struct RunSiteQuarter {
  double energy_mwh = 0;   ///< mean over the draws
  double planned_mwh = 0;  ///< of the plan
  double peak_mw = 0;      ///< of an hour, over all draws
  double limit_mw = 0;     ///< energised
};

struct RunQuarter {
  Quarter quarter;
  std::vector<RunServiceQuarter> services;  ///< in the Programme's order
  std::vector<RunSiteQuarter> sites;
};

/// `values` of the columns of the programme's LP. Pure: the same arguments give the same answer on any number of cores.
std::vector<RunQuarter> run_in_time(const Programme& programme, const PlanColumns& columns,
                                    const std::vector<double>& values, const RunSpec& spec);

/// Hours of the week of users whose day is a cosine (above twice the mean: a power of it) with its top at `peak_hour`,
/// and whose hours of Saturday and Sunday are `weekend` of the others; the largest is `peak_to_mean` times the mean.
std::vector<double> week_shape(double peak_to_mean, double peak_hour, double weekend);

}  // namespace stargate
