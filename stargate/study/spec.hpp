// What the user wrote: a study file, field by field. Each item that carries figures has its source, or says that it is
// an assumption and why. The tables in spec.cpp are the only definition of the format.
#pragma once

#include <memory>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/service/service_spec.hpp"
#include "stargate/sizing/serving_ways.hpp"
#include "stargate/study/partner_spec.hpp"
#include "stargate/study/risk_spec.hpp"

namespace stargate {

struct HorizonSpec {
  Quarter first, last;  ///< both included
  static const RecordTable<HorizonSpec>& table();
};

/// Rates are shares a year; deposit, on_delivery and on_acceptance are shares of a system's price and add up to 1.
struct FinanceSpec {
  double capital_cost = 0;                                 ///< a year, of annuities and present values
  std::optional<double> discount_rate;                     ///< a year, of a second present value that is reported
  Duration system_life, building_life;                     ///< over which prices are spread
  double maintenance = 0;                                  ///< share of the price a year
  double deposit = 0, on_delivery = 0, on_acceptance = 0;  ///< shares of the price, which add to 1
  double reinvested_revenue = 0, maximum_debt_share = 1;   ///< shares
  /// Cash of four quarters over interest and instalments in them; the second with rent among what is due.
  std::optional<double> debt_service_cover, fixed_charge_cover;
  std::optional<Quarter> covenants_from;  ///< first quarter in which they are tested; empty: the first planned
  SourceNote source;
  static const RecordTable<FinanceSpec>& table();
};

enum class CapitalKind { equity, debt };

struct TrancheSpec {
  std::string name;
  Quarter from;                            ///< first quarter in which it may be drawn
  Money amount;                            ///< at most, in all
  Money drawn;                             ///< of it before the first quarter
  CapitalKind kind = CapitalKind::equity;  ///< debt bears interest
  /// A year, on what is owed.
  double interest = 0;
  std::optional<Quarter> repaid_from, repaid_until;  ///< equal instalments; empty: not repaid
  /// Debt: no more is owed than these shares of the book of what stands; both empty: no security is asked for.
  std::optional<double> of_systems, of_buildings;
  bool recourse = true;                              ///< else the lender has its security alone
  SourceNote source;
  static const RecordTable<TrancheSpec>& table();
};

/// Power that comes with its building, for rent.
struct LeaseSpec {
  Series<Power> power;                 ///< at the meter, that may be under lease at a time
  Duration term;                       ///< of a lease; its rent is owed for all of it
  std::optional<MoneyPerEnergy> rent;  ///< of power kept ready; empty: what the building costs over the term
  SourceNote source;
  static const RecordTable<LeaseSpec>& table();
};

/// Engines, turbines, fuel cells or batteries at a site.
struct PlantSpec {
  std::string name;
  Series<Power> power;                ///< the most that may stand, with what is begun
  Series<Power> begun;                ///< of it, by quarter, what was begun before the first one; its price is paid
  MoneyPerPower price;                ///< of power that machines may count on
  Duration lead_time, life;
  double maintenance = 0;             ///< share of the price a year
  double efficiency = 1;              ///< energy out over energy in; of a battery of the round trip
  MoneyPerEnergy fuel_price;          ///< of the fuel's heat
  CarbonIntensity fuel_carbon;        ///< of the same
  std::optional<Duration> battery;    ///< at full power; else it burns fuel
  SourceNote source;
  static const RecordTable<PlantSpec>& table();
};

/// Power that may be had before the grid is firm.
struct FlexibleSpec {
  Series<Power> power;   ///< at the meter, beside what is firm
  Duration hours;        ///< a year, in which it is cut
  Duration longest;      ///< of one cut
  SourceNote source;
  static const RecordTable<FlexibleSpec>& table();
};

/// What a vendor of whom nothing is bought yet asks for first; read by plans whose parts come whole.
struct QualificationSpec {
  Money cost;
  Duration time;                ///< before anything may be ordered
  double minimum_systems = 0;   ///< ordered in all, at least
  SourceNote source;
  static const RecordTable<QualificationSpec>& table();
};

struct StudySiteSpec {
  std::string site;                         ///< id of the catalogue
  Series<Power> power;                      ///< at the meter, that the grid and the programme's contracts can give
  Series<Power> energised;                  ///< up to the quarter before the first, whose figure the plan begins with
  Power most_started;                       ///< a quarter
  std::optional<Duration> build_lead_time;  ///< else the catalogue's
  /// Share of the energy of the energised power that is paid for when it is not used.
  double take_or_pay = 0;
  std::optional<LeaseSpec> lease;
  std::vector<PlantSpec> plants;         ///< beside the grid
  std::optional<FlexibleSpec> flexible;  ///< before the grid is firm
  Power rack;  ///< densest rack that its halls take; zero: any
  SourceNote source;
  static const RecordTable<StudySiteSpec>& table();
};

/// A class of halls by the density of their racks.
struct HallSpec {
  Power rack;           ///< densest rack that it takes
  MoneyPerPower price;  ///< to refit a watt at the meter of a poorer hall
  SourceNote source;
  static const RecordTable<HallSpec>& table();
};

/// Construction begun before the first quarter, or committed to.
struct ConstructionSpec {
  std::string site;  ///< id, one of the study's
  Power power;       ///< at the meter
  Quarter finishes;  ///< the first with its power
  double paid = 0;   ///< share of its price before the first quarter
  SourceNote source;
  static const RecordTable<ConstructionSpec>& table();
};

/// Systems bought before the first quarter: those that came before it stand, the others are on order.
struct CommittedSpec {
  std::string system;           ///< id, one of the study's
  std::string site;             ///< where they stand; on order: anywhere
  double accelerators = 0;      ///< how many, in whole or broken systems
  Quarter arrives;              ///< delivered in
  std::optional<double> paid;   ///< share of the price, of those on order; empty: the deposit
  SourceNote source;
  static const RecordTable<CommittedSpec>& table();
};

enum class ServiceKind { training, serving };

/// What of a system the programme buys itself. Its maker buys the rest, and it is in what the maker offers.
enum class PartKind { memory, host_memory, packaging, wafers, cpu };

/// Compute dies of an accelerator whose wafers the programme buys.
struct DieSpec {
  std::string process;           ///< suppliers deliver "wafers:<process>"
  double area_mm2 = 0, defects_per_cm2 = 0;
  int per_accelerator = 1;
  SourceNote source;
  static const RecordTable<DieSpec>& table();
};

/// Shares are of one; `growth` is a quarter, `price_change` a year.
struct StudySystemSpec {
  std::string system;                       ///< id of the catalogue
  std::optional<Quarter> from, until;       ///< deliveries; else from the system's own availability, until the end
  std::vector<ServiceKind> kinds;           ///< of services it may run; empty: all
  std::vector<PartKind> procured;           ///< by the programme: their suppliers' offers limit it
  std::optional<DieSpec> dies;              ///< of its accelerators, where wafers are procured
  std::optional<Duration> order_lead_time;  ///< empty: the supplier's
  double price_change = 0;                  ///< a year, after `from`
  /// Share of the full power; else what the machine's records say that it draws when nothing runs.
  std::optional<double> idle_power;
  double availability = 0.95;                  ///< share of its accelerators that work
  std::vector<double> attrition;               ///< share that fails for good and is not replaced, by year of age
  double spares = 0;                           ///< held without power, share of what the plan installs
  std::optional<QualificationSpec> qualification;
  Power rack;                                  ///< of one of its racks; zero: fits any hall
  std::optional<double> seed_systems, growth;  ///< growth limit: deliveries <= seed + (1 + growth) * the quarter before
  SourceNote growth_source;                    ///< of these two; empty: nobody published them
  SourceNote source;
  static const RecordTable<StudySystemSpec>& table();
};

/// Machines of another owner, rented by the hour with power, place and care.
struct ContractSpec {
  std::string contract;             ///< its id
  std::string system;               ///< id, one of the study's, whose rates the machines have
  std::string site;                 ///< id of the catalogue: residency and distance go by it
  std::string stand_in;             ///< what the system stands for
  Series<double> accelerators;      ///< in the contract, by quarter
  Series<MoneyRate> price;          ///< of an accelerator, an hour
  double take_or_pay = 0;           ///< share that is paid for whether used or not
  bool is_signed = false;           ///< else an option
  std::vector<ServiceKind> kinds;   ///< of services it may run; empty: all
  SourceNote source;
  static const RecordTable<ContractSpec>& table();
};

/// The share of a supplier's world capacity the programme can have.
struct ShareSpec {
  std::string supplier;  ///< id of the catalogue
  Series<double> share;  ///< of what it makes, 0 to 1
  SourceNote source;
  static const RecordTable<ShareSpec>& table();
};

/// Users of a service in one region.
struct UsersSpec {
  std::string region;     ///< that routes use
  double share = 1;       ///< of the service's tokens
  double peak_hour = 12;  ///< of their day, by one clock for all of the study
  static const RecordTable<UsersSpec>& table();
};

/// A class of customers.
struct BlockSpec {
  std::string name;
  Series<double> share;         ///< of the service's demand; empty: all of it
  Series<MoneyPerToken> price;  ///< what a token brings in
  Series<double> price_times;   ///< the same over what a token brings in in the service's own study
  Series<double> floor;         ///< share of what it wants that was promised
  MoneyPerToken penalty;        ///< for a token of that which is not served
  Duration waits;               ///< for which its work may wait for a machine; 0: not at all
  SourceNote source;
  static const RecordTable<BlockSpec>& table();
};

/// One table for both kinds: which fields a kind needs is checked by study.cpp.
struct StudyServiceSpec {
  std::string service, name;                ///< id in this study; for headings
  ServiceKind kind = ServiceKind::serving;  ///< which of the fields below mean something
  std::string model, stand_in;              ///< a model of the catalogue, and what it stands for
  Series<TokenRate> demand;                 ///< tokens trained on, or put out, on average over the quarter
  /// Of demand within a day. Capacity is built for the peak, so accelerators work 1 / peak_to_mean of the time.
  double peak_to_mean = 1;
  double weekend = 1;                       ///< demand of a Saturday or Sunday over that of another day
  double margin = 0;                        ///< of capacity over that peak
  Series<double> times;                     ///< the demand over that of the service's own study
  std::vector<BlockSpec> blocks;            ///< of its customers
  std::vector<UsersSpec> users;             ///< by region; empty: as if all were in one place
  std::vector<std::string> residency;       ///< countries where it must run; empty: anywhere in reach
  std::vector<std::string> user_regions;    ///< for the round-trip limit
  std::optional<Duration> most_round_trip;  ///< between its users and a site
  // serving
  std::string study;  ///< file of a service's study that says the rest
  /// Tokens of a request.
  int isl = 0, osl = 0;
  double prefix_share = 0;                      ///< of the input found in a cache
  std::optional<Duration> ttft, tpot;           ///< targets of serving
  double share = 0.99;                          ///< of the requests that are inside; 0: the mean is
  double headroom = 0;                          ///< share of the rate that is kept free
  std::string engine = "best";                  ///< a name, or the best of those that run on the machine
  FleetMode mode = FleetMode::best;             ///< whole replicas, or prefill and decode apart
  std::vector<Precision> precisions;            ///< the weights may be served in; the best is taken
  std::shared_ptr<const ServiceStudySpec> own;  ///< what `study` names, read
  std::string asked;  ///< all that rates of machines depend on, as it was written: fields, and the text of `study`
  std::optional<Precision> precision;  ///< empty: as the model is stored
  // training
  std::int64_t gpus = 0;  ///< of the job whose layout stands for the programme's training
  /// Sequences.
  std::int64_t global_batch_size = 0;
  int seq_length = 0;         ///< tokens, of training
  double effective_time = 1;  ///< share of wall time that trains: failures, checkpoints, restarts
  SourceNote source;
  static const RecordTable<StudyServiceSpec>& table();
};

/// Tax on revenue less running costs and depreciation. Interest is not deducted: the capital cost is after tax.
struct TaxSpec {
  double rate = 0;                      ///< of the profit
  Duration system_life, building_life;  ///< of depreciation in equal parts
  Money losses;                         ///< carried forward into the first quarter
  SourceNote source;
  static const RecordTable<TaxSpec>& table();
};

struct CarbonSpec {
  MoneyPerMass price;  ///< of CO2 equivalent
  SourceNote source;
  static const RecordTable<CarbonSpec>& table();
};

/// Spec: as written. The planner sees the Programme made from it.
struct StudySpec {
  std::string name, about;
  std::map<std::string, Source> sources;
  HorizonSpec horizon;
  FinanceSpec finance;
  std::vector<TrancheSpec> capital;        ///< empty: money is no limit
  std::vector<StudySiteSpec> sites;        ///< where power may be built
  std::vector<HallSpec> halls;             ///< by density, the densest last
  std::vector<StudySystemSpec> systems;    ///< what may be bought
  std::vector<ConstructionSpec> building;  ///< under way before the first quarter
  std::vector<CommittedSpec> committed;    ///< bought before the first quarter
  std::vector<ContractSpec> contracts;     ///< machines rented or that may be
  std::vector<ShareSpec> shares;           ///< of suppliers' products; the rest is the world's
  std::vector<StudyServiceSpec> services;  ///< what tokens are wanted for
  std::optional<CarbonSpec> carbon;        ///< price of emissions
  std::optional<TaxSpec> tax;              ///< empty: none
  std::vector<PartnerSpec> partners;       ///< who brings what of it
  std::optional<RiskSpec> risk;            ///< what may turn out otherwise
  static const RecordTable<StudySpec>& table();
};

template <>
struct EnumNames<CapitalKind> {
  static constexpr std::pair<const char*, CapitalKind> names[] = {{"equity", CapitalKind::equity},
                                                                  {"debt", CapitalKind::debt}};
};
template <>
struct EnumNames<PartKind> {
  static constexpr std::pair<const char*, PartKind> names[] = {
      {"memory", PartKind::memory},
      {"host_memory", PartKind::host_memory},
      {"packaging", PartKind::packaging},
      {"wafers", PartKind::wafers},
      {"cpu", PartKind::cpu}};
};
template <>
struct EnumNames<ServiceKind> {
  static constexpr std::pair<const char*, ServiceKind> names[] = {{"training", ServiceKind::training},
                                                                  {"serving", ServiceKind::serving}};
};

}  // namespace stargate
