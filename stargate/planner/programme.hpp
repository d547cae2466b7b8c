// What the planner is asked: a programme as pure data. Sites that energise, systems that can be bought, parts that
// limit them, services that want tokens, money that arrives in tranches. The study fills it and has checked it;
// performance is data here (tokens a second of one accelerator), the planner never calls a simulator. Conventions: what
// arrives in a quarter (power, systems) works from the first day of that quarter; a series that has no point yet is
// zero; counts of systems are real numbers (a programme buys thousands). Two programmes that are equal have one plan.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stargate/base/quarter.hpp"
#include "stargate/base/series.hpp"
#include "stargate/finance/terms.hpp"
#include "stargate/units/quantity.hpp"

namespace stargate {

template <class T>
bool operator==(const Series<T>& a, const Series<T>& b) {
  return a.points == b.points;
}

/// Building that was begun before the first quarter.
struct PlanConstruction {
  Power power;      ///< at the meter
  Quarter ready;    ///< energised from this quarter on; before the first: stands, beside PlanSite::energised
  double paid = 0;  ///< share of its price that is paid; the rest is paid evenly up to the quarter before `ready`
  friend bool operator==(const PlanConstruction&, const PlanConstruction&) = default;
};

/// Power with its building, rented for a term from the quarter it is taken in; nothing is built or paid for before.
struct PlanLease {
  Series<Power> most;   ///< at the meter, that may be under lease at a time
  MoneyPerEnergy rent;  ///< of power kept ready, used or not, for the whole term
  int term = 40;        ///< quarters
  std::map<Quarter, Power> taken = {};  ///< before the first quarter
  friend bool operator==(const PlanLease&, const PlanLease&) = default;
};

/// Power made or kept at a site: engines, turbines, fuel cells; batteries. It may carry machines, or last through the
/// hours in which flexible power is cut.
struct PlanPlant {
  std::string name;           ///< "gas engines"
  Series<Power> most;         ///< that may stand at a time
  Series<Power> begun = {};   ///< of it, by quarter, what was begun before the first one; paid
  int lead = 4;               ///< quarters from order to power; paid evenly over them
  int life = 80;              ///< quarters
  MoneyPerPower price;        ///< of a watt that machines may count on
  double maintenance = 0;     ///< share of the price a year
  bool battery = false;       ///< keeps what the grid gives; makes nothing, so that no machine may count on it alone
  MoneyPerEnergy fuel = {};   ///< of energy made
  CarbonIntensity carbon = {};  ///< of energy made
  double loss = 0;            ///< of a battery, share of what it gives that is drawn on top
  double bridged = 1;         ///< share of a cut that it lasts through
  std::vector<PlanConstruction> building = {};  ///< beside `begun`: ordered by a plan that this one goes on from
  friend bool operator==(const PlanPlant&, const PlanPlant&) = default;
};

/// Power that the grid gives before it is firm: some hours a year it is cut.
struct PlanFlexible {
  Series<Power> most;  ///< at the meter, beside the firm grid
  double cut = 0;      ///< share of the time
  friend bool operator==(const PlanFlexible&, const PlanFlexible&) = default;
};

/// Power of halls made fit for dense racks before the first quarter.
struct PlanRefit {
  int hall = 0;  ///< place in Programme::halls
  Power power;   ///< at the meter
  Quarter done;
  friend bool operator==(const PlanRefit&, const PlanRefit&) = default;
};

/// A place with power. Power figures are at the meter: what the systems may draw is that divided by `pue`.
struct PlanSite {
  /// Of the catalogue; residency goes by the country.
  std::string id, country;
  Series<Power> grid;                ///< at the meter, the most that may be energised; a step down is a limit too
  Power energised;                   ///< running before the first quarter; its construction is paid
  Series<Power> past;                ///< what was energised in quarters before the first; told, decides nothing
  std::vector<PlanConstruction> building = {};
  double pue = kUsualTerms.pue;      ///< power at the meter over power of the systems
  MoneyPerEnergy electricity_price;  ///< at the meter
  CarbonIntensity carbon;
  MoneyPerPower construction_price;  ///< a watt at the meter, without systems (a figure a watt of IT is divided by pue)
  int construction_lead = 4;         ///< quarters from start to energised; paid evenly over them
  Power most_started;                ///< a quarter: what the crews can begin
  double take_or_pay = 0;            ///< share of the energy of the energised power that is paid for when not used
  std::optional<PlanLease> lease = {};  ///< beside what is built
  Power rack = {};                      ///< densest rack that its halls take unless refitted; zero: any
  std::vector<PlanPlant> plants = {};   ///< beside the grid
  std::optional<PlanFlexible> flexible = {};
  std::optional<Power> subscribed = {};   ///< energised in the quarter before the first; empty: all that stands
  std::vector<PlanRefit> refits = {};
  std::vector<double> dense = {};  ///< MW of halls that take class h without `refits`; empty: what dense racks stand
  friend bool operator==(const PlanSite&, const PlanSite&) = default;
};

/// A class of halls by the density of their racks.
struct PlanHall {
  Power rack;           ///< densest rack that it takes
  MoneyPerPower price;  ///< to refit a watt, at the meter, of a hall of any lower class
  friend bool operator==(const PlanHall&, const PlanHall&) = default;
};

/// What one supplier makes of a product for this programme in a quarter (its share of world supply already taken).
struct PlanOffer {
  std::string supplier;
  Series<double> amount;  ///< in the part's unit, a quarter
  friend bool operator==(const PlanOffer&, const PlanOffer&) = default;
};

/// A product that limits deliveries.
struct PlanPart {
  std::string product;            ///< "memory:hbm3e-12hi", "packaging:cowos", "system:gb200-nvl72"
  std::string unit;               ///< "GB", "wafers", "systems"
  int lag = 0;                    ///< quarters between the part and the arrival of the system that has it
  std::vector<PlanOffer> offers;  ///< one a supplier
  Money price = {};               ///< of a unit; kept in stock for the cost of capital on it; zero: cannot be kept
  double stock = 0;               ///< kept when the plan begins
  friend bool operator==(const PlanPart&, const PlanPart&) = default;
};

/// arrivals[t] <= seed + (1 + rate) * arrivals[t-1]; systems a quarter.
struct PlanGrowth {
  double seed = 0, rate = 0;  ///< systems a quarter; a quarter, 0.5: half as many more
  bool sourced = true;        ///< else the worth of the limit is that of an assumption
  friend bool operator==(const PlanGrowth&, const PlanGrowth&) = default;
};

/// Systems bought before the first quarter that arrive in it or after.
struct PlanOrdered {
  double systems = 0;
  std::optional<double> paid = {};  ///< share of the price that is paid; empty: the deposit
  double offered = 0;               ///< of these, those whose parts are taken of the offers
  friend bool operator==(const PlanOrdered&, const PlanOrdered&) = default;
};

/// Systems that stand when the programme begins. Their price is paid; their age counts.
struct PlanStanding {
  std::string site;
  Quarter delivered;  ///< before the first quarter
  double systems = 0;
  std::optional<Money> price = {};  ///< of one, of a plan that goes on from another: at the end it has a book value
  friend bool operator==(const PlanStanding&, const PlanStanding&) = default;
};

/// What a vendor of whom nothing is bought yet asks for before it delivers. Of whole plans (integers.hpp) only.
struct PlanQualification {
  Money cost;          ///< paid in the first quarter
  int quarters = 0;    ///< from the first, in which nothing may be ordered
  double minimum = 0;  ///< systems that are ordered at least, in all
  friend bool operator==(const PlanQualification&, const PlanQualification&) = default;
};

/// Systems that arrived before the first quarter, wherever they are now.
struct PlanArrived {
  double systems = 0;
  Money price;           ///< of one
  bool planned = false;  ///< by a plan that this one goes on from
  friend bool operator==(const PlanArrived&, const PlanArrived&) = default;
};

/// Something that is bought whole: a node or a rack. Counts of it are in systems; of what it holds in accelerators.
struct PlanSystem {
  /// Ids of the catalogue; the vendor in words.
  std::string id, accelerator, vendor;
  int accelerators = 8;    ///< of one system
  Quarter first_delivery;  ///< none before; nor before the first quarter plus `order_lead`
  std::optional<Quarter> last_delivery;
  int order_lead = 2;                            ///< quarters
  Series<Money> price;                           ///< of one system by quarter of delivery, agreed when ordered
  Power power;                                   ///< of one system at full load, without the site's overhead
  double network_share = 0;                      ///< of `power`, what its part of the network draws whatever runs
  /// Of `price`, its part of the cluster's network and storage; the rest is the system's own.
  double network_price = 0, storage_price = 0;
  double idle_power = 0.3;                       ///< share of `power` drawn when idle
  Power rack = {};                               ///< of one of its racks at full load; zero: fits any hall
  int life = 20;                                 ///< quarters
  std::vector<double> attrition = {};            ///< share that fails for good, by year of age; the last holds on
  double spares = 0;                             ///< share of what is installed that is held beside it, without power
  double availability = 0.95;                    ///< share of its accelerators that work
  double maintenance = kUsualTerms.maintenance;  ///< share of the price a year
  std::map<std::string, double> parts;  ///< product -> amount of one system; a product that is no PlanPart is no limit
  std::map<Quarter, PlanOrdered> committed;  ///< by quarter of arrival; their parts are outside the offers
  std::vector<PlanStanding> standing = {};
  std::map<Quarter, PlanArrived> arrived = {};  ///< by quarter; none: what stands, when it was delivered
  double waiting = 0;                           ///< of what arrived, without power yet
  std::optional<PlanGrowth> growth;
  std::optional<PlanQualification> qualification = {};
  friend bool operator==(const PlanSystem&, const PlanSystem&) = default;
};

/// What one accelerator of a system gives a service.
struct PlanThroughput {
  TokenRate per_accelerator;  ///< while it works
  double power_share = 1;     ///< of the system's full power, while it works
  friend bool operator==(const PlanThroughput&, const PlanThroughput&) = default;
};

/// A class of customers: what it would take of the service, and what it pays.
struct PlanBlock {
  std::string name;
  Series<double> share;         ///< of the service's demand; those of all blocks add to at most 1
  Series<MoneyPerToken> price;  ///< what a token served earns
  Series<double> floor = {};    ///< share of what it wants that was promised
  MoneyPerToken penalty = {};   ///< paid for a token of that which is not served
  friend bool operator==(const PlanBlock&, const PlanBlock&) = default;
};

/// Work in tokens a second. What is not worth its cost is not served.
struct PlanService {
  std::string id;
  Series<TokenRate> demand;                          ///< mean over the quarter
  std::vector<PlanBlock> blocks;                     ///< none: nothing is sold
  std::vector<std::string> sites;                    ///< ids of the sites where it may run; none: nowhere
  double utilisation = 1;                            ///< share of the time an accelerator given to the service may work
  std::map<std::string, PlanThroughput> throughput;  ///< system id -> ; absent: cannot serve
  friend bool operator==(const PlanService&, const PlanService&) = default;
};

/// Machines of another owner, rented with power, place and care: no capital, no site of the programme.
struct PlanContract {
  std::string id, system;             ///< by whose id services have their rates
  double availability = 0.95;         ///< share of what is paid for that works
  Series<double> accelerators;        ///< in the contract, by quarter
  Series<MoneyRate> price;            ///< of an accelerator, paid for the hours rented
  double take_or_pay = 0;             ///< share of the accelerators that is paid for whether used or not
  bool is_signed = false;             ///< else an option: taken as a whole, in part, or not
  std::vector<std::string> services;  ///< that may run there
  friend bool operator==(const PlanContract&, const PlanContract&) = default;
};

enum class FundKind { equity, debt };

/// Equal instalments: of what was drawn before `from` from that quarter on, of later draws from the quarter after.
struct PlanRepayment {
  Quarter from, until;  ///< both included; one quarter: all at once. No draw in `until` or after
  friend bool operator==(const PlanRepayment&, const PlanRepayment&) = default;
};

/// What a lender takes as security: no more is owed than these shares of book values (in equal parts over the life).
struct PlanCollateral {
  double systems = 0, buildings = 0;  ///< of the price less what is written off
  bool recourse = true;               ///< else it counts in no share of debt: the lender has the things alone
  friend bool operator==(const PlanCollateral&, const PlanCollateral&) = default;
};

/// Money that may be drawn from a quarter on, in parts, up to `amount` in all.
struct PlanTranche {
  std::string name;
  Quarter from;                      ///< first quarter in which it may be drawn
  Money amount;                      ///< at most, in all
  FundKind kind = FundKind::equity;  ///< debt bears interest and counts in the debt share
  double interest = 0;               ///< a year, on what is owed
  Money drawn = {};                  ///< of the amount, before the first quarter
  std::optional<PlanRepayment> repayment = {};  ///< empty: nothing is paid back
  std::optional<PlanCollateral> collateral = {};  ///< of debt
  std::map<Quarter, Money> draws = {};  ///< of `drawn`, by quarter; the rest: before the repayment begins
  friend bool operator==(const PlanTranche&, const PlanTranche&) = default;
};

/// What lenders ask: cash of the last four quarters at least `least` times what is due in them.
struct PlanCovenant {
  double least = 1;
  Quarter from;  ///< first quarter in which it is tested
  friend bool operator==(const PlanCovenant&, const PlanCovenant&) = default;
};

/// What covenants count of a quarter before the first.
struct PlanPastQuarter {
  Money earned;  ///< revenue less running costs and tax
  Money rent;
  Money due;     ///< interest and instalments of debt
  friend bool operator==(const PlanPastQuarter&, const PlanPastQuarter&) = default;
};

/// Tax on revenue less running costs and depreciation in equal parts. Interest is not deducted: the cost of capital is
/// after tax and holds what that saves.
struct PlanTax {
  double rate = 0;                            ///< of the profit
  int system_life = 20, building_life = 156;  ///< quarters of depreciation
  Money losses = {};                          ///< carried forward into the first quarter
  friend bool operator==(const PlanTax&, const PlanTax&) = default;
};

/// When a system is paid: shares of its price at order, at delivery, and a quarter after delivery.
struct PaymentStages {
  double deposit = 0.2, delivery = 0.7, acceptance = 0.1;  ///< shares that add to 1
  friend bool operator==(const PaymentStages&, const PaymentStages&) = default;
};

/// Series are read at each quarter of first..last; what lies outside is ignored.
struct Programme {
  std::string name;
  Quarter first, last;                             ///< both included
  int tail_years = 0;                              ///< behind `last`, decided with the rest and not reported
  double capital_cost = kUsualTerms.capital_cost;  ///< WACC a year: of annuities and of the present value
  std::optional<double> second_rate;               ///< a year, of a present value that is told and decides nothing
  int building_life = 80;                          ///< quarters
  std::vector<PlanSite> sites;
  std::vector<PlanHall> halls;  ///< the denser the later
  std::vector<PlanPart> parts;
  std::vector<PlanSystem> systems;
  std::vector<PlanService> services;
  std::vector<PlanContract> contracts;
  std::vector<PlanTranche> capital;  ///< none: money is no limit
  std::optional<PlanCovenant> debt_service;  ///< cover of interest and repayments, after rent and tax
  std::optional<PlanCovenant> fixed_charge;  ///< of interest, repayments and rent, after tax
  std::optional<PlanTax> tax;
  double power_price = 0, cooling_price = 0;  ///< of a construction price; the rest is the building
  PaymentStages payments;            ///< of all systems
  double maximum_debt_share = 1;     ///< debt owed over that and all equity drawn so far, in each quarter
  double reinvested_revenue = 0;     ///< share of revenue that adds to the cash
  int most_stored = 4;               ///< quarters that a system may wait for power after it arrived
  MoneyPerMass carbon_price;         ///< added to the price of energy
  std::optional<Mass> carbon_cap;    ///< a calendar year; a part of a year counts by its quarters
  /// Of a plan that goes on from another: money in hand; the last quarters, at most three; carbon of this year so far.
  Money cash = {};
  std::vector<PlanPastQuarter> before = {};
  std::vector<Mass> emitted = {};    ///< by quarter of the first one's calendar year, before the first

  int quarters() const { return last - first + 1; }
  /// Periods of the LP: the quarters, then the years of the tail. All by their number from 0.
  int periods() const { return quarters() + tail_years; }
  int length(int period) const { return period < quarters() ? 1 : 4; }  ///< quarters
  /// Quarters from the first one to the period's first; of the number behind the last period, to the end.
  int start(int period) const { return std::min(period, quarters()) + 4 * std::max(0, period - quarters()); }
  /// The first period that begins with this quarter or later; `periods()` and more: behind the end.
  int period_from(int quarter) const {
    return quarter < quarters() ? quarter : quarters() + (quarter - quarters() + 3) / 4;
  }
  Quarter quarter_of(int period) const { return first + start(period); }
  friend bool operator==(const Programme&, const Programme&) = default;
};

}  // namespace stargate
