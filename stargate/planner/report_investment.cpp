// The investor's view of a plan: from what is paid to what is charged and what is left, and what the flows return.
#include <algorithm>
#include <cmath>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

/// Present values in M$. `price`: of what arrives, on the day it does.
struct Bridge {
  double paid = 0, paid_before = 0, due_after = 0, other = 0, timing = 0, charged = 0, book = 0;
  PlanBridge in_money() const {
    return {paid * kLpMoney,   paid_before * kLpMoney, due_after * kLpMoney, other * kLpMoney,
            timing * kLpMoney, charged * kLpMoney,     book * kLpMoney};
  }
};

/// `amount` M$ of price of something of `life` that comes in quarter `t`.
void add_arrival(Bridge& out, const Programme& p, int t, int life, double amount) {
  const double charged = annuity_present_value(p, t, life);
  out.charged += amount * charged;
  out.book += amount * (discount_factor(p, t) - charged);
}

/// Each line from orders and commitments alone, not from the difference of two others.
Bridge systems_bridge(const Programme& p, const Plan& plan) {
  Bridge out;
  const auto delta = [&](int t) { return discount_factor(p, t); };
  for (std::size_t g = 0; g < p.systems.size(); ++g) {
    const auto& system = p.systems[g];
    for (int t = 0; t < p.quarters(); ++t) {
      const double price = to_lp(system.price.at(p.first + t));
      const double committed = committed_systems(p, system, t);
      const double ordered = t >= system.order_lead ? plan.quarters[t - system.order_lead].systems[g].ordered : 0;
      add_arrival(out, p, t, system.life, (ordered + committed) * price);
      const double late = p.payments.acceptance * (delta(t + 1) - delta(t));
      out.timing += (ordered + committed) * price * late;
      if (ordered > 0) out.timing += ordered * price * p.payments.deposit * (delta(t - system.order_lead) - delta(t));
      if (committed > 0) {
        const double paid = system.committed.at(p.first + t).paid.value_or(p.payments.deposit);
        out.paid_before += committed * price * paid * delta(t);
      }
      if (t + 1 == p.quarters()) out.due_after += (ordered + committed) * price * p.payments.acceptance * delta(t + 1);
    }
    out.other += p.payments.acceptance * delivered_before(p, system) * to_lp(system.price.at(p.first));
  }
  for (int t = 0; t < p.quarters(); ++t) out.paid += delta(t) * to_lp(plan.quarters[t].spent.systems());
  return out;
}

Bridge building_bridge(const PlanModel& model, const PlanValues& values, const Plan& plan) {
  const Programme& p = *model.programme;
  Bridge out;
  // Of one dollar of price paid evenly over `count` quarters from `from` on, what is paid inside the horizon.
  const auto evenly = [&](int from, int count) {
    double sum = 0;
    for (int i = 0; i < count && from + i < p.quarters(); ++i) sum += discount_factor(p, from + i) / count;
    return sum;
  };
  const auto add = [&](double price, int ready, double to_pay, double paid_inside, int life) {
    if (ready >= p.quarters()) {
      out.other += price * to_pay * paid_inside;  // for power that comes after the last quarter
      return;
    }
    add_arrival(out, p, ready, life, price);
    out.timing += price * to_pay * (paid_inside - discount_factor(p, ready));
    out.paid_before += price * (1 - to_pay) * discount_factor(p, ready);
  };
  for (std::size_t s = 0; s < p.sites.size(); ++s) {
    const auto& site = p.sites[s];
    const double price = construction_lp(site);
    for (int t = 0; t < p.quarters(); ++t) {
      const double started = plan.quarters[t].sites[s].started.in(kLpPower);
      const int lead = site.construction_lead;
      if (started > 0) add(started * price, t + lead, 1, evenly(t, std::max(1, lead)), p.building_life);
      const double refit = to_lp(plan.quarters[t].sites[s].refit);
      if (refit > 0) add(refit, t, 1, evenly(t, 1), p.building_life);
      for (std::size_t i = 0; i < site.plants.size(); ++i) {
        const PlanPlant& plant = site.plants[i];
        const double begun = values.at(model.columns.plant.at(static_cast<int>(s), static_cast<int>(i), t));
        if (begun <= 0) continue;
        add(begun * plant_lp(plant), t + plant.lead, 1, evenly(t, std::max(1, plant.lead)), plant.life);
      }
    }
    for (const auto& some : site.building) {
      const int ready = some.ready - p.first;
      add(to_lp(some.power) * price, ready, 1 - some.paid, evenly(0, std::max(1, ready)), p.building_life);
    }
  }
  for (int t = 0; t < p.quarters(); ++t) out.paid += discount_factor(p, t) * to_lp(plan.quarters[t].spent.construction);
  return out;
}

