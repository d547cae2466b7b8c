// What owning an accelerator costs: capital by class, each an annuity over its own life at the owner's cost of capital,
// and what is paid while it runs. One rule for all chips; owners differ by their record.
//   $/h = [ sum over classes of price_c (a(r, n_c) + upkeep_c) ] / 8760 + meter power (electricity load, or colocation)
#pragma once

#include <array>

#include "stargate/finance/cluster_share.hpp"

namespace stargate {

/// In the order in which a bill lists them.
enum class CapitalClass { systems, network, storage, building, power_supply, cooling };
template <>
struct EnumNames<CapitalClass> {
  static constexpr std::pair<const char*, CapitalClass> names[] = {
      {"systems", CapitalClass::systems},           {"network", CapitalClass::network},
      {"storage", CapitalClass::storage},           {"building", CapitalClass::building},
      {"power_supply", CapitalClass::power_supply}, {"cooling", CapitalClass::cooling}};
};
inline constexpr int kCapitalClasses = 6;

/// Of one accelerator.
struct CapitalLine {
  Money price;
  Duration life;           ///< zero where the owner does not buy this class
  MoneyRate annuity;       ///< what pays the price with interest over the life
  MoneyRate depreciation;  ///< of it what is the price itself, in equal parts
  MoneyRate upkeep;

  MoneyRate interest() const { return annuity - depreciation; }
};

/// Of one accelerator, in a facility full of its kind.
struct OwnershipCost {
  std::array<CapitalLine, kCapitalClasses> capital;
  ClusterShare cluster;
  Power it_power, meter_power;  ///< with its share of the network; with the overhead of the facility
  MoneyPerEnergy power_price;   ///< what is paid for the energy at the meter, or the rent by power kept ready
  MoneyRate power;              ///< paid for it, load counted
  double utilisation = 1;

  const CapitalLine& line(CapitalClass c) const { return capital[static_cast<std::size_t>(c)]; }
  Money capital_price() const;
  MoneyRate annuities() const;
  MoneyRate upkeep() const;
  MoneyRate hour() const { return annuities() + upkeep() + power; }  ///< of an hour, used or not
  MoneyRate hour_sold() const { return hour() / utilisation; }
  double accelerators_in(Power at_the_meter) const { return at_the_meter / meter_power; }
};

/// Id of the owner that is meant where nobody says which.
inline constexpr const char* kUsualOwner = "hyperscaler";
/// The cluster that is meant, and at which published costs of a GPU-hour are met; their publisher names none.
inline constexpr double kUsualCluster = 16'384;

/// Where the facility stands and how large its clusters are.
struct OwnershipPlace {
  const Site* site = nullptr;           ///< of the catalogue; null: the owner's usual facility
  double accelerators = kUsualCluster;  ///< of one network
};

/// `system_price`: of the whole system by the catalogue (an end of its range), before the owner's factor. A site gives
/// construction price, PUE and electricity to an owner who builds; one in colocation has no site (checked by the
/// caller).
OwnershipCost ownership_cost(const Catalogue& catalogue, const System& system, Money system_price, const Owner& owner,
                             const OwnershipPlace& place);

}  // namespace stargate
