// Which columns the LP has and where: only those that could ever be used (the system deliverable, the site energised,
// the service able to run there), so that a programme of 20 quarters, 13 sites, 10 systems and 5 services stays small.
// Retired systems and the takes from each supplier need no columns: they are the slack of a balance and a fixed share
// of the need (docs/explanation/planner.md).
#pragma once

#include <vector>

#include "stargate/lp/problem.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// Column numbers under up to four indices; -1 where there is none. A dense table: asking is one multiplication chain.
/// at() does not check its indices.
class ColumnTable {
 public:
  ColumnTable() = default;
  ColumnTable(int n1, int n2, int n3 = 1, int n4 = 1);
  int& at(int i, int j, int k = 0, int l = 0) { return columns_[place(i, j, k, l)]; }
  int width() const { return static_cast<int>(n2_); }  ///< extent of the second index
  int depth() const { return static_cast<int>(n3_); }  ///< of the third
  int at(int i, int j, int k = 0, int l = 0) const { return columns_[place(i, j, k, l)]; }

 private:
  std::size_t place(int i, int j, int k, int l) const {
    return ((static_cast<std::size_t>(i) * n2_ + j) * n3_ + k) * n4_ + l;
  }
  std::size_t n2_ = 0, n3_ = 1, n4_ = 1;  ///< extents behind the first index
  std::vector<int> columns_;              ///< row-major; -1: no column
};

/// The axes that columns and rows are named by. Parts may be made before the first quarter, so the axis of quarters
/// starts `lead_in` earlier.
struct PlanAxes {
  /// Numbers that LpProblem::add_axis gave.
  int site = 0, hall = 0, plant = 0, system = 0, service = 0, block = 0, tranche = 0, part = 0, contract = 0;
  int quarter = 0, standing = 0;
  int lead_in = 0;                                                            ///< quarters
};
/// Adds the labels to `lp`; to be called once, before columns and rows.
PlanAxes add_axes(const Programme& programme, LpProblem& lp);

/// Indices are positions in the Programme; t counts periods from the first: quarters, then years of the tail.
struct PlanColumns {
  ColumnTable started, built, energised, drawn, topup;  ///< (site, t): MW
  ColumnTable order;                             ///< (system, t): thousand accelerators, of the quarter ordered
  ColumnTable store;                             ///< (system, t): thousand accelerators that arrived and wait for power
  ColumnTable deliver, installed;                ///< (site, system, t): thousand accelerators switched on; standing
  ColumnTable left;                              ///< (site, system, t): of those of t, with book value at the end
  ColumnTable left_before;                       ///< (site, system, n): of the n-th that stood at the start
  ColumnTable stock;                             ///< (part, t): kept behind the quarter in which parts of t are made
  ColumnTable run;                               ///< (site, system, service, t): thousand accelerators
  ColumnTable sell;                              ///< (service, block, t): million tokens a second
  ColumnTable draw;                              ///< (tranche, t): M$
  ColumnTable cash;                              ///< (0, t): M$
  ColumnTable leased;                            ///< (site, t): MW from t on, for the term
  ColumnTable refit;                             ///< (site, hall, t): MW made fit for racks of the class
  ColumnTable take;                              ///< (contract, 0): share of an option that is taken, at most 1;
                                                 ///< none where it is signed or binds to nothing
  ColumnTable hire;                              ///< (contract, t): thousand accelerators that are paid for
  ColumnTable serve;                             ///< (contract, service, t): of these, that run it
  ColumnTable missed;                            ///< (service, block, t): million tokens a second promised, not sold
  ColumnTable plant, made, backup;               ///< (site, plant, t): MW begun; made on average; kept for cuts
  ColumnTable flexible;                          ///< (site, t): MW that are cut at times
  ColumnTable cut;                               ///< (site, system, t): thousand accelerators without power, on average
  ColumnTable spare;                             ///< (system, t): thousand accelerators held without power
  ColumnTable taxed, loss;                       ///< (0, t): M$; profit that bears tax, and losses carried forward
};

/// Adds the columns; all are at least zero, and only `sell` and `take` have an upper bound. Of the objective they
/// have what is sold and what is left at the end; what is paid comes with the payments (constraints_money.cpp).
PlanColumns lay_out_columns(const Programme& programme, const PlanAxes& axes, LpProblem& lp);

/// The period in which what arrives in period `t` was ordered: a lead before, in the tail the same year; -1: before the
/// first.
int order_period(const Programme& programme, const PlanSystem& system, int t);

/// The period whose first day sees the power of construction that begins in period `t`; in the tail the next year.
int ready_period(const Programme& programme, const PlanSite& site, int t);
/// Quarters from the first to that from which power ready in this quarter counts: in the tail the next year's first.
int ready_start(const Programme& programme, Quarter ready);
/// MW that stand in the period of what was ordered by a plan that this one goes on from.
double ordered_plant_lp(const Programme& programme, const PlanPlant& plant, int t);
/// The least that the grid gives in a quarter of the period.
Power grid_in(const Programme& programme, const PlanSite& site, int t);

/// The most that may be energised in the period: of the grid, with cuts, and by plants.
Power power_limit_in(const Programme& programme, const PlanSite& site, int t);

/// By the service's list of sites: residency and distance were decided by whoever made the programme.
bool may_run_at(const PlanService& service, const PlanSite& site);
/// What the contract's accelerators do is sold as the system's own would be; null: it runs no such service.
const PlanThroughput* rented_throughput(const PlanContract& contract, const PlanService& service);
/// May racks of the system ever stand at the site? Where its halls are too poor, a class must be rich enough.
bool fits_hall(const Programme& programme, const PlanSystem& system, const PlanSite& site);
/// Of class `h` of halls at the site: is the system too dense for the class below, or for the halls as they are?
bool needs_hall(const Programme& programme, const PlanSystem& system, const PlanSite& site, int h);
/// Systems at the site that were delivered before the first quarter and have not reached their life `t` quarters after
/// it. `t` from 0.
double standing_systems(const PlanSystem& system, const PlanSite& site, Quarter first, int t);
/// Systems (count) committed to be delivered in period `t`. 0 where nothing was committed.
double committed_systems(const Programme& programme, const PlanSystem& system, int t);

}  // namespace stargate