/// Arrivals at their price, and buildings when they are ready.
PlanCapital capital_by_class(const PlanModel& model, const PlanValues& values, const Plan& plan) {
  const Programme& p = *model.programme;
  PlanCapital out;
  for (int t = 0; t < p.quarters(); ++t) {
    for (std::size_t g = 0; g < p.systems.size(); ++g) {
      const auto& system = p.systems[g];
      const Money price = plan.quarters[t].systems[g].arrived * system.price.at(p.first + t);
      out.network += system.network_price * price, out.storage += system.storage_price * price;
      out.systems += (1 - system.network_price - system.storage_price) * price;
    }
    for (std::size_t s = 0; s < p.sites.size(); ++s) {
      const auto& site = p.sites[s];
      Power ready;
      if (t >= site.construction_lead) ready += plan.quarters[t - site.construction_lead].sites[s].started;
      for (const auto& some : site.building) ready += some.ready == p.first + t ? some.power : Power{};
      const Money price = ready * site.construction_price;
      out.building += plan.quarters[t].sites[s].refit;
      for (std::size_t i = 0; i < site.plants.size(); ++i) {
        const int begun = t - site.plants[i].lead;
        if (begun < 0) continue;
        const int column = model.columns.plant.at(static_cast<int>(s), static_cast<int>(i), begun);
        out.power += values.at(column) * plant_lp(site.plants[i]) * kLpMoney;
      }
      out.power += p.power_price * price, out.cooling += p.cooling_price * price;
      out.building += (1 - p.power_price - p.cooling_price) * price;
    }
  }
  return out;
}

/// M$ by quarter, of the horizon and then of the tail: revenue less payments. Interest and draws are the owners' own.
std::vector<double> net_flows(const PlanModel& model, const PlanValues& values, const Plan& plan) {
  const auto& p = *model.programme;
  std::vector<double> flows;
  for (const auto& quarter : plan.quarters) {
    flows.push_back(to_lp(quarter.revenue - quarter.spent.total() + quarter.spent.interest));
  }
  for (int t = p.quarters(); t < p.periods(); ++t) {
    const PaymentTerms& terms = model.payments[static_cast<std::size_t>(t)];
    double first_day = 0, evenly = 0;
    for (const PlanTerms* some : {&terms.deposit, &terms.delivery, &terms.acceptance}) first_day -= values.sum(*some);
    for (const PlanTerms* some : {&terms.construction, &terms.energy, &terms.opex, &terms.carbon, &terms.rent,
                                  &terms.penalty, &terms.tax}) {
      evenly -= values.sum(*some) / p.length(t);
    }
    for (std::size_t k = 0; k < p.services.size(); ++k) {
      const auto& blocks = p.services[k].blocks;
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        evenly += values.at(model.columns.sell.at(static_cast<int>(k), static_cast<int>(b), t)) *
                  token_value_lp(mean_at(p, blocks[b].price, t));
      }
    }
    for (int i = 0; i < p.length(t); ++i) flows.push_back(evenly + (i == 0 ? first_day : 0));
  }
  // What is due and what is left behind the end, on its first day.
  double inside = 0;
  for (std::size_t q = 0; q < flows.size(); ++q) inside += discount_factor(p, static_cast<int>(q)) * flows[q];
  flows.push_back((to_lp(plan.value) - inside) / discount_factor(p, static_cast<int>(flows.size())));
  return flows;
}

double present_value(const std::vector<double>& flows, double rate) {
  double sum = 0;
  for (std::size_t q = 0; q < flows.size(); ++q) sum += flows[q] * std::pow(1 + rate, -0.25 * static_cast<double>(q));
  return sum;
}

/// The rate at which the flows are worth nothing, where there is one and one only; else why not, in words.
void find_return(const std::vector<double>& flows, PlanReturn& out) {
  // What has been laid out so far: with one change of its sign there is one rate (Norstrom 1972).
  double sum = 0, before = 0;
  int changes = 0;
  for (const double flow : flows) {
    sum += flow;
    if (std::abs(sum) < 1e-6) continue;
    if (before != 0 && (sum > 0) != (before > 0)) ++changes;
    before = sum;
  }
  constexpr double kMost = 1000;  // a year: more says nothing
  double low = -0.9, high = kMost;
  if (changes != 1 || flows.empty()) {
    out.no_rate = changes == 0 ? (sum > 0 ? "nothing is ever laid out" : "what is laid out is never earned back")
                               : "money goes out and comes back more than once";
    return;
  }
  if (present_value(flows, low) < 0 || present_value(flows, high) > 0) {
    out.no_rate = "no rate from -90 % to 100,000 % makes it nothing";
    return;
  }
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (present_value(flows, middle) > 0 ? low : high) = middle;
  }
  out.rate = 0.5 * (low + high);
}

}  // namespace

void report_investment(const PlanModel& model, const PlanValues& values, Plan& plan) {
  const auto& p = *model.programme;
  plan.capital = capital_by_class(model, values, plan);
  plan.systems_bridge = systems_bridge(p, plan).in_money();
  plan.building_bridge = building_bridge(model, values, plan).in_money();
  const std::vector<double> flows = net_flows(model, values, plan);
  find_return(flows, plan.investment);
  double sum = 0;
  for (std::size_t q = 0; q < flows.size(); ++q) {
    const bool was_out = sum < 0;
    sum += flows[q];
    const Quarter quarter = p.first + static_cast<int>(q);
    if (sum * kLpMoney < -plan.investment.most_out) {
      plan.investment.most_out = -sum * kLpMoney, plan.investment.most_out_in = quarter;
    }
    // The last time that the sum turns positive, and stays so.
    if (sum < 0) plan.investment.paid_back.reset();
    if (sum >= 0 && was_out) plan.investment.paid_back = quarter;
  }
}

}  // namespace stargate
