// The table of families; docs/explanation/planner.md prints it (a test holds the two together).
#include "stargate/planner/families.hpp"

#include "stargate/base/check.hpp"

namespace stargate {

const std::array<PlanFamilyRow, kPlanFamilyCount>& planner_families() {
  static const std::array<PlanFamilyRow, kPlanFamilyCount> rows{{
      // Weights are what moving the limit by one LP unit costs at usual prices: a megawatt of construction 12 M$, a
      // dollar a dollar. They only choose among gaps when nothing is feasible. Weight 0: the row stays, since serving
      // and building nothing always keeps it.
      {PlanFamily::site_power, "site_power", "sum_g pue_s P_g inst[s,g,t] <= energised[s,t]", "MW",
       "a megawatt at the meter free for systems in the quarter", false, 0},
      {PlanFamily::built, "built", "built[s,t] = built[s,t-1] + started[s,t-lead_s] + begun[s,t]", "MW",
       "a megawatt of building from the quarter on that nobody pays for", false, 0},
      {PlanFamily::energise, "energise", "energised[s,t] <= built[s,t] + sum_u alive(u,t) leased[s,u]", "MW",
       "a megawatt of building in the quarter", false, 0},
      {PlanFamily::subscribed, "subscribed", "energised[s,t] >= energised[s,t-1] - fall of grid[s,t] - leases that end, with take-or-pay",
       "MW", "a megawatt of contracted power given back", false, 0},
      {PlanFamily::grid, "grid",
       "energised[s,t] <= grid[s,t] + flexible[s,t] + sum_i (stands[s,i,t] - backup[s,i,t]), of no battery", "MW",
       "a megawatt at the meter that the grid gives the site in the quarter", true, 0},
      {PlanFamily::crew, "crew", "started[s,t] <= most_started[s]", "MW",
       "a megawatt of construction the crews can begin in the quarter", true, 0},
      {PlanFamily::draw_power, "draw_power",
       "drawn[s,t] = sum_g pue_s P_g (idle_g inst + sum_k (share_gk - idle_g) util_k run)", "MW",
       "a megawatt drawn on average over the quarter", false, 0},
      {PlanFamily::take_or_pay, "take_or_pay", "drawn[s,t] + topup[s,t] >= take_or_pay_s energised[s,t]", "MW",
       "a megawatt of energy paid whether used or not in the quarter", false, 0},
      {PlanFamily::arrival, "arrival",
       "sum_s deliver[s,g,t] + store[g,t] + spare[g,t] <= "
       "store[g,t-1] + spare[g,t-1] + order[g,t-lead_g] + committed[g,t]",
       "thousand accelerators", "a thousand accelerators in the store without an order", false, 0},
      {PlanFamily::stored, "stored", "store[g,t] <= sum_{u=t-3..t} (order[g,u-lead_g] + committed[g,u])",
       "thousand accelerators", "a thousand accelerators kept in the store for another quarter", false, 0},
      {PlanFamily::installed, "installed",
       "inst[s,g,t] <= inst[s,g,t-1] + deliver[s,g,t], and standing[s,g] in the first", "thousand accelerators",
       "a thousand accelerators installed from the quarter on without being bought", false, 0},
      {PlanFamily::life, "life",
       "inst[s,g,t] <= sum_u alive_g(u,t) deliver[s,g,u] + standing[s,g] of that age", "thousand accelerators",
       "a thousand accelerators kept beyond their life in the quarter", false, 0},
      {PlanFamily::survivor, "survivor", "left[s,g,t] <= alive_g(t,end) deliver[s,g,t]", "thousand accelerators",
       "a thousand accelerators with book value at the end that were not bought", false, 0},
      {PlanFamily::survivors, "survivors", "sum_t left[s,g,t] <= inst[s,g,end]", "thousand accelerators",
       "a thousand accelerators of book value kept at the end", false, 0},
      {PlanFamily::growth, "growth",
       "order[g,t-lead_g] <= seed_g + (1+rate_g) (order[g,t-1-lead_g] + committed[g,t-1])", "systems",
       "a system the vendor can ramp to in the quarter", true, 0},
      {PlanFamily::offer, "offer",
       "sum_g need_gp order[g,t+lag_p-lead_g] + stock[p,t] <= sum_j offer[j,p,t] + stock[p,t-1]",
       "part", "a unit of the part from this supplier in the quarter", true, 0},
      {PlanFamily::work, "work", "sum_k run[s,g,k,t] <= availability_g (inst[s,g,t] - cut[s,g,t])",
       "thousand accelerators",
       "a thousand working accelerators at the site in the quarter", false, 0},
      {PlanFamily::output, "output", "sum_b sell[k,b,t] <= sum_{s,g} thr_gk util_k run[s,g,k,t] + sum_x thr_xk util_k serve[x,k,t]", "Mtok/s",
       "a million tokens a second of the service from outside the programme", false, 0},
      {PlanFamily::cash, "cash", "cash[t] = cash[t-1] + draws - repayments + reinvested revenue - payments, cash[t] >= 0", "M$",
       "a million dollars more in hand from the quarter on", true, 1},
      {PlanFamily::tranche, "tranche", "sum_t draw[r,t] <= amount_r", "M$", "a million dollars more in the tranche",
       true, 0},
      {PlanFamily::debt_share, "debt_share", "(1-share) owed[t] <= share equity[<=t]", "M$",
       "a million dollars of debt more than the share allows, up to the quarter", true, 1},
      {PlanFamily::carbon_cap, "carbon_cap", "sum_{s,t in year} carbon_s drawn[s,t] <= cap", "t",
       "a tonne of CO2 equivalent more in the year", true, 1},
      {PlanFamily::lease, "lease", "sum_u alive(u,t) leased[s,u] <= most_leased[s,t]", "MW",
       "a megawatt more that may be leased in the quarter", true, 0},
      {PlanFamily::contract, "contract", "hire[x,t] <= amount[x,t] take[x]", "accelerators",
       "an accelerator more in the contract", true, 0},
      {PlanFamily::minimum_take, "minimum_take", "hire[x,t] >= take_or_pay_x amount[x,t] take[x]", "accelerators",
       "an accelerator that need not be paid for in the quarter", true, 7},
      {PlanFamily::rented, "rented", "sum_k serve[x,k,t] <= availability_x hire[x,t]", "thousand accelerators",
       "a thousand working accelerators of the contract in the quarter", false, 0},
      {PlanFamily::floor, "floor", "sell[k,b,t] + missed[k,b,t] >= floor_kb wanted[k,b,t]", "Mtok/s",
       "a million tokens a second of duty lifted in the quarter", true, 0},
      {PlanFamily::tax, "tax",
       "taxed[t] = loss[t] - loss[t-1] + revenue - energy - opex - carbon - rent - penalties - depreciation, and the sale at the end", "M$",
       "a million dollars of profit that bears no tax", false, 0},
      {PlanFamily::debt_service, "debt_service",
       "dscr (interest + repaid) <= revenue - energy - opex - carbon - rent - penalties - tax, over four quarters", "M$",
       "a million dollars that lenders count as earned in the year up to the quarter", true, 1},
      {PlanFamily::fixed_charge, "fixed_charge",
       "cover (interest + repaid + rent) <= revenue - energy - opex - carbon - penalties - tax, over four quarters", "M$",
       "a million dollars that lenders count as earned in the year up to the quarter", true, 1},
      {PlanFamily::hall, "hall", "sum over g too dense for class h-1 of pue_s P_g inst[s,g,t] <= sum_{i>=h, u<=t} refit[s,i,u]",
       "MW", "a megawatt of hall for racks of this density in the quarter", true, 0},
      {PlanFamily::plant, "plant",
       "stands[s,i,t] = begun[s,i,t] + sum_u alive(u,t) plant[s,i,u-lead_i] <= most[s,i,t]", "MW",
       "a megawatt more of plant that may stand at the site in the quarter", true, 0},
      {PlanFamily::flexible, "flexible", "flexible[s,t] <= most flexible[s,t]", "MW",
       "a megawatt at the meter more that the grid gives with cuts in the quarter", true, 0},
      {PlanFamily::backup, "backup", "backup[s,i,t] <= stands[s,i,t]", "MW",
       "a megawatt of plant that lasts through cuts in the quarter", false, 0},
      {PlanFamily::generated, "generated", "made[s,i,t] <= stands[s,i,t], of a battery none", "MW",
       "a megawatt of energy made at the site in the quarter", false, 0},
      {PlanFamily::own_use, "own_use", "sum_i made[s,i,t] <= drawn[s,t]", "MW",
       "a megawatt made at the site that others take in the quarter", false, 0},
      {PlanFamily::imported, "imported", "drawn[s,t] - sum_i made[s,i,t] <= grid[s,t] + flexible[s,t]", "MW",
       "a megawatt drawn from the grid in the quarter", false, 0},
      {PlanFamily::curtailed, "curtailed",
       "sum_g pue_s P_g cut[s,g,t] >= cut share (flexible[s,t] - sum_i bridged_i backup[s,i,t])", "MW",
       "a megawatt of mean power that need not be cut in the quarter", true, 0},
      {PlanFamily::spares, "spares", "spare[g,t] >= spares_g (sum_s inst[s,g,t] - standing[g] of that age)",
       "thousand accelerators", "a thousand spare accelerators less to hold in the quarter", false, 0},
      {PlanFamily::collateral, "collateral",
       "owed[r,t] <= a_r book of systems[t] + b_r book of buildings[t]", "M$",
       "a million dollars more that the lender takes as security in the quarter", true, 1},
  }};
  return rows;
}

const PlanFamilyRow& family_row(PlanFamily family) {
  const auto& row = planner_families()[static_cast<std::size_t>(family)];
  STARGATE_CHECK(row.family == family, "families out of order");
  return row;
}

}  // namespace stargate
