// The families of rows of the planner's LP: what users see in limits, gaps, exports and the documentation.
#pragma once

#include <array>
#include <string>

namespace stargate {

/// In the order in which rows are added; the numbers are also the LP's row families.
enum class PlanFamily {
  site_power,
  built,
  energise,
  subscribed,
  grid,
  crew,
  draw_power,
  take_or_pay,
  arrival,
  stored,
  installed,
  life,
  survivor,
  survivors,
  growth,
  offer,
  work,
  output,
  cash,
  tranche,
  debt_share,
  carbon_cap,
  lease,
  contract,
  minimum_take,
  rented,
  floor,
  tax,
  debt_service,
  fixed_charge,
  hall,
  plant,
  flexible,
  backup,
  generated,
  own_use,
  imported,
  curtailed,
  spares,
  collateral
};
inline constexpr int kPlanFamilyCount = 40;

/// Everything about a family but its equation's code: name, formula as the documentation prints it, units and words.
struct PlanFamilyRow {
  PlanFamily family;     ///< its own place in the table, checked
  const char* name;      ///< in exports and answers
  const char* formula;   ///< as docs/explanation/planner.md prints it
  const char* unit;      ///< of the right-hand side, for users
  const char* one_more;  ///< what one more unit is
  bool is_limit;         ///< somebody could move it: it is listed with its price
  double weight;  ///< of moving it by one unit of the LP when nothing is feasible, about its cost in M$; 0: stays
};

/// By PlanFamily. Formulas use s for a site, g a system, k a service, b a block of its customers, t a quarter,
/// p a part, j an offer, r a tranche, i a plant.
const std::array<PlanFamilyRow, kPlanFamilyCount>& planner_families();
/// The row of the table; constant time.
const PlanFamilyRow& family_row(PlanFamily family);

}  // namespace stargate
