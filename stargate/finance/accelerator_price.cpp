// Quotes first, ownership second, at the usual terms (terms.hpp). The annuity is the planner's.
#include "stargate/finance/accelerator_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "stargate/finance/annuity.hpp"
#include "stargate/finance/terms.hpp"

namespace stargate {
namespace {

/// Empty when the record has no quotes.
std::optional<HourPrice> quoted_price(const RentalPrice& rental) {
  const auto& quotes = rental.quotes;
  if (quotes.empty()) return std::nullopt;
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

/// (annuity + upkeep) of the system a year, by the hour, plus its power at the meter priced at the usual tariff; by
/// accelerator.
HourPrice owned_price(const System& system, const OwnershipTerms& terms) {
  const int life = static_cast<int>(std::lround(terms.system_life / quarter_year));
  const double a_year = 4 * quarterly_annuity(terms.capital_cost, life) + terms.maintenance;
  const auto hour_of = [&](Money price) {
    return (price * a_year / year + system.power * terms.pue * terms.electricity) / system.accelerators;
  };
  return {hour_of(system.price.low), hour_of(system.price.mid), hour_of(system.price.high),
          fmt::format("owning {}: {:g} years at {:g} %, {:g} % upkeep, electricity at {:g} c/kWh, PUE {:g}",
                      system.name, terms.system_life / year, 100 * terms.capital_cost, 100 * terms.maintenance,
                      100 * (terms.electricity * kilowatt_hour / dollar), terms.pue)};
}

}  // namespace

HourPrice accelerator_hour_price(const Catalogue& catalogue, const System& system) {
  for (const auto& [id, rental] : catalogue.rentals) {
    if (rental.accelerator != system.accelerator) continue;
    if (const auto price = quoted_price(rental)) return *price;
  }
  return owned_price(system, kUsualTerms);
}

}  // namespace stargate
