// What an hour of one accelerator costs: what the user says, what the market asked last, or what owning one comes to.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

struct HourPrice {
  MoneyRate low, mid, high;  ///< of one accelerator
  std::string origin;        ///< in words: quotes of which quarter, or owning which system
};

/// Rental quotes of the accelerator's latest quarter (lowest, median, highest; estimates of cost, "TCO", left out);
/// when there are none, the annuity of its system over five years at 10 % a year with 3 % of the price a year for
/// upkeep, and its electricity at 8 c/kWh and a PUE of 1.2.
HourPrice accelerator_hour_price(const Catalogue& catalogue, const System& system);

}  // namespace stargate
