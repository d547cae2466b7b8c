// Quotes first, ownership second, by the function of `stargate cost`.
#include "stargate/finance/accelerator_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "stargate/finance/ownership_cost.hpp"
#include "stargate/finance/terms.hpp"

namespace stargate {
namespace {

/// Empty when the record has no quotes.
std::optional<HourPrice> quoted_price(const RentalPrice& rental) {
  const auto& quotes = rental.quotes;
  if (quotes.empty()) return std::nullopt;
  // Prices of rented accelerators fall by the quarter, so older quotes are left out instead of averaged in.
  const Quarter latest = std::max_element(quotes.begin(), quotes.end(), [](const auto& a, const auto& b) {
                           return a.quarter < b.quarter;
                         })->quarter;
  std::vector<MoneyRate> prices;
  for (const auto& quote : quotes) {
    if (quote.quarter == latest) prices.push_back(quote.price);
  }
  std::sort(prices.begin(), prices.end());
  const std::size_t middle = prices.size() / 2;
  const MoneyRate median = prices.size() % 2 == 1 ? prices[middle] : (prices[middle - 1] + prices[middle]) / 2;
  return HourPrice{prices.front(), median, prices.back(),
                   rental.name + ", " + std::to_string(prices.size()) + " quotes of " + format_quarter(latest)};
}

/// Of a catalogue without owners: machines and network at the usual terms, power at the meter, no facility.
Owner usual_owner() {
  Owner owner;
  owner.name = "the usual terms";
  owner.capital_cost = kUsualTerms.capital_cost, owner.maintenance = kUsualTerms.maintenance;
  owner.system_life = owner.network_life = owner.storage_life = kUsualTerms.system_life;
  owner.pue_air = owner.pue_liquid = kUsualTerms.pue;
  owner.construction_price = PricePerPower{};
  owner.building_life = owner.power_life = owner.cooling_life = kUsualTerms.system_life;
  owner.electricity_price = kUsualTerms.electricity;
  return owner;
}

HourPrice owned_price(const Catalogue& catalogue, const System& system) {
  const auto found = catalogue.owners.find(kUsualOwner);
  const Owner owner = found != catalogue.owners.end() ? found->second : usual_owner();
  const auto hour_at = [&](Money price) { return ownership_cost(catalogue, system, price, owner, {}).hour(); };
  return {hour_at(system.price.low), hour_at(system.price.mid), hour_at(system.price.high),
          fmt::format("owning {} with its network and facility, as `stargate cost` has it: {}, {:g} % over {:g} years",
                      system.name, owner.name, 100 * owner.capital_cost, owner.system_life / year)};
}

}  // namespace

/// Several rental records of one accelerator: the first by id that has a quote.
std::optional<HourPrice> rental_price(const Catalogue& catalogue, const System& system) {
  for (const auto& [id, rental] : catalogue.rentals) {
    if (rental.accelerator != system.accelerator) continue;
    if (auto price = quoted_price(rental)) return price;
  }
  return std::nullopt;
}

HourPrice accelerator_hour_price(const Catalogue& catalogue, const System& system) {
  if (const auto rent = rental_price(catalogue, system)) return *rent;
  return owned_price(catalogue, system);
}

}  // namespace stargate
