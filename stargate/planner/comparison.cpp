// Differences of two plans, quarter by quarter and in total.
#include "stargate/planner/comparison.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "stargate/base/check.hpp"

namespace stargate {

namespace {

PlanCost cost_difference(const PlanCost& base, const PlanCost& other) {
  return {.systems = other.systems - base.systems,
          .construction = other.construction - base.construction,
          .energy = other.energy - base.energy,
          .opex = other.opex - base.opex,
          .carbon = other.carbon - base.carbon,
          .unmet = other.unmet - base.unmet};
}

QuarterDifference quarter_difference(const PlanQuarter& base, const PlanQuarter& other) {
  QuarterDifference out;
  out.quarter = base.quarter;
  out.accelerators = other.accelerators - base.accelerators;
  out.energised = other.energised - base.energised;
  out.cost = other.cost.total() - base.cost.total();
  out.spent = other.spent.total() - base.spent.total();
  for (std::size_t k = 0; k < base.services.size(); ++k) {
    out.served.push_back(other.services[k].served - base.services[k].served);
  }
  return out;
}

ServiceDifference service_difference(const Plan& base, const Plan& other, std::size_t k) {
  ServiceDifference out;
  out.service = base.services[k];
  out.worst = base.first;
  Tokens served_base;
  for (std::size_t t = 0; t < base.quarters.size(); ++t) {
    const TokenRate before = base.quarters[t].services[k].served;
    const TokenRate change = other.quarters[t].services[k].served - before;
    served_base += before * quarter_year;
    out.served += change * quarter_year;
    if (change < out.worst_rate) {
      out.worst_rate = change;
      out.worst = base.quarters[t].quarter;
    }
  }
  if (served_base > Tokens{}) out.share = out.served / served_base;
  return out;
}

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
  STARGATE_CHECK(base.first == other.first && base.last == other.last, "plans of different quarters");
  STARGATE_CHECK(base.services == other.services, "plans of different services");
  PlanDifference out;
  out.objective = other.objective - base.objective;
  out.parts = cost_difference(base.parts, other.parts);
  out.accelerators = other.quarters.back().accelerators - base.quarters.back().accelerators;
  for (std::size_t t = 0; t < base.quarters.size(); ++t) {
    out.quarters.push_back(quarter_difference(base.quarters[t], other.quarters[t]));
  }
  for (std::size_t k = 0; k < base.services.size(); ++k) {
    out.services.push_back(service_difference(base, other, k));
  }
  out.limits = limit_differences(base, other);
  return out;
}

}  // namespace stargate
