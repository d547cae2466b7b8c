// What an hour of one accelerator costs: what the user says, what the market asked last, or what owning one comes to.
#pragma once

#include <optional>

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

struct HourPrice {
  MoneyRate low, mid, high;  ///< of one accelerator
  std::string origin;        ///< in words: quotes of which quarter, or owning which system
};

/// Rental quotes of the accelerator's latest quarter; empty when there are none.
std::optional<HourPrice> rental_price(const Catalogue& catalogue, const System& system);

/// Rental quotes of the accelerator's latest quarter (lowest, median, highest); when there are none, an hour of owning
/// its system (ownership_cost.hpp, the usual owner, at the ends of the system's price). A price the user states goes
/// before this: that is for the caller. `system` is of `catalogue`. Prices are of an hour that is paid for, busy or
/// not; nothing is added for power where a quote says it is included.
HourPrice accelerator_hour_price(const Catalogue& catalogue, const System& system);

}  // namespace stargate
