// The programme's LP while it is being written: columns, rows, and for each row which limit of the programme it is.
// One function a family of rows, in constraints_*.cpp; the table of families.hpp says what each means.
#pragma once

#include <string>
#include <vector>

#include "stargate/planner/columns.hpp"
#include "stargate/planner/families.hpp"

namespace stargate {

/// Which limit a row is: its family and the positions in the programme that the family goes by. Kept beside each LP
/// row, so that a dual or a gap finds its way back to the programme without reading names.
struct RowKey {
  PlanFamily family;  ///< also the row family of the LP
  int t = 0;          ///< quarter of the limit, after the first; parts may lie before it (negative)
  int first = 0;      ///< site, system, service, part or tranche
  int second = 0;     ///< the second of two
  double unit = 1;    ///< of the user's unit in one LP unit of the row
};

/// Coefficients of one row; a column that does not exist (-1) is a zero and is left out.
class PlanTerms {
 public:
  struct Entry {
    int column;    ///< of the LP
    double value;  ///< coefficient, in LP units
  };
  void add(int column, double coefficient) {
    if (column >= 0 && coefficient != 0) entries_.push_back({column, coefficient});
  }
  /// Not of any column: what was committed before.
  void add_constant(double value) { constant_ += value; }
  double constant() const { return constant_; }
  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  void add_all(const PlanTerms& other, double factor = 1) {
    for (const auto& entry : other.entries_) entries_.push_back({entry.column, factor * entry.value});
    constant_ += factor * other.constant_;
  }

