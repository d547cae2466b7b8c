// Every scenario's LP is copied as it was built; columns that are shared are counted once.
#include "stargate/planner/extensive_form.hpp"

#include <algorithm>

#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

class Assembly {
 public:
  Assembly(const std::vector<ScenarioModel>& scenarios, const std::vector<SharedDecision>& decisions,
           const RiskOptions& options)
      : scenarios_(scenarios), decisions_(decisions), options_(options) {}

  ExtensiveForm run() {
    const int index = out_.lp.add_axis({});
    columns_ = out_.lp.add_column_family({"decision", {index, index}, ""});
    rows_ = out_.lp.add_row_family({"limit", {index, index}, ""});
    const double whole = 1 - options_.cvar_weight;
    share_columns();
    double offset = 0;
    for (std::size_t s = 0; s < scenarios_.size(); ++s) {
      add_scenario(s, whole * scenarios_[s].probability);
      offset += whole * scenarios_[s].probability * scenarios_[s].model.lp.objective_offset() / kExtensiveMoney;
    }
    out_.lp.set_objective_offset(offset);
    if (options_.cvar_weight > 0) add_tail();
    return std::move(out_);
  }

 private:
  /// Bounds are those that all scenarios have.
  void share_columns() {
    for (std::size_t d = 0; d < decisions_.size(); ++d) {
      double lower = 0, upper = kInfinity;
      bool everywhere = true;
      for (const ScenarioModel& some : scenarios_) {
        const int column = column_of(some.model.columns, decisions_[d]);
        if (column < 0) {
          everywhere = false;
          continue;
        }
        lower = std::max(lower, some.model.lp.column_lower()[column]);
        upper = std::min(upper, some.model.lp.column_upper()[column]);
      }
      out_.shared.push_back(everywhere ? add_column(lower, upper, 0) : -1);
    }
  }

  int add_column(double lower, double upper, double cost) {
    return out_.lp.add_column(lower, upper, cost, {columns_, {0, out_.lp.column_count()}});
  }

  /// `weight`: of its cost in the objective.
  void add_scenario(std::size_t s, double weight) {
    const PlanModel& model = scenarios_[s].model;
    std::vector<int> place(static_cast<std::size_t>(model.lp.column_count()), -1);
    std::vector<bool> barred(place.size(), false);
    for (std::size_t d = 0; d < decisions_.size(); ++d) {
      const int own = column_of(model.columns, decisions_[d]);
      if (own < 0) continue;
      place[own] = out_.shared[d];
      barred[own] = out_.shared[d] < 0;
    }
    for (int j = 0; j < model.lp.column_count(); ++j) {
      const double cost = weight * model.lp.costs()[j] / kExtensiveMoney;
      if (place[j] >= 0) {
        out_.lp.set_cost(place[j], out_.lp.costs()[place[j]] + cost);
      } else {
        place[j] = add_column(model.lp.column_lower()[j], barred[j] ? 0 : model.lp.column_upper()[j], cost);
      }
    }
    const int first = out_.lp.row_count();
    LpProblem capped;
    const LpProblem* lp = &model.lp;
    if (options_.cap.share < 1) {
      capped = model.lp;
      add_power_share_rows(capped, model, options_.cap);
      lp = &capped;
    }
    for (int i = 0; i < lp->row_count(); ++i) {
      out_.lp.add_row(lp->row_lower()[i], lp->row_upper()[i], {rows_, {static_cast<int>(s), i}});
    }
    const LpMatrix matrix = lp->matrix();
    for (int j = 0; j < lp->column_count(); ++j) {
      for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) {
        out_.lp.add_entry(first + matrix.rows[e], place[j], matrix.values[e]);
      }
    }
    out_.columns.push_back(std::move(place));
  }

  void add_tail() {
    const double w = options_.cvar_weight;
    const int theta = add_column(-kInfinity, kInfinity, w);
    for (std::size_t s = 0; s < scenarios_.size(); ++s) {
      const LpProblem& lp = scenarios_[s].model.lp;
      const int over = add_column(0, kInfinity, w * scenarios_[s].probability / options_.tail);
      // cost_S - theta - over_S <= 0
      const int row = out_.lp.add_row(-kInfinity, -lp.objective_offset() / kExtensiveMoney,
                                      {rows_, {static_cast<int>(s), lp.row_count()}});
      for (int j = 0; j < lp.column_count(); ++j) {
        if (lp.costs()[j] != 0) out_.lp.add_entry(row, out_.columns[s][j], lp.costs()[j] / kExtensiveMoney);
      }
      out_.lp.add_entry(row, theta, -1), out_.lp.add_entry(row, over, -1);
    }
  }

  const std::vector<ScenarioModel>& scenarios_;
  const std::vector<SharedDecision>& decisions_;
  const RiskOptions& options_;
  int columns_ = 0, rows_ = 0;  ///< families
  ExtensiveForm out_;
};

}  // namespace

std::vector<SharedDecision> shared_decisions(const Programme& programme, int quarters) {
  std::vector<SharedDecision> out;
  for (int t = 0; t < std::min(quarters, programme.quarters()); ++t) {
    for (std::size_t g = 0; g < programme.systems.size(); ++g) out.push_back({true, static_cast<int>(g), t});
    for (std::size_t s = 0; s < programme.sites.size(); ++s) out.push_back({false, static_cast<int>(s), t});
  }
  return out;
}

int column_of(const PlanColumns& columns, const SharedDecision& decision) {
  return decision.order ? columns.order.at(decision.item, decision.t) : columns.started.at(decision.item, decision.t);
}

ExtensiveForm build_extensive_form(const std::vector<ScenarioModel>& scenarios,
                                   const std::vector<SharedDecision>& decisions, const RiskOptions& options) {
  return Assembly(scenarios, decisions, options).run();
}

void add_power_share_rows(LpProblem& lp, const PlanModel& model, const PowerShareCap& cap) {
  const Programme& p = *model.programme;
  if (cap.share >= 1) return;
  const int number = lp.add_axis({});
  const int family = lp.add_row_family({"power_share", {number}, "MW"});
  for (int t = 0; t < p.periods(); ++t) {
    const int row = lp.add_row(-kInfinity, 0, {family, {t}});
    for (std::size_t s = 0; s < p.sites.size(); ++s) {
      for (std::size_t g = 0; g < p.systems.size(); ++g) {
        const int installed = model.columns.installed.at(static_cast<int>(s), static_cast<int>(g), t);
        if (installed < 0) continue;
        const auto& ids = cap.systems;
        const bool capped = std::find(ids.begin(), ids.end(), p.systems[g].id) != ids.end();
        lp.add_entry(row, installed, ((capped ? 1 : 0) - cap.share) * full_power_lp(p.sites[s], p.systems[g]));
      }
    }
  }
}

}  // namespace stargate
