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

struct StudySiteSpec {
  std::string site;                         ///< id of the catalogue
  Series<Power> power;                      ///< at the meter, that the grid and the programme's contracts can give
  Series<Power> energised;                  ///< up to the quarter before the first, whose figure the plan begins with
  Power most_started;                       ///< a quarter
  std::optional<Duration> build_lead_time;  ///< else the catalogue's
  /// Share of the energy of the energised power that is paid for when it is not used.
  double take_or_pay = 0;
  std::optional<LeaseSpec> lease;
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
enum class PartKind { memory, host_memory, packaging, cpu };

/// Shares are of one; `growth` is a quarter, `price_change` a year.
struct StudySystemSpec {
  std::string system;                       ///< id of the catalogue
  std::optional<Quarter> from, until;       ///< deliveries; else from the system's own availability, until the end
  std::vector<ServiceKind> kinds;           ///< of services it may run; empty: all
  std::vector<PartKind> procured;           ///< by the programme: their suppliers' offers limit it
  std::optional<Duration> order_lead_time;  ///< empty: the supplier's
  double price_change = 0;                  ///< a year, after `from`
  /// Share of the full power; else what the machine's records say that it draws when nothing runs.
  std::optional<double> idle_power;
  double availability = 0.95;                  ///< share of its accelerators that work
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
      {"cpu", PartKind::cpu}};
};
template <>
struct EnumNames<ServiceKind> {
  static constexpr std::pair<const char*, ServiceKind> names[] = {{"training", ServiceKind::training},
                                                                  {"serving", ServiceKind::serving}};
};

}  // namespace stargate
