// Which limits bind and what one more unit of each is worth: the dual of its row, in present value. All limits are
// written "at most" (cash as a balance with money on the right), so the worth of one more is minus d objective / d rhs.
// The suppliers of one product share one row: what binds them is the product, and one more unit from any is worth the
// same (the reduced cost each take would have at its bound).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"
#include "stargate/units/text.hpp"

namespace stargate {

std::string limit_group(const Programme& programme, const RowKey& key) {
  const auto site = [&] { return programme.sites[key.first].id; };
  const auto system = [&] { return programme.systems[key.first].id; };
  switch (key.family) {
    case PlanFamily::grid:
      return "power at " + site();
    case PlanFamily::crew:
      return "construction starts at " + site();
    case PlanFamily::growth:
      return "growth of deliveries of " + system();
    case PlanFamily::offer:
      return programme.parts[key.first].product;
    case PlanFamily::cash:
      return "capital in hand";
    case PlanFamily::tranche:
      return "tranche " + programme.capital[key.first].name;
    case PlanFamily::debt_share:
      return "share of debt";
    case PlanFamily::carbon_cap:
      return "carbon cap";
    case PlanFamily::lease:
      return "leases at " + site();
    case PlanFamily::contract:
      return "contract " + programme.contracts[key.first].id;
    case PlanFamily::minimum_take:
      return "take-or-pay of contract " + programme.contracts[key.first].id;
    case PlanFamily::rented:
      return "machines of contract " + programme.contracts[key.first].id;
    case PlanFamily::floor:
      return fmt::format("promise to {} of {}", programme.services[key.first].blocks[key.second].name,
                         programme.services[key.first].id);
    case PlanFamily::hall:
      return fmt::format("halls for racks of {} at {}", format_quantity(programme.halls[key.second].rack), site());
    case PlanFamily::plant:
    case PlanFamily::backup:
    case PlanFamily::generated:
      return fmt::format("{} at {}", programme.sites[key.first].plants[key.second].name, site());
    case PlanFamily::flexible:
      return "power that is cut at times at " + site();
    case PlanFamily::curtailed:
      return "cuts at " + site();
    case PlanFamily::spares:
      return "spares of " + system();
    case PlanFamily::collateral:
      return "security of " + programme.capital[key.first].name;
    case PlanFamily::tax:
      return "taxed profit";
    case PlanFamily::debt_service:
      return "cover of debt service";
    case PlanFamily::fixed_charge:
      return "cover of debt service and rent";
    case PlanFamily::arrival:
    case PlanFamily::stored:
      return "deliveries of " + system();
    case PlanFamily::output:
      return "tokens of " + programme.services[key.first].id;
    case PlanFamily::installed:
    case PlanFamily::life:
    case PlanFamily::survivor:
    case PlanFamily::survivors:
    case PlanFamily::work:
      return fmt::format("{} at {}", programme.systems[key.second].id, site());
    case PlanFamily::site_power:
    case PlanFamily::built:
    case PlanFamily::energise:
    case PlanFamily::subscribed:
    case PlanFamily::draw_power:
    case PlanFamily::take_or_pay:
    case PlanFamily::own_use:
    case PlanFamily::imported:
      break;
  }
  return fmt::format("{} at {}", family_row(key.family).name, site());
}

std::string limit_unit(const Programme& programme, const RowKey& key) {
  return key.family == PlanFamily::offer ? programme.parts[key.first].unit : family_row(key.family).unit;
}

namespace {

constexpr double kPriceThreshold = 1e-6;  ///< M$ for one LP unit of the row: less is the solver's dust

class Limits {
 public:
  Limits(const PlanModel& model, const PlanValues& values, Plan& plan)
      : model_(model), p_(*model.programme), x_(values), plan_(plan) {}

  void report() {
    for (std::size_t row = 0; row < model_.keys.size(); ++row) {
      const RowKey& key = model_.keys[row];
      if (key.t >= p_.quarters()) continue;  // the tail is no part of the plan
      if (key.family == PlanFamily::output) price_tokens(key, -x_.duals[row]);
      if (family_row(key.family).is_limit && -x_.duals[row] > kPriceThreshold) add_limit(row, key);
    }
    std::sort(plan_.limits.begin(), plan_.limits.end(), [](const BindingLimit& a, const BindingLimit& b) {
      return std::tie(a.family, a.group, a.quarter) < std::tie(b.family, b.group, b.quarter);
    });
    rank_groups();
  }

 private:
  /// What one more token would cost, in money of its own quarter.
  void price_tokens(const RowKey& key, double worth) {
    const double undiscounted = without_dust(worth) / discount_factor(p_, key.t);
    plan_.quarters[key.t].services[key.first].marginal_cost = undiscounted * kLpMoney / (kLpTokenRate * quarter_year);
  }

