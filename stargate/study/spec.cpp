// The field tables of a study.
#include "stargate/study/spec.hpp"

namespace stargate {

const RecordTable<HorizonSpec>& HorizonSpec::table() {
  static const auto table = RecordTable<HorizonSpec>("horizon", "The quarters planned.")
                                .required("first", &HorizonSpec::first, "First quarter.")
                                .required("last", &HorizonSpec::last, "Last quarter.");
  return table;
}

namespace {
constexpr Rule at_most_hundred{.at_least = 0.0, .above = {}, .at_most = 100.0};
}

const RecordTable<FinanceSpec>& FinanceSpec::table() {
  using F = FinanceSpec;
  static const auto table =
      RecordTable<F>("finance", "Rates, lives and payment terms.")
          .required("capital_cost", &F::capital_cost, "A year (WACC), of annuities and of present values.", fraction)
          .optional("discount_rate", &F::discount_rate,
                    "A year, of a second present value that is reported; the plan is the same.", fraction)
          .required("system_life", &F::system_life, "Economic life of systems.", life_within_century)
          .required("building_life", &F::building_life, "Economic life of facilities.", life_within_century)
          .required("maintenance", &F::maintenance, "Of the system price, a year: spares, staff, software.", fraction)
          .required("deposit", &F::deposit, "Share of a system's price paid with the order.", fraction)
          .required("on_delivery", &F::on_delivery, "Share paid on delivery.", fraction)
          .required("on_acceptance", &F::on_acceptance, "Share paid a quarter after delivery.", fraction)
          .optional("reinvested_revenue", &F::reinvested_revenue, "Share of revenue that pays for the programme.",
                    fraction)
          .optional("maximum_debt_share", &F::maximum_debt_share, "Debt owed over that and all equity drawn.", fraction)
          .optional("debt_service_cover", &F::debt_service_cover,
                    "Covenant (DSCR): revenue less running costs, rent and tax of four quarters, over interest and "
                    "instalments in them, at least.",
                    at_most_hundred)
          .optional("fixed_charge_cover", &F::fixed_charge_cover,
                    "Covenant: the same with rent among what is due, at least.", at_most_hundred)
          .optional("covenants_from", &F::covenants_from, "First quarter in which both are tested; else the first.")
          .required("source", &F::source, "Where the figures come from.");
  return table;
}

const RecordTable<TrancheSpec>& TrancheSpec::table() {
  using T = TrancheSpec;
  static const auto table = RecordTable<T>("tranche", "Capital released at a date.")
                                .required("name", &T::name, "What it is.")
                                .required("from", &T::from, "Quarter from which it can be drawn.")
                                .required("amount", &T::amount, "How much.", not_negative)
                                .optional("drawn", &T::drawn, "Of it, before the first quarter.", not_negative)
                                .optional("kind", &T::kind, "Equity or debt.")
                                .optional("interest", &T::interest, "A year, on what is owed (debt).", fraction)
                                .optional("repaid_from", &T::repaid_from, "Debt: quarter of the first instalment.")
                                .optional("repaid_until", &T::repaid_until,
                                          "Debt: quarter of the last; the first again: all at once.")
                                .optional("of_systems", &T::of_systems,
                                          "Debt: security, share of the book of the systems that is owed at most.",
                                          fraction)
                                .optional("of_buildings", &T::of_buildings,
                                          "Debt: security, share of the book of the buildings on top.", fraction)
                                .optional("recourse", &T::recourse,
                                          "Debt: the programme answers for it; else it counts in no share of debt.")
                                .required("source", &T::source, "Where the figure comes from.");
  return table;
}

const RecordTable<PlantSpec>& PlantSpec::table() {
  using P = PlantSpec;
  static const auto table =
      RecordTable<P>("plant", "Power at a site beside the grid: engines, turbines, fuel cells, batteries.")
          .required("name", &P::name, "What it is.")
          .required("power", &P::power, "The most that may stand, by quarter, with what is begun.", not_negative)
          .optional("begun", &P::begun, "Of it, by quarter, what was begun before the first quarter; it is paid.",
                    not_negative)
          .required("price", &P::price, "Of power that machines may count on, with what stands by.", not_negative)
          .required("lead_time", &P::lead_time, "From order to power.", within_century)
          .required("life", &P::life, "Over which its price is spread.", life_within_century)
          .optional("maintenance", &P::maintenance, "Of the price, a year.", fraction)
          .optional("efficiency", &P::efficiency, "Energy out over energy in; of a battery, of the round trip.",
                    Rule{.at_least = {}, .above = 0.0, .at_most = 1.0})
          .optional("fuel_price", &P::fuel_price, "Of the fuel's heat.", not_negative)
          .optional("fuel_carbon", &P::fuel_carbon, "Of the fuel's heat.", not_negative)
          .optional("battery", &P::battery, "A battery that lasts this long at full power; it needs a grid.", positive)
          .required("source", &P::source, "Where the figures come from.");
  return table;
}

const RecordTable<FlexibleSpec>& FlexibleSpec::table() {
  using F = FlexibleSpec;
  static const auto table =
      RecordTable<F>("flexible power", "Power that may be had before the grid is firm, for hours given up.")
          .required("power", &F::power, "At the meter, beside what is firm, by quarter.", not_negative)
          .required("hours", &F::hours, "A year, in which it is cut.",
                    Rule{.at_least = 0.0, .above = {}, .at_most = year.base()})
          .optional("longest", &F::longest, "Cut at a stretch; what batteries must last through.", positive)
          .required("source", &F::source, "Where the figures come from.");
  return table;
}

const RecordTable<DieSpec>& DieSpec::table() {
  using D = DieSpec;
  static const auto table =
      RecordTable<D>("dies", "Compute dies of an accelerator, for the wafers that it takes.")
          .required("process", &D::process, "Suppliers deliver it as wafers:<process>.")
          .required("area_mm2", &D::area_mm2, "Of one die.", Rule{.at_least = 1.0, .above = {}, .at_most = 5000.0})
          .required("defects_per_cm2", &D::defects_per_cm2, "Of the process, that spoil a die.",
                    Rule{.at_least = 0.0, .above = {}, .at_most = 10.0})
          .optional("per_accelerator", &D::per_accelerator, "Dies in one.", positive)
          .required("source", &D::source, "Where the figures come from.");
  return table;
}

const RecordTable<QualificationSpec>& QualificationSpec::table() {
  using Q = QualificationSpec;
  static const auto table =
      RecordTable<Q>("qualification", "What comes before the first order of a vendor; in plans whose parts come whole.")
          .required("cost", &Q::cost, "Once, of tests and changes.", not_negative)
          .optional("time", &Q::time, "Before anything may be ordered.", within_century)
          .optional("minimum_systems", &Q::minimum_systems, "Ordered in all, at least.", not_negative)
          .required("source", &Q::source, "Where the figures come from.");
  return table;
}

const RecordTable<StudySiteSpec>& StudySiteSpec::table() {
  using S = StudySiteSpec;
  static const auto table =
      RecordTable<S>("study site", "A site of the programme and when it can have power.")
          .required("site", &S::site, "Id of a site of the catalogue.")
          .required("power", &S::power, "Power at the meter that can be had, by quarter.", not_negative)
          .optional("energised", &S::energised, 
                    "Running by quarter, up to the one before the first, with which the plan begins.", not_negative)
          .required("most_started", &S::most_started, "Most construction that can be started in a quarter.", positive)
          .optional("build_lead_time", &S::build_lead_time,
                    "From start to power; else the catalogue's shell lead time.", life_within_century)
          .optional("take_or_pay", &S::take_or_pay, "Share of contracted energy paid for whether used or not.",
                    fraction)
          .optional("rack", &S::rack, "Power of the densest rack that its halls take as they are; else any.", positive)
          .optional("lease", &S::lease, "Power with its building that may be rented there.")
          .optional("plants", &S::plants, "Engines, turbines, fuel cells, batteries beside the grid.")
          .optional("flexible", &S::flexible, "Power that may be had before the grid is firm.")
          .required("source", &S::source, "Where the dates come from.");
  return table;
}

const RecordTable<HallSpec>& HallSpec::table() {
  using H = HallSpec;
  static const auto table =
      RecordTable<H>("hall", "A class of halls by the power of their racks.")
          .required("rack", &H::rack, "Of the densest rack that it takes.", positive)
          .required("price", &H::price, "To refit a hall of a lower class, of power at the meter.", not_negative)
          .required("source", &H::source, "Where the figures come from.");
  return table;
}

const RecordTable<LeaseSpec>& LeaseSpec::table() {
  using L = LeaseSpec;
  static const auto table =
      RecordTable<L>("lease", "Power that comes with its building, for rent.")
          .required("power", &L::power, "At the meter, that may be under lease at a time.", not_negative)
          .required("term", &L::term, "Of a lease; its rent is owed for all of it.", life_within_century)
          .optional("rent", &L::rent, "Of power kept ready; else what the site's building costs over the term.",
                    not_negative)
          .required("source", &L::source, "Where the figures come from.");
  return table;
}

const RecordTable<ContractSpec>& ContractSpec::table() {
  using C = ContractSpec;
  static const auto table =
      RecordTable<C>("contract", "Machines of another owner, rented by the hour with power, place and care.")
          .required("contract", &C::contract, "Its id.")
          .required("system", &C::system, "Id of a system of the study, whose rates the machines have.")
          .required("site", &C::site, "Id of a site of the catalogue: residency and round trips go by it.")
          .required("stand_in", &C::stand_in, "What the system stands for.")
          .required("accelerators", &C::accelerators, "In the contract, by quarter.", not_negative)
          .required("price", &C::price, "Of an accelerator, an hour.", not_negative)
          .optional("take_or_pay", &C::take_or_pay, "Share that is paid for whether used or not.", fraction)
          .optional("signed", &C::is_signed, "Committed to; else an option, which may be taken in part.")
          .optional("kinds", &C::kinds, "Kinds of service it may run; else all.")
          .required("source", &C::source, "Where the figures come from.");
  return table;
}

const RecordTable<ConstructionSpec>& ConstructionSpec::table() {
  using C = ConstructionSpec;
  static const auto table =
      RecordTable<C>("construction", "Power that is under construction when the plan begins.")
          .required("site", &C::site, "Id of a site of the study.")
          .required("power", &C::power, "At the meter.", positive)
          .required("finishes", &C::finishes, "First quarter with its power.")
          .optional("paid", &C::paid, "Share of its price that is paid when the plan begins.", fraction)
          .required("source", &C::source, "Where the figures come from.");
  return table;
}

const RecordTable<CommittedSpec>& CommittedSpec::table() {
  using C = CommittedSpec;
  static const auto table =
      RecordTable<C>("committed systems", "Systems that stand or are on order when the plan begins.")
          .required("system", &C::system, "Id of a system of the study.")
          .optional("site", &C::site, "Id of a site of the study; may be left out of those on order.")
          .required("accelerators", &C::accelerators, "How many accelerators they hold.", positive)
          .required("arrives", &C::arrives, "Quarter of delivery; before the first they stand, else they are on order.")
          .optional("paid", &C::paid, "Share of the price that is paid, of those on order; else the deposit.", fraction)
          .required("source", &C::source, "Where the figures come from.");
  return table;
}

const RecordTable<StudySystemSpec>& StudySystemSpec::table() {
  using S = StudySystemSpec;
  static const auto table =
      RecordTable<S>("study system", "A system the programme may order.")
          .required("system", &S::system, "Id of a system of the catalogue.")
          .optional("from", &S::from, "First quarter of deliveries; else when the system is available.")
          .optional("until", &S::until, "Last quarter of deliveries.")
          .optional("kinds", &S::kinds, "Kinds of service it may run; else all.")
          .optional("procured", &S::procured,
                    "Parts that the programme buys itself, so that their suppliers limit it; else their maker does.")
          .optional("dies", &S::dies, "Compute dies of its accelerators, where wafers are procured.")
          .optional("order_lead_time", &S::order_lead_time, "From order to delivery; else the supplier's.",
                    within_century)
          .optional("price_change", &S::price_change, "Change of price a year.",
                    Rule{.at_least = -1.0, .above = {}, .at_most = 10.0})
          .optional("idle_power", &S::idle_power, "Power when idle, as a share of full power; else as the catalogue's records of the machine say.",
                    fraction)
          .optional("rack", &S::rack, "Power of one of its racks, for halls that do not take all.", positive)
          .optional("availability", &S::availability, "Share of installed accelerators that work.", fraction)
          .optional("attrition", &S::attrition,
                    "Share that fails for good and is not replaced, a year, by year of age; the last holds on.",
                    fraction)
          .optional("spares", &S::spares, "Held without power, as a share of what the plan installs.", fraction)
          .optional("qualification", &S::qualification, "What comes before its first order; of plan whole.")
          .optional("seed_systems", &S::seed_systems, "Growth limit: systems a quarter from a standing start.",
                    positive)
          .optional("growth", &S::growth, "Growth limit: deliveries grow by at most this a quarter.", not_negative)
          .optional("growth_source", &S::growth_source,
                    "Where these two come from; without a source the limit's worth is told as that of an assumption.")
          .required("source", &S::source, "Where the figures come from.");
  return table;
}

const RecordTable<ShareSpec>& ShareSpec::table() {
  static const auto table =
      RecordTable<ShareSpec>("supply share", "What the programme can have of a supplier's capacity.")
          .required("supplier", &ShareSpec::supplier, "Id of a supplier of the catalogue.")
          .required("share", &ShareSpec::share, "Of its world capacity.", fraction)
          .required("source", &ShareSpec::source, "Where the figure comes from.");
  return table;
}

const RecordTable<UsersSpec>& UsersSpec::table() {
  static const auto table =
      RecordTable<UsersSpec>("users", "Users of a service in one region.")
          .required("region", &UsersSpec::region, "Where, as routes name it.")
          .required("share", &UsersSpec::share, "Of the service's tokens.", fraction)
          .optional("peak_hour", &UsersSpec::peak_hour, "Busiest hour of their day, by one clock for all regions.",
                    Rule{.at_least = 0.0, .above = {}, .at_most = 24.0});
  return table;
}

const RecordTable<BlockSpec>& BlockSpec::table() {
  using B = BlockSpec;
  static const auto table =
      RecordTable<B>("customers", "A class of customers of a service, and what it pays.")
          .required("name", &B::name, "Who they are.")
          .optional("share", &B::share, "Of the service's demand; all of it when left out.", fraction)
          .optional("price", &B::price, "What a token served brings in, by quarter.", not_negative)
          .optional("price_times", &B::price_times,
                    "Instead, over what a token put out brings in in the service's own study, by quarter.",
                    not_negative)
          .optional("floor", &B::floor, "Share of what they want that was promised.", fraction)
          .optional("penalty", &B::penalty, "Paid for a token of that which is not served.", not_negative)
          .optional("waits", &B::waits, "For which their work may wait; left out: it is served in its hour or lost.",
                    not_negative)
          .required("source", &B::source, "Where the figures come from.");
  return table;
}

const RecordTable<StudyServiceSpec>& StudyServiceSpec::table() {
  using S = StudyServiceSpec;
  static const auto table =
      RecordTable<S>("service", "Work the programme is built for.")
          .required("service", &S::service, "Its id.")
          .required("name", &S::name, "What people call it.")
          .required("kind", &S::kind, "Training or serving.")
          .required("model", &S::model, "Id of the model of the catalogue that stands for it.")
          .required("stand_in", &S::stand_in, "What the model stands for.")
          .optional("demand", &S::demand, "Tokens trained on or put out, averaged over the quarter.", not_negative)
          .optional("times", &S::times, "Instead, over what the service's own study puts out, by quarter.",
                    not_negative)
          .optional("peak_to_mean", &S::peak_to_mean, "Peak of the week over the mean; capacity is built for the peak.",
                    Rule{.at_least = 1.0, .above = {}, .at_most = {}})
          .optional("weekend", &S::weekend, "Demand of a Saturday or Sunday over that of another day.", fraction)
          .optional("margin", &S::margin, "Of capacity over the peak, as plan run may find it.",
                    Rule{.at_least = 0.0, .above = {}, .at_most = 100.0})
          .required("blocks", &S::blocks,
                    "Classes of customers and what they pay; who pays less than his cost is not served.")
          .optional("residency", &S::residency, "Countries where it must run.")
          .optional("user_regions", &S::user_regions, "Regions its users are in.")
          .optional("users", &S::users, "How its users divide over regions, and when each is busiest: for plan run.")
          .optional("most_round_trip", &S::most_round_trip, "Longest network round trip to the nearest user region.",
                    positive)
          .optional(
              "study", &S::study,
              "Serving: file of a service's study, beside this one; lengths, cached share, targets, precision, "
              "residency and the hours of its users are its own.")
          .optional("isl", &S::isl, "Serving: input tokens of a request.", positive)
          .optional("osl", &S::osl, "Serving: output tokens of a request.", positive)
          .optional("prefix_share", &S::prefix_share, "Serving: share of the input found in a cache.", fraction)
          .optional("ttft", &S::ttft, "Serving: time to the first token.", positive)
          .optional("tpot", &S::tpot, "Serving: time for each further token.", positive)
          .optional("share", &S::share, "Serving: of the requests that are inside both; 0: the means are.", fraction)
          .optional("headroom", &S::headroom, "Serving: share of a machine's capacity planned for on top.",
                    not_negative)
          .optional("engine", &S::engine, "Serving: vllm, sglang, trtllm, or best: of those that run on the machine.")
          .optional("mode", &S::mode,
                    "Serving: replicas that do whole requests, that prefill and that decode, or best.")
          .optional("precisions", &S::precisions,
                    "Serving: formats the weights may be in, the best is taken; else as the model is stored.")
          .optional("precision", &S::precision, "Of the weights; else as the model is stored.")
          .optional("gpus", &S::gpus, "Training: accelerators of one job.", positive)
          .optional("global_batch_size", &S::global_batch_size, "Training: sequences a step.", positive)
          .optional("seq_length", &S::seq_length, "Training: tokens a sequence.", positive)
          .optional("effective_time", &S::effective_time, "Training: share of wall time that trains.", fraction)
          .required("source", &S::source, "Where the figures come from.");
  return table;
}

const RecordTable<TaxSpec>& TaxSpec::table() {
  using T = TaxSpec;
  static const auto table =
      RecordTable<T>("tax", "Tax on profit. Interest is not deducted: the capital cost is after tax.")
          .required("rate", &T::rate, "Of revenue less running costs, rent and depreciation.", fraction)
          .required("system_life", &T::system_life, "Over which systems are depreciated.", life_within_century)
          .required("building_life", &T::building_life, "Over which facilities are.", life_within_century)
          .optional("losses", &T::losses, "Carried forward into the first quarter.", not_negative)
          .required("source", &T::source, "Where the figures come from.");
  return table;
}

const RecordTable<CarbonSpec>& CarbonSpec::table() {
  static const auto table = RecordTable<CarbonSpec>("carbon", "Price of emissions.")
                                .required("price", &CarbonSpec::price, "Of CO2 equivalent.", not_negative)
                                .required("source", &CarbonSpec::source, "Where the figure comes from.");
  return table;
}

const RecordTable<StudySpec>& StudySpec::table() {
  using S = StudySpec;
  static const auto table =
      RecordTable<S>("study", "A build-out to plan: money, places, machines, suppliers and the work to be done.")
          .required("name", &S::name, "Its title.")
          .required("about", &S::about, "A paragraph: what is asked, as of when, and what the stand-ins are.")
          .optional("sources", &S::sources, "Sources in addition to the catalogue's.")
          .required("horizon", &S::horizon, "The quarters planned.")
          .required("finance", &S::finance, "Rates, lives, payment terms.")
          .required("capital", &S::capital, "Capital by tranche.")
          .required("sites", &S::sites, "Places with power.")
          .required("systems", &S::systems, "What may be ordered.")
          .optional("halls", &S::halls, "Classes of halls by the power of a rack, each denser than the one before.")
          .optional("building", &S::building, "Construction under way when the plan begins.")
          .optional("committed", &S::committed, "Systems that stand or are on order when the plan begins.")
          .optional("contracts", &S::contracts, "Machines of other owners that are rented, or may be.")
          .optional("shares", &S::shares,
                    "Shares of suppliers' capacity; a supplier not named delivers nothing to the programme.")
          .required("services", &S::services, "Work to be done.")
          .optional("carbon", &S::carbon, "Price of emissions.")
          .optional("tax", &S::tax, "Tax on profit; none when left out.")
          .optional("partners", &S::partners, "Who brings what of it, and what there is without them.")
          .optional("risk", &S::risk, "What may turn out otherwise.");
  return table;
}

}  // namespace stargate
