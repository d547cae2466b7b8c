// The LP of a programme, family by family in the order of the table.
#include "stargate/planner/model.hpp"

#include <utility>

#include "stargate/base/check.hpp"

namespace stargate {

namespace {

/// Axes of a family's rows, the quarter last.
std::vector<int> row_axes(PlanFamily family, const PlanAxes& axes) {
  switch (family) {
    case PlanFamily::site_power:
    case PlanFamily::built:
    case PlanFamily::energise:
    case PlanFamily::subscribed:
    case PlanFamily::grid:
    case PlanFamily::crew:
    case PlanFamily::draw_power:
    case PlanFamily::take_or_pay:
    case PlanFamily::lease:
    case PlanFamily::flexible:
    case PlanFamily::own_use:
    case PlanFamily::imported:
    case PlanFamily::curtailed:
      return {axes.site, axes.quarter};
    case PlanFamily::plant:
    case PlanFamily::backup:
    case PlanFamily::generated:
      return {axes.site, axes.plant, axes.quarter};
    case PlanFamily::arrival:
    case PlanFamily::stored:
    case PlanFamily::growth:
    case PlanFamily::spares:
      return {axes.system, axes.quarter};
    case PlanFamily::installed:
    case PlanFamily::life:
    case PlanFamily::survivor:
    case PlanFamily::survivors:
    case PlanFamily::work:
      return {axes.site, axes.system, axes.quarter};
    case PlanFamily::offer:
      return {axes.part, axes.quarter};
    case PlanFamily::output:
      return {axes.service, axes.quarter};
    case PlanFamily::hall:
      return {axes.site, axes.hall, axes.quarter};
    case PlanFamily::floor:
      return {axes.service, axes.block, axes.quarter};
    case PlanFamily::contract:
    case PlanFamily::minimum_take:
    case PlanFamily::rented:
      return {axes.contract, axes.quarter};
    case PlanFamily::tranche:
    case PlanFamily::collateral:
      return {axes.tranche, axes.quarter};
    case PlanFamily::cash:
    case PlanFamily::debt_share:
    case PlanFamily::carbon_cap:
    case PlanFamily::tax:
    case PlanFamily::debt_service:
    case PlanFamily::fixed_charge:
      return {axes.quarter};
  }
  return {};
}

/// The LP's families have the table's order, so a PlanFamily is the number of its row family.
void add_row_families(PlanModel& model) {
  for (const auto& row : planner_families()) {
    const auto axes = row_axes(row.family, model.axes);
    const bool in_kilotonnes = row.family == PlanFamily::carbon_cap;
    const int number = model.lp.add_row_family({row.name, axes, in_kilotonnes ? "kt" : row.unit});
    // Families without a weight are balances that building and serving nothing keeps: they never need to move.
    if (row.weight > 0) model.lp.make_relaxable(number, row.weight);
  }
}

/// A family goes by the quarter, by one index and the quarter, or by two and the quarter.
void add_row(PlanModel& model, const RowKey& key, const PlanTerms& terms, std::pair<double, double> range) {
  LpLabel label{static_cast<int>(key.family), {}};
  // Quarters on the axis count from the earliest part.
  const int quarter = key.t + model.axes.lead_in;
  switch (row_axes(key.family, model.axes).size()) {
    case 1:
      label.index = {quarter};
      break;
    case 2:
      label.index = {key.first, quarter};
      break;
    default:
      label.index = {key.first, key.second, quarter};
  }
  const int row = model.lp.add_row(range.first, range.second, label);
  for (const auto& entry : terms.entries()) model.lp.add_entry(row, entry.column, entry.value);
  model.keys.push_back(key);
}

/// What the equations rest on; the programme's author has checked the input.
void check_programme(const Programme& p) {
  STARGATE_CHECK(p.quarters() > 0 && p.building_life > 0, "a programme without quarters");
  for (const auto& site : p.sites) STARGATE_CHECK(site.construction_lead >= 0 && site.pue > 0, "a site out of range");
  for (const auto& part : p.parts) STARGATE_CHECK(part.lag >= 0, "a part made after the system that needs it");
  for (const auto& system : p.systems) {
    STARGATE_CHECK(system.accelerators > 0 && system.life > 0 && system.order_lead >= 0, "a system out of range");
    // A negative price would make the cost fall for ever.
    STARGATE_CHECK(!(system.price.at(system.first_delivery) < Money{}), "a system of negative price");
  }
  for (const auto& site : p.sites) {
    for (const auto& plant : site.plants) STARGATE_CHECK(plant.lead >= 0 && plant.life > 0, "a plant out of range");
  }
  for (const auto& site : p.sites) STARGATE_CHECK(!site.lease || site.lease->term > 0, "a lease without a term");
  for (const auto& tranche : p.capital) {
    const bool backwards = tranche.repayment && tranche.repayment->until < tranche.repayment->from;
    STARGATE_CHECK(!backwards, "a loan paid back before it begins to be");
  }
  // A draw pays what its first interest leaves: in a year of the tail nothing at 100 %.
  for (const auto& tranche : p.capital) STARGATE_CHECK(tranche.interest <= 1, "a year's interest above the loan");
}

}  // namespace

void add_at_most(PlanModel& model, const RowKey& key, const PlanTerms& terms, double bound) {
  add_row(model, key, terms, {-kInfinity, bound});
}

void add_at_least(PlanModel& model, const RowKey& key, const PlanTerms& terms, double bound) {
  add_row(model, key, terms, {bound, kInfinity});
}

void add_equal(PlanModel& model, const RowKey& key, const PlanTerms& terms, double value) {
  add_row(model, key, terms, {value, value});
}

PlanModel build_plan_model(const Programme& programme) {
  check_programme(programme);
  PlanModel model;
  model.programme = &programme;
  model.axes = add_axes(programme, model.lp);
  model.columns = lay_out_columns(programme, model.axes, model.lp);
  add_row_families(model);
  add_site_power_rows(model);
  add_built_rows(model);
  add_energise_rows(model);
  add_subscribed_rows(model);
  add_grid_rows(model);
  add_crew_rows(model);
  add_draw_power_rows(model);
  add_take_or_pay_rows(model);
  add_arrival_rows(model);
  add_stored_rows(model);
  add_installed_rows(model);
  add_life_rows(model);
  add_survivor_rows(model);
  add_survivors_rows(model);
  add_growth_rows(model);
  add_offer_rows(model);
  add_work_rows(model);
  add_output_rows(model);
  add_payments(model);
  add_cash_rows(model);
  add_tranche_rows(model);
  add_debt_share_rows(model);
  add_carbon_cap_rows(model);
  add_lease_rows(model);
  add_contract_rows(model);
  add_minimum_take_rows(model);
  add_rented_rows(model);
  add_floor_rows(model);
  add_tax_rows(model);
  add_debt_service_rows(model);
  add_fixed_charge_rows(model);
  add_hall_rows(model);
  add_plant_rows(model);
  add_flexible_rows(model);
  add_backup_rows(model);
  add_generated_rows(model);
  add_own_use_rows(model);
  add_imported_rows(model);
  add_curtailed_rows(model);
  add_spares_rows(model);
  add_collateral_rows(model);
  return model;
}

}  // namespace stargate
