// Rows of promises: machines rented of other owners, and what customers were promised.
//   hire <= amount take,  hire >= take_or_pay amount take,  sum_k serve <= availability hire;  take is 1 once signed,
//   and where nothing must be paid that is not used
//   sell + missed >= floor wanted
#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

/// `factor` times what the contract holds, in thousand accelerators.
void add_contracted(PlanTerms& terms, const PlanModel& model, int x, int t, double factor) {
  const auto& contract = model.programme->contracts[x];
  const double amount = factor * mean_at(*model.programme, contract.accelerators, t) / kLpAccelerators;
  const int take = model.columns.take.at(x, 0);
  if (take < 0) terms.add_constant(amount);
  terms.add(take, amount);
}
}  // namespace

void add_contract_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int x = 0; x < count(p.contracts); ++x) {
    for (int t = 0; t < p.periods(); ++t) {
      if (model.columns.hire.at(x, t) < 0) continue;
      PlanTerms terms;
      terms.add(model.columns.hire.at(x, t), 1);
      add_contracted(terms, model, x, t, -1);
      add_at_most(model, {.family = PlanFamily::contract, .t = t, .first = x, .unit = kLpAccelerators}, terms,
                  -terms.constant());
    }
  }
}

void add_minimum_take_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int x = 0; x < count(p.contracts); ++x) {
    for (int t = 0; p.contracts[x].take_or_pay > 0 && t < p.periods(); ++t) {
      if (model.columns.hire.at(x, t) < 0) continue;
      PlanTerms terms;
      terms.add(model.columns.hire.at(x, t), -1);
      add_contracted(terms, model, x, t, p.contracts[x].take_or_pay);
      add_at_most(model, {.family = PlanFamily::minimum_take, .t = t, .first = x, .unit = kLpAccelerators}, terms,
                  -terms.constant());
    }
  }
}

void add_rented_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int x = 0; x < count(p.contracts); ++x) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      for (int k = 0; k < count(p.services); ++k) terms.add(model.columns.serve.at(x, k, t), 1);
      if (terms.empty()) continue;
      terms.add(model.columns.hire.at(x, t), -p.contracts[x].availability);
      add_at_most(model, {.family = PlanFamily::rented, .t = t, .first = x}, terms, 0);
    }
  }
}

void add_floor_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int k = 0; k < count(p.services); ++k) {
    const auto& blocks = p.services[k].blocks;
    for (int b = 0; b < count(blocks); ++b) {
      for (int t = 0; t < p.periods(); ++t) {
        if (c.missed.at(k, b, t) < 0) continue;
        const double wanted = to_lp(mean_at(p, p.services[k].demand, t)) * mean_at(p, blocks[b].share, t);
        PlanTerms terms;
        terms.add(c.sell.at(k, b, t), -1);
        terms.add(c.missed.at(k, b, t), -1);
        add_at_most(model, {.family = PlanFamily::floor, .t = t, .first = k, .second = b}, terms,
                    -wanted * mean_at(p, blocks[b].floor, t));
      }
    }
  }
}

}  // namespace stargate