  /// The dual of an upper limit is negative (more room costs less): the worth is minus it, in the user's unit.
  void add_limit(std::size_t row, const RowKey& key) {
    BindingLimit limit;
    limit.family = family_row(key.family).name;
    limit.group = limit_group(p_, key);
    limit.quarter = p_.first + key.t;
    limit.unit = limit_unit(p_, key);
    // A dual is M$ for one LP unit of the row; key.unit is how many of the user's units that is.
    limit.price = -x_.duals[row] / key.unit * kLpMoney;
    if (key.family == PlanFamily::offer) {
      add_offers(limit, p_.parts[key.first]);
      return;
    }
    limit.activity = without_dust(x_.activities[row]) * key.unit;
    limit.bound = bound_of(row, key);
    // An option that is not taken limits nothing.
    const bool is_contract = key.family == PlanFamily::contract || key.family == PlanFamily::minimum_take;
    if (is_contract && limit.bound == 0) return;
    // The row has deliveries of the quarter before on its left; users see orders against the whole bound.
    if (key.family == PlanFamily::growth) {
      limit.activity = limit.bound;
      limit.assumed = !p_.systems[key.first].growth->sourced;
    }
    if (is_contract || key.family == PlanFamily::floor || key.family == PlanFamily::plant) limit.activity = limit.bound;
    plan_.limits.push_back(std::move(limit));
  }

  /// In user units; what deliveries of the quarter before allow counts in the bound of growth.
  double bound_of(std::size_t row, const RowKey& key) const {
    switch (key.family) {
      case PlanFamily::growth: {
        const auto& system = p_.systems[key.first];
        const double before =
            key.t > 0 ? plan_.quarters[key.t - 1].systems[key.first].arrived : delivered_before(p_, system);
        return system.growth->seed + (1 + system.growth->rate) * before;
      }
      case PlanFamily::cash:
      case PlanFamily::debt_share:
      case PlanFamily::debt_service:
      case PlanFamily::fixed_charge:
      case PlanFamily::collateral:
      case PlanFamily::curtailed:
        return 0;
      case PlanFamily::plant:
        return to_lp(p_.sites[key.first].plants[key.second].most.at(p_.quarter_of(key.t)));
      case PlanFamily::floor:
        return -model_.lp.row_upper()[row];
      case PlanFamily::contract:
        return plan_.quarters[key.t].contracts[key.first].taken;
      case PlanFamily::minimum_take:
        return p_.contracts[key.first].take_or_pay * plan_.quarters[key.t].contracts[key.first].taken;
      default:
        return model_.lp.row_upper()[row] * key.unit;
    }
  }

  /// One limit a supplier, all at the product's price; a product nobody offers then is a limit of every supplier of it.
  void add_offers(const BindingLimit& of_product, const PlanPart& part) {
    const bool any = std::any_of(part.offers.begin(), part.offers.end(),
                                 [&](const PlanOffer& offer) { return offer.amount.at(of_product.quarter) > 0; });
    for (const auto& offer : part.offers) {
      const double amount = offer.amount.at(of_product.quarter);
      if (any && amount <= 0) continue;
      BindingLimit limit = of_product;
      limit.group = fmt::format("{} from {}", part.product, offer.supplier);
      limit.activity = limit.bound = amount;
      plan_.limits.push_back(std::move(limit));
    }
  }

  /// One percent more of a limit is worth a hundredth of bound times price, at the margin.
  void rank_groups() {
    std::map<std::pair<std::string, std::string>, LimitGroup> groups;
    for (const auto& limit : plan_.limits) {
      auto& group = groups[{limit.family, limit.group}];
      if (group.quarters == 0) {
        group.family = limit.family;
        group.group = limit.group;
        group.unit = limit.unit;
        group.first = limit.quarter;
        group.assumed = limit.assumed;
      }
      ++group.quarters;
      group.last = limit.quarter;
      group.price += limit.price;
      // Zero for limits whose bound is a balance (cash, debt share).
      group.one_percent += 0.01 * limit.bound * limit.price;
    }
    for (auto& [name, group] : groups) plan_.groups.push_back(std::move(group));
    std::stable_sort(plan_.groups.begin(), plan_.groups.end(), [](const LimitGroup& a, const LimitGroup& b) {
      return std::tie(b.one_percent, b.price) < std::tie(a.one_percent, a.price);
    });
  }

  const PlanModel& model_;
  const Programme& p_;
  const PlanValues& x_;
  Plan& plan_;
};

}  // namespace

void report_limits(const PlanModel& model, const PlanValues& values, Plan& plan) {
  Limits(model, values, plan).report();
}

}  // namespace stargate
