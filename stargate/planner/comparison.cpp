// Differences of two plans, quarter by quarter and in total; of what their programmes are made of.
#include "stargate/planner/comparison.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace stargate {

namespace {

/// Pairs of quarters that both plans have.
std::vector<std::pair<const PlanQuarter*, const PlanQuarter*>> common_quarters(const Plan& base, const Plan& other) {
  std::vector<std::pair<const PlanQuarter*, const PlanQuarter*>> out;
  for (const PlanQuarter& quarter : base.quarters) {
    const int t = quarter.quarter - other.first;
    if (t >= 0 && t < static_cast<int>(other.quarters.size())) out.emplace_back(&quarter, &other.quarters[t]);
  }
  return out;
}

/// Services of the base, then those that only the other has.
std::vector<std::string> all_services(const Plan& base, const Plan& other) {
  std::vector<std::string> out = base.services;
  for (const auto& service : other.services) {
    if (std::find(out.begin(), out.end(), service) == out.end()) out.push_back(service);
  }
  return out;
}

/// Nothing is served of a service that the plan does not have.
TokenRate served_of(const Plan& plan, const PlanQuarter& quarter, const std::string& service) {
  const auto found = std::find(plan.services.begin(), plan.services.end(), service);
  return found == plan.services.end() ? TokenRate{} : quarter.services[found - plan.services.begin()].served;
}

/// Rates are means of quarters, so tokens are rate times a quarter.
ServiceDifference service_difference(const Plan& base, const Plan& other, const std::string& service) {
  ServiceDifference out;
  out.service = service;
  out.worst = base.first;
  Tokens served_base;
  for (const auto& [before, after] : common_quarters(base, other)) {
    const TokenRate rate = served_of(base, *before, service);
    const TokenRate change = served_of(other, *after, service) - rate;
    served_base += rate * quarter_year;
    out.served += change * quarter_year;
    if (change < out.worst_rate) {
      out.worst_rate = change;
      out.worst = before->quarter;
    }
  }
  if (served_base > Tokens{}) out.share = out.served / served_base;
  return out;
}

/// Limits of either plan, by family and group; the largest rise of worth first.
std::vector<LimitDifference> limit_differences(const Plan& base, const Plan& other) {
  std::map<std::pair<std::string, std::string>, LimitDifference> together;
  const auto entry = [&](const LimitGroup& group) -> LimitDifference& {
    auto& out = together[{group.family, group.group}];
    out.family = group.family;
    out.group = group.group;
    out.unit = group.unit;
    return out;
  };
  for (const auto& group : base.groups) {
    auto& out = entry(group);
    out.price_base = group.price;
    out.one_percent_base = group.one_percent;
  }
  for (const auto& group : other.groups) {
    auto& out = entry(group);
    out.price_other = group.price;
    out.one_percent_other = group.one_percent;
  }
  std::vector<LimitDifference> out;
  out.reserve(together.size());
  for (auto& [name, difference] : together) out.push_back(std::move(difference));
  std::stable_sort(out.begin(), out.end(), [](const LimitDifference& a, const LimitDifference& b) {
    const auto rise = [](const LimitDifference& d) {
      return std::make_tuple(d.one_percent_other - d.one_percent_base, d.price_other - d.price_base);
    };
    return rise(b) < rise(a);
  });
  return out;
}

}  // namespace

PlanDifference compare_plans(const Plan& base, const Plan& other) {
  PlanDifference out;
  out.value = other.value - base.value;
  out.revenue = other.revenue - base.revenue;
  const auto quarters = common_quarters(base, other);
  const auto services = all_services(base, other);
  for (const auto& [before, after] : quarters) {
    QuarterDifference quarter;
    quarter.quarter = before->quarter;
    quarter.accelerators = after->accelerators - before->accelerators;
    quarter.energised = after->energised - before->energised;
    quarter.cost = after->cost.total() - before->cost.total();
    quarter.spent = after->spent.total() - before->spent.total();
    for (const auto& service : services) {
      quarter.served.push_back(served_of(other, *after, service) - served_of(base, *before, service));
    }
    out.quarters.push_back(std::move(quarter));
  }
  if (!out.quarters.empty()) out.accelerators = out.quarters.back().accelerators;
  out.services.reserve(services.size());
  for (const auto& service : services) out.services.push_back(service_difference(base, other, service));
  out.limits = limit_differences(base, other);
  return out;
}

std::vector<std::string> changed_parts(const Programme& base, const Programme& other) {
  std::vector<std::string> parts;
  const auto compare = [&](const char* name, const auto& a, const auto& b) {
    if (!(a == b)) parts.emplace_back(name);
  };
  compare("the quarters planned", std::tuple(base.first, base.last, base.tail_years),
          std::tuple(other.first, other.last, other.tail_years));
  compare("sites", base.sites, other.sites);
  compare("systems", base.systems, other.systems);
  compare("parts that limit deliveries", base.parts, other.parts);
  compare("services", base.services, other.services);
  compare("contracts", base.contracts, other.contracts);
  compare("capital", base.capital, other.capital);
  const auto owed = [](const Programme& p) { return std::tuple(p.debt_service, p.fixed_charge, p.tax); };
  compare("covenants and tax", owed(base), owed(other));
  const auto terms = [](const Programme& p) {
    return std::tuple(p.second_rate, p.capital_cost, p.building_life, p.maximum_debt_share, p.reinvested_revenue);
  };
  compare("rates, lives and payment terms", std::pair(terms(base), base.payments),
          std::pair(terms(other), other.payments));
  compare("carbon", std::pair(base.carbon_price, base.carbon_cap), std::pair(other.carbon_price, other.carbon_cap));
  return parts;
}

}  // namespace stargate
