// What owning machines costs beside their price where neither a study nor an owner's record says: the one place with
// these numbers. A study states its own (finance, and each site its pue and its price of electricity).
#pragma once

#include "stargate/units/quantity.hpp"

namespace stargate {

/// Rates are shares of the price a year.
struct OwnershipTerms {
  double capital_cost = 0.10;  ///< WACC, as that of the catalogue's owners
  Duration system_life = 5.0 * year;
  double maintenance = 0.03;  ///< spares, staff, software
  double pue = 1.2;           ///< power at the meter over power of the systems
  MoneyPerEnergy electricity = MoneyPerEnergy{0.08 * dollar / kilowatt_hour};  ///< at the meter: US industrial, 2025
};
/// Assumptions, named as such in the answers that use them.
inline constexpr OwnershipTerms kUsualTerms{};

}  // namespace stargate