 private:
  std::vector<Entry> entries_;
  double constant_ = 0;
};

/// What the programme pays in a period, in M$, by class, without interest; the objective, the cash row and the report
/// all read it. Linear in the columns: the coefficients of a row, and with the solution put in the figures of the
/// report.
struct PaymentTerms {
  PlanTerms deposit, delivery, acceptance, construction, energy, opex, carbon;
  PlanTerms rent, penalty, tax;
  std::vector<const PlanTerms*> all() const {
    return {&deposit, &delivery, &acceptance, &construction, &energy, &opex, &carbon, &rent, &penalty, &tax};
  }
  /// What running costs, before rent, interest and tax.
  std::vector<const PlanTerms*> running() const { return {&energy, &opex, &carbon, &penalty}; }
};
/// What a dollar of a period is worth today. Of machines and their acceptance on its first day; of all else on average.
double payment_weight(const Programme& programme, const PaymentTerms& of, const PlanTerms* some, int period);

/// Refers to the programme it was built from, which outlives it.
struct PlanModel {
  const Programme* programme = nullptr;  ///< not owned
  LpProblem lp;                          ///< grows family by family
  PlanAxes axes;                         ///< names of its columns and rows
  PlanColumns columns;                   ///< where each column is
  std::vector<RowKey> keys;              ///< by LP row
  std::vector<PaymentTerms> payments;    ///< by period, and what falls due behind the last
};

/// All columns and rows of a programme. Aborts on a programme that breaks the assumptions of the equations (no quarter,
/// negative lead): its author has checked.
PlanModel build_plan_model(const Programme& programme);

/// Adds a row, whose number is the position of its key. `terms` <= bound, >= bound or == value, in LP units
/// (scaling.hpp).
void add_at_most(PlanModel& model, const RowKey& key, const PlanTerms& terms, double bound);
void add_at_least(PlanModel& model, const RowKey& key, const PlanTerms& terms, double bound);
void add_equal(PlanModel& model, const RowKey& key, const PlanTerms& terms, double value);

// One function a family of families.hpp, which has the formulas; each adds its rows for all sites, systems and
// quarters.
/// Systems may draw no more than is energised.
void add_site_power_rows(PlanModel& model);
/// What stands is what stood and what construction ends in the quarter.
void add_built_rows(PlanModel& model);
/// Buildings may wait for power, power not for buildings.
void add_energise_rows(PlanModel& model);
/// Power under take-or-pay is given back only where the grid takes it.
void add_subscribed_rows(PlanModel& model);
/// No more is energised than the grid gives.
void add_grid_rows(PlanModel& model);
/// Construction that begins in a quarter.
void add_crew_rows(PlanModel& model);
/// Mean power drawn follows from what is installed (idle) and what runs (above idle).
void add_draw_power_rows(PlanModel& model);
/// Energy is paid up to a share of what is energised.
void add_take_or_pay_rows(PlanModel& model);
/// A row a calendar year.
void add_carbon_cap_rows(PlanModel& model);
/// What arrives, ordered a lead time before or committed, is switched on or waits. <=: the rest is given up.
void add_arrival_rows(PlanModel& model);
/// Nothing waits for longer than Programme::most_stored.
void add_stored_rows(PlanModel& model);
/// <= and not ==: what is missing on the left was retired.
void add_installed_rows(PlanModel& model);
/// Nothing stands for longer than its life.
void add_life_rows(PlanModel& model);
/// A vendor's ramp.
void add_growth_rows(PlanModel& model);
/// Parts, in the quarter they are made.
void add_offer_rows(PlanModel& model);
/// Accelerators run one service each.
void add_work_rows(PlanModel& model);
/// What runs is sold; their duals are the marginal costs of tokens.
void add_output_rows(PlanModel& model);
/// What of each delivery is left at the end.
void add_survivor_rows(PlanModel& model);
/// No more is left at the end than stands.
void add_survivors_rows(PlanModel& model);
/// Fills model.payments and puts them, discounted, into the objective.
void add_payments(PlanModel& model);
/// Money in hand never falls below zero.
void add_cash_rows(PlanModel& model);
/// A tranche is drawn once.
void add_tranche_rows(PlanModel& model);
/// Debt owed over that and all equity drawn so far, quarter by quarter.
void add_debt_share_rows(PlanModel& model);
/// Leases that run at a time.
void add_lease_rows(PlanModel& model);
/// Dense racks stand in halls that take them.
void add_hall_rows(PlanModel& model);
/// No more is rented of a contract than is taken of it.
void add_contract_rows(PlanModel& model);
/// What is paid whether used or not.
void add_minimum_take_rows(PlanModel& model);
/// Rented accelerators run one service each.
void add_rented_rows(PlanModel& model);
/// What was promised to customers is served or missed.
void add_floor_rows(PlanModel& model);
/// Profit that bears tax, less losses of before. After the payments.
void add_tax_rows(PlanModel& model);
/// Cash of four quarters over what lenders are due in them. After the payments.
void add_debt_service_rows(PlanModel& model);
/// The same with rent on the side of what is due.
void add_fixed_charge_rows(PlanModel& model);

/// Plants that may stand.
void add_plant_rows(PlanModel& model);
/// Power that is cut at times.
void add_flexible_rows(PlanModel& model);
/// What a plant keeps for cuts.
void add_backup_rows(PlanModel& model);
/// What a plant makes, no more than its site draws, and the rest comes from the grid.
void add_generated_rows(PlanModel& model);
void add_own_use_rows(PlanModel& model);
void add_imported_rows(PlanModel& model);
/// Cuts stop machines, unless plants last through them.
void add_curtailed_rows(PlanModel& model);
/// Spares of what the plan installs.
void add_spares_rows(PlanModel& model);
/// What lenders take as security.
void add_collateral_rows(PlanModel& model);

/// Adds `factor` times what stands of a plant in the period, in MW; what was begun before is in the constant.
void add_plant_standing(PlanTerms& terms, const PlanModel& model, int s, int i, int t, double factor);
/// The same of all plants of a site that machines may count on, less what is kept for cuts.
void add_own_power(PlanTerms& terms, const PlanModel& model, int s, int t, double factor);
/// Adds `factor` times the mean power that the site takes from the grid, in MW.
void add_imported(PlanTerms& terms, const PlanModel& model, int s, int t, double factor);
/// Adds `factor` times what the site emits in the period, in kilotonnes.
void add_emitted(PlanTerms& terms, const PlanModel& model, int s, int t, double factor);

/// MW under lease in the period of what was taken before the first quarter; period -1: the quarter before it.
double leased_before_lp(const Programme& programme, const PlanLease& lease, int t);
/// MW of halls as they were that take racks of class `h`: what stood when the plan begins stands in one that takes it.
double dense_lp(const Programme& programme, const PlanSite& site, int h);
/// Adds `factor` times the power under lease in the period, in MW.
void add_leased(PlanTerms& terms, const PlanModel& model, int s, int t, double factor);

/// What is sold in the period, M$: the coefficients of `sell`.
void add_revenue(PlanTerms& terms, const PlanModel& model, int t, double factor);
/// Of one tranche in the period, M$: interest and instalments; what was drawn before is in the constant.
void add_interest(PlanTerms& terms, const PlanModel& model, int tranche, int t, double factor);
void add_repayment(PlanTerms& terms, const PlanModel& model, int tranche, int t, double factor);

/// Adds `coefficient` times what arrives of the system in quarter `t`, in thousand accelerators: its order and what is
/// committed.
void add_arrivals(PlanTerms& terms, const PlanModel& model, int g, int t, double coefficient);

/// What came before the first quarter, by quarter.
std::map<Quarter, PlanArrived> arrived_before(const Programme& programme, const PlanSystem& system);
/// Systems that came in the quarter before the first: what a vendor's ramp begins from.
double delivered_before(const Programme& programme, const PlanSystem& system);

/// "grid power at abilene", "memory:hbm3e-12hi from samsung"; `supplier` for offers.
std::string limit_group(const Programme& programme, const RowKey& key);
/// Unit of the row for users: "MW", "GB", "systems". A row's number times key.unit is in this unit.
std::string limit_unit(const Programme& programme, const RowKey& key);

}  // namespace stargate
