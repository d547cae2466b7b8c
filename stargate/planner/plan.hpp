// What the planner answers: what is energised, ordered, delivered, run and paid in each quarter, what a token costs,
// which limits bind and what one more unit of each is worth. Vectors over sites, systems, services and tranches run in
// the order of the Programme. Money is of its quarter (undiscounted) unless a name says present value.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stargate/base/quarter.hpp"
#include "stargate/units/quantity.hpp"

namespace stargate {

/// Cost by class. As the objective it is a present value, as a quarter's cost it is that quarter's annuities and bills.
/// Annuities at the WACC from the quarter of arrival; energy and opex as they fall.
struct PlanCost {
  Money systems, construction;  ///< annuities
  /// energy: of what is drawn, and of take-or-pay beyond it; opex: maintenance of systems; carbon: at the programme's
  /// price.
  Money energy, opex, carbon;
  Money rent;      ///< of leased power and of machines rented with it
  Money standing;  ///< annuities of systems and buildings paid before the first quarter
  Money total() const { return systems + construction + energy + opex + carbon + rent + standing; }
};

/// What is paid in a quarter, by class: the cash view.
struct PlanPayments {
  Money deposit, delivery, acceptance;  ///< of systems
  /// construction: evenly over the quarters it takes; interest: of the quarter, on all that has been drawn.
  Money construction, energy, opex, carbon, interest;
  Money rent;     ///< of leased power and of rented machines
  Money penalty;  ///< for what was promised and not served
  Money tax;
  Money systems() const { return deposit + delivery + acceptance; }
  Money total() const {
    return systems() + construction + energy + opex + carbon + interest + rent + penalty + tax;
  }
};

/// One kind of system at one site in one quarter; counts of systems.
struct SystemAtSite {
  double delivered = 0, retired = 0, installed = 0;  ///< in the quarter; in it; at its end
  double failed = 0;  ///< of those retired, what failed for good
};

/// Levels are those of the whole quarter: what is energised in it works from its first day.
struct SiteQuarter {
  /// At the meter. built: with a building, may wait for power; used: what the installed systems may draw, with
  /// overhead.
  Power started, built, energised, used;
  Power refitted;                  ///< in the quarter, for denser racks
  Money refit;                     ///< and its price
  Power leased;                    ///< of it under lease, used or not
  Power grid;                      ///< what the grid gives in the quarter
  Power plants;                    ///< of engines and the like that stand at the site, batteries too
  Power flexible;                  ///< of what is energised, what the grid gives with cuts
  Power cut;                       ///< of that, on average, what machines could not draw
  Energy made;                     ///< by plants of the site; of `energy`
  Energy energy, paid_energy;      ///< used; and paid for, where take-or-pay is more
  Mass carbon;
  std::vector<SystemAtSite> systems;
};

/// Systems still installed that were delivered in a quarter (first in, first out).
struct Vintage {
  Quarter delivered;     ///< its vintage
  double installed = 0;  ///< systems left of it
};

/// Real numbers: a programme buys thousands. `ordered` is counted when ordered, the others when they happen.
struct SystemQuarter {
  double ordered = 0, arrived = 0, stored = 0, delivered = 0, retired = 0, installed = 0;  ///< systems, all sites
  double scrapped = 0;  ///< systems that arrived and found no power
  double failed = 0;    ///< of those retired, what failed for good
  double spares = 0;    ///< held without power, beside what is stored
  double accelerators = 0;                                        ///< installed
  double working = 0;                                             ///< accelerators that run services
  std::vector<Vintage> vintages;
};

/// One class of customers in one quarter.
struct BlockQuarter {
  TokenRate wanted, served, missed;  ///< missed: of what was promised
  MoneyPerToken price;
};

struct ServiceQuarter {
  TokenRate demand, served, unmet;  ///< means over the quarter
  std::vector<double> running;      ///< accelerators given to it, by system
  std::vector<double> running_at;   ///< accelerators given to it, by site
  std::vector<BlockQuarter> blocks;  ///< in the order of PlanService::blocks
  Money revenue;                    ///< of what is served
  PlanCost cost;                    ///< share of the quarter's cost of what works, by long-run marginal cost
  MoneyPerToken cost_per_token;     ///< that share a token served; zero when nothing is served
  MoneyPerToken long_run_cost;      ///< mean marginal cost of the five quarters around, by what is served in them
  MoneyPerToken marginal_cost;      ///< of one more token in the quarter, in that quarter's money: served for less it
                                    ///< would lose money, or push out a token that pays this
};

/// What is rented of a contract in a quarter.
struct ContractQuarter {
  double offered = 0, taken = 0;   ///< accelerators in the contract; of them, under it
  double paid = 0, working = 0;    ///< accelerators that are paid for; that run services
  Money rent;
};

/// One quarter of the plan; its vectors follow Plan::sites, systems, services and tranches.
struct PlanQuarter {
  Quarter quarter;
  std::vector<SiteQuarter> sites;        ///< in the order of Plan::sites
  std::vector<SystemQuarter> systems;    ///< in the order of Plan::systems
  std::vector<ServiceQuarter> services;  ///< in the order of Plan::services
  /// Sums over the sites, at the meter.
  Power energised, used;
  double accelerators = 0;            ///< installed, all kinds
  Energy energy;                      ///< drawn in the quarter, all sites
  Mass carbon;                        ///< CO2 equivalent of it
  PlanCost cost;                      ///< equals the services' costs plus `idle_cost` and `stranded_cost`
  PlanCost idle_cost;                 ///< of what no service runs on, and of power without machines
  PlanCost stranded_cost;             ///< annuities of what was retired early, to the end of its life
  std::vector<ContractQuarter> contracts;  ///< in the order of Plan::contracts
  PlanPayments spent, spent_to_date;  ///< of the quarter; from the first to this one
  /// Of the tokens served; the share of it that adds to the cash.
  Money revenue, reinvested;
  std::vector<Money> drawn, repaid, owed;  ///< by tranche; owed: at the end of the quarter, of debt
  Money cash;                ///< left at the end of the quarter
};

/// What is taken of one supplier's offer in a quarter. Suppliers of a product share its need in proportion to offers.
struct PartTaken {
  std::string product, supplier, unit;  ///< ids; unit of the part: "GB"
  Quarter quarter;
  /// In `unit`, of the quarter in which the part is made (its delivery in a system comes PlanPart::lag later).
  double offered = 0, taken = 0;
};

/// A limit that binds.
struct BindingLimit {
  std::string family;  ///< of planner_families(): "grid", "offer", "crew", ...
  std::string group;   ///< what it limits, without the quarter: "grid power at abilene"
  Quarter quarter;
  std::string unit;
  Money price;                     ///< present value that one more unit saves
  double activity = 0, bound = 0;  ///< in `unit`; bound is zero where the limit is a balance (cash, debt share)
  bool assumed = false;            ///< nobody published the limit: the price is the worth of an assumption
};

/// The quarters of one limit together.
struct LimitGroup {
  std::string family, group, unit;
  int quarters = 0;     ///< in which it binds
  Quarter first, last;  ///< in which it binds
  Money price;          ///< sum over quarters: one more unit in each
  Money one_percent;    ///< present value saved by one percent more in each of these quarters, at the margin
  bool assumed = false; ///< as BindingLimit::assumed
};

/// What comes in the horizon at its price, not discounted, by class. What stood before is not in it.
struct PlanCapital {
  Money systems, network, storage, building, power, cooling;
  Money total() const { return systems + network + storage + building + power + cooling; }
};

/// From what is paid to what is charged, present values of one class (systems, buildings):
///   paid + paid_before + due_after - other - timing = charged + book, the price of what comes in the horizon on its
///   day.
struct PlanBridge {
  Money paid;         ///< by the last quarter
  Money paid_before;  ///< before the first quarter, of what comes in the horizon
  Money due_after;    ///< behind the last quarter, of what came in it
  Money other;        ///< in `paid` for what stood before, or comes after the last quarter
  Money timing;       ///< paid sooner (interest during construction, deposits) less paid later
  Money charged;      ///< annuities inside the horizon
  Money book;         ///< annuities behind it
};

/// What revenue less payments return, from the first quarter to the end of the tail and what is left then; what was
/// paid before is gone either way.
struct PlanReturn {
  std::optional<double> rate;        ///< a year, at which it is worth nothing
  std::string no_rate;               ///< else why there is none
  std::optional<Quarter> paid_back;  ///< from then on more has come in than gone out, undiscounted
  Money most_out;                    ///< more gone out than come in, at most
  Quarter most_out_in;               ///< and when
};

/// Systems that left before their life was over, or never found power.
struct RetiredEarly {
  int system = 0;  ///< place in Plan::systems
  Quarter quarter, delivered;
  double systems = 0;
  Money book;  ///< of its quarter: the annuities that were to come
};

/// How things stood at the end of a quarter before the first.
struct PastQuarter {
  Quarter quarter;
  Power energised;
  int sites = 0;                     ///< with power
  std::vector<double> accelerators;  ///< delivered by then and standing when the plan begins, by system
};

/// The whole answer. Sums hold: value = revenue - paid + beyond; quarters' costs discounted are `parts`.
struct Plan {
  std::string programme;
  Quarter first, last;
  std::vector<std::string> sites, systems, accelerators, services, tranches;  ///< ids; accelerators: by system
  std::vector<std::string> contracts;                                         ///< ids
  Money value;                                                                ///< present value: revenue less cost
  Money revenue;                                                              ///< present value
  std::optional<Money> second_present_value;  ///< revenue less annuities, at Programme::second_rate
  PlanPayments paid;                          ///< present values of what is paid by `last`
  /// What all that is worth behind `last`: revenue less payments of the tail, and book values at its end.
  Money beyond;
  PlanCost parts;  ///< present values of the quarters' costs: annuities inside the horizon and bills
  std::vector<std::vector<std::string>> blocks;  ///< names of the classes of customers, by service
  std::vector<PlanQuarter> quarters;                                          ///< first to last
  std::vector<PastQuarter> past;  ///< the year before the first quarter; none where nothing stood
  PlanCapital capital;
  PlanBridge systems_bridge, building_bridge;
  PlanReturn investment;
  std::vector<RetiredEarly> retired_early;                                    ///< by system, quarter
  std::vector<PartTaken> taken;                                               ///< by product, supplier, quarter
  std::vector<BindingLimit> limits;                                           ///< by family, group, quarter
  std::vector<LimitGroup> groups;                                             ///< most worth first
  /// The size of the programme that was solved.
  int lp_columns = 0, lp_rows = 0;
};

/// How far one limit would have to move for the programme to be possible.
struct LimitGap {
  std::string family, group;
  Quarter quarter;  ///< in which it lacks
  /// In `unit`, above zero.
  double amount = 0;
  std::string unit;
  std::string sentence;  ///< "power at the meter of abilene in 2026Q1 is 12.5 MW short"
};

/// No plan keeps every limit. The gaps together are a smallest change that would allow one.
struct InfeasiblePlan {
  std::vector<LimitGap> gaps;
};

/// The solver gave up, or found no end to the objective; its words.
struct UnsolvedPlan {
  std::string message;
};

/// A plan, or why there is none; neither of the other two is a fault of the input's form.
using PlanOutcome = std::variant<Plan, InfeasiblePlan, UnsolvedPlan>;

}  // namespace stargate
