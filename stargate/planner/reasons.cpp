// Duals and reduced costs of the plan's LP, read by decision; limits scaled and options priced by planning anew.
#include "stargate/planner/reasons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kPriced = 1e-6;  ///< M$ for one LP unit: less is the solver's dust
constexpr double kSome = 1e-4;    ///< MW, thousand accelerators

/// M$ for a thousand accelerators as dollars for one.
Money each(double lp) { return without_dust(lp) * kLpMoney / kLpAccelerators; }

/// The LP, its solution, and both by the programme's own names.
struct Solved {
  const PlanModel& model;
  const LpSolution& x;
  LpMatrix matrix;
  std::map<std::tuple<PlanFamily, int, int, int>, int> rows;  ///< by family, first, second, t

  Solved(const PlanModel& of, const LpSolution& solution) : model(of), x(solution), matrix(of.lp.matrix()) {
    for (std::size_t row = 0; row < model.keys.size(); ++row) {
      const RowKey& key = model.keys[row];
      rows[{key.family, key.first, key.second, key.t}] = static_cast<int>(row);
    }
  }
  /// What one unit more of the row is worth, M$ of present value; 0 where there is no such row.
  double price(PlanFamily family, int first, int t, int second = 0) const {
    const auto found = rows.find({family, first, second, t});
    return found == rows.end() ? 0 : -x.duals[found->second];
  }
  double value(int column) const { return column < 0 ? 0 : without_dust(x.values[column]); }
  /// What the rows of a family charge one unit of a column; negative: what they bring it.
  double charge(int column, PlanFamily family) const {
    double sum = 0;
    for (int i = matrix.starts[column]; i < matrix.starts[column + 1]; ++i) {
      if (model.keys[matrix.rows[i]].family == family) sum -= x.duals[matrix.rows[i]] * matrix.values[i];
    }
    return sum;
  }
};

/// Joins quarters with the same answer; their worth is the mean.
class Spans {
 public:
  explicit Spans(std::vector<Reason>& out) : out_(out) {}
  void add(const std::string& subject, Quarter quarter, const std::string& binds, Money worth, const char* unit) {
    if (!out_.empty() && out_.back().subject == subject && out_.back().binds == binds &&
        out_.back().last + 1 == quarter) {
      Reason& span = out_.back();
      const double before = span.last - span.first + 1;
      span.worth = (span.worth * before + worth) / (before + 1);
      span.last = quarter;
      return;
    }
    out_.push_back({subject, quarter, quarter, binds, worth, unit});
  }

 private:
  std::vector<Reason>& out_;
};

/// Of a megawatt at a site in a quarter.
struct PowerReason {
  std::string binds;
  double worth = 0;
};

PowerReason power_reason(const Solved& solved, int s, int t) {
  const Programme& p = *solved.model.programme;
  if (const double grid = solved.price(PlanFamily::grid, s, t); grid > kPriced) return {"the grid", grid};
  const double built = solved.price(PlanFamily::energise, s, t);
  if (built <= kPriced) return {"nothing: more would earn nothing", 0};
  int begun = -1;
  for (int u = 0; u <= t; ++u) {
    if (ready_period(p, p.sites[s], u) == t) begun = u;
  }
  const int column = begun < 0 ? -1 : solved.model.columns.started.at(s, begun);
  if (column < 0) return {"construction: none begun now is ready by then", built};
  if (const double crew = solved.price(PlanFamily::crew, s, begun); crew > kPriced) return {"its crews", crew};
  const double loses = solved.x.reduced_costs[column];
  if (loses <= kPriced) return {"nothing: as much is built as is worth its price", 0};
  return {"a building more is not worth its price", loses};
}

void explain_sites(const Solved& solved, Reasons& out) {
  const Programme& p = *solved.model.programme;
  Spans spans(out.sites);
  for (int s = 0; s < static_cast<int>(p.sites.size()); ++s) {
    for (int t = 0; t < p.quarters(); ++t) {
      if (!(power_limit_in(p, p.sites[s], t) > Power{})) continue;
      const PowerReason reason = power_reason(solved, s, t);
      spans.add(p.sites[s].id, p.first + t, reason.binds, reason.worth * kLpMoney, reason.worth > 0 ? "MW" : "");
    }
  }
}

/// What a thousand accelerators switched on at the site pay for its power, as long as they are worth keeping.
double power_rent(const Solved& solved, int s, int g, int t) {
  const Programme& p = *solved.model.programme;
  double rent = 0;
  for (int u = t; u < p.periods(); ++u) {
    const double alive = surviving_share(p, p.systems[g], t, u);
    if (alive <= 0 || (u > t && solved.price(PlanFamily::installed, s, u, g) <= kPriced)) break;
    rent += alive * solved.price(PlanFamily::site_power, s, u) * full_power_lp(p.sites[s], p.systems[g]);
  }
  return rent;
}

/// The part whose offers charge an order most.
std::string dearest_part(const Solved& solved, int column) {
  double most = 0;
  std::string name;
  for (int i = solved.matrix.starts[column]; i < solved.matrix.starts[column + 1]; ++i) {
    const RowKey& key = solved.model.keys[solved.matrix.rows[i]];
    const double charge = -solved.x.duals[solved.matrix.rows[i]] * solved.matrix.values[i];
    if (key.family == PlanFamily::offer && charge > most) {
      most = charge, name = solved.model.programme->parts[key.first].product;
    }
  }
  return name;
}

MachineAccount account_of(const Solved& solved, int g, int t, int column) {
  const Programme& p = *solved.model.programme;
  MachineAccount out;
  out.system = p.systems[g].id, out.arrives = p.first + t;
  out.ordered = solved.value(column) * systems_per_lp(p.systems[g]);
  out.earns = -each(solved.charge(column, PlanFamily::arrival) + solved.charge(column, PlanFamily::stored));
  out.price = each(solved.model.lp.costs()[column]);
  out.parts = each(solved.charge(column, PlanFamily::offer));
  out.ramp = each(solved.charge(column, PlanFamily::growth));
  out.loses = each(std::max(0.0, without_dust(solved.x.reduced_costs[column])));
  out.money = out.loses + out.earns - out.price - out.parts - out.ramp;  // rows of cash, covenants, contracts
  double least = kInfinity;
  for (int s = 0; s < static_cast<int>(p.sites.size()); ++s) {
    const int deliver = solved.model.columns.deliver.at(s, g, t);
    if (deliver < 0 || solved.x.reduced_costs[deliver] >= least) continue;
    least = solved.x.reduced_costs[deliver];
    out.power = each(power_rent(solved, s, g, t));
  }
  return out;
}

void explain_systems(const Solved& solved, Reasons& out) {
  const Programme& p = *solved.model.programme;
  Spans spans(out.systems);
  for (int g = 0; g < static_cast<int>(p.systems.size()); ++g) {
    for (int t = 0; t < p.quarters(); ++t) {
      const int ordered = order_period(p, p.systems[g], t);
      const int column = ordered < 0 ? -1 : solved.model.columns.order.at(g, ordered);
      if (column < 0) continue;
      const MachineAccount account = account_of(solved, g, t, column);
      out.machines.push_back(account);
      std::string binds = "its ramp";
      Money worth = account.ramp;
      if (account.parts > worth) binds = "offers of " + dearest_part(solved, column), worth = account.parts;
      if (account.money > worth) binds = "money", worth = account.money;
      const std::string& id = p.systems[g].id;
      if (account.ordered <= kSome && account.loses > 0.5 * dollar) {
        spans.add(id, p.first + t, "not worth its price", account.loses, "accelerator");
      } else if (worth > 0.5 * dollar) {
        spans.add(id, p.first + t, binds, worth, "accelerator");
      } else {
        spans.add(id, p.first + t, "nothing: as many as are worth their price", Money{}, "");
      }
    }
  }
}

void explain_services(const Solved& solved, Reasons& out) {
  const Programme& p = *solved.model.programme;
  Spans spans(out.services);
  for (int k = 0; k < static_cast<int>(p.services.size()); ++k) {
    for (std::size_t b = 0; b < p.services[k].blocks.size(); ++b) {
      for (int t = 0; t < p.quarters(); ++t) {
        const int column = solved.model.columns.sell.at(k, static_cast<int>(b), t);
        if (column < 0) continue;
        const double wanted = solved.model.lp.column_upper()[column], sold = solved.value(column);
        const auto& block = p.services[k].blocks[b];
        const Quarter quarter = p.first + t;
        const std::string subject = p.services[k].id + ", " + block.name;
        if (sold >= wanted - kSome) {
          spans.add(subject, quarter, "served in full", Money{}, "");
          continue;
        }
        // What a token takes over what it pays, as money of its quarter.
        const double lacks = std::max(0.0, without_dust(solved.x.reduced_costs[column])) / bill_weight(p, t);
        const Money each_million = lacks * kLpMoney / (kLpTokenRate * quarter_year / million_tokens);
        const bool some = sold > kSome;
        const char* binds = some ? "served in part: pays what a token takes" : "not served: pays less than it takes";
        spans.add(subject, quarter, binds, each_million, each_million > 0.0005 * dollar ? "million tokens" : "");
      }
    }
  }
}

void explain_money(const Solved& solved, Reasons& out) {
  const Programme& p = *solved.model.programme;
  Spans spans(out.money);
  const auto walk = [&](PlanFamily family, const std::string& subject, const char* binds) {
    for (int t = 0; t < p.quarters(); ++t) {
      const double price = solved.price(family, 0, t);
      if (price > kPriced) spans.add(subject, p.first + t, binds, price * kLpMoney, "M$");
    }
  };
  walk(PlanFamily::cash, "cash", "all that is drawn and earned is spent");
  walk(PlanFamily::debt_share, "debt", "its share of what is drawn");
  for (int r = 0; r < static_cast<int>(p.capital.size()); ++r) {
    for (int t = 0; t < p.quarters(); ++t) {
      const double price = solved.price(PlanFamily::tranche, r, t);
      if (price <= kPriced) continue;
      spans.add("tranche " + p.capital[r].name, p.first + t, "drawn in full", price * kLpMoney, "M$");
    }
  }
}

void explain_suppliers(const Solved& solved, Reasons& out) {
  const Programme& p = *solved.model.programme;
  std::map<std::string, SupplierWorth> all;
  for (int i = 0; i < static_cast<int>(p.parts.size()); ++i) {
    const double unit = part_unit(p, p.parts[i]);
    for (const auto& offer : p.parts[i].offers) {
      SupplierWorth& worth = all[offer.supplier];
      worth.supplier = offer.supplier;
      if (unit == 0) continue;  // nothing that can be bought needs it: it has no row
      worth.products.push_back(p.parts[i].product);
      for (int t = -p.parts[i].lag; t < p.quarters(); ++t) {
        const double price = solved.price(PlanFamily::offer, i, t);
        if (price <= kPriced || offer.amount.at(p.first + t) <= 0) continue;
        ++worth.quarters;
        worth.one_percent += 0.01 * price * offer.amount.at(p.first + t) / unit * kLpMoney;
      }
    }
  }
  for (auto& entry : all) out.suppliers.push_back(std::move(entry.second));
  std::stable_sort(out.suppliers.begin(), out.suppliers.end(),
                   [](const SupplierWorth& a, const SupplierWorth& b) { return a.one_percent > b.one_percent; });
}

/// Rows of one limit over its quarters, with what the duals say.
struct LimitRows {
  WorthCurve curve;
  std::vector<int> rows;
};

std::vector<LimitRows> limits_by_worth(const Solved& solved) {
  const PlanModel& model = solved.model;
  std::map<std::pair<PlanFamily, int>, LimitRows> groups;
  for (int row = 0; row < static_cast<int>(model.keys.size()); ++row) {
    const RowKey& key = model.keys[row];
    const double bound = model.lp.row_upper()[row];
    if (!family_row(key.family).is_limit || bound <= 0 || bound == kInfinity) continue;
    LimitRows& limit = groups[{key.family, key.first}];
    limit.rows.push_back(row);
    const double price = std::max(0.0, -solved.x.duals[row]);
    if (price <= kPriced) continue;
    limit.curve.limit = limit_group(*model.programme, key), limit.curve.unit = limit_unit(*model.programme, key);
    limit.curve.one_percent += 0.01 * price * bound * kLpMoney;
    if (key.t < model.programme->quarters()) limit.curve.one_more += price / key.unit * kLpMoney;
  }
  std::vector<LimitRows> out;
  for (auto& entry : groups) {
    if (entry.second.curve.one_percent > Money{}) out.push_back(std::move(entry.second));
  }
  std::stable_sort(out.begin(), out.end(), [](const LimitRows& a, const LimitRows& b) {
    return a.curve.one_percent > b.curve.one_percent;
  });
  return out;
}

/// Solved anew at each scale: the basis' own range says nothing where many plans are best.
void follow_worth(const Solved& solved, int most, const LpSolver& solver, Reasons& out) {
  for (auto& limit : limits_by_worth(solved)) {
    if (static_cast<int>(out.curves.size()) == most) break;
    for (const double scale : worth_scales()) {
      LpProblem lp = solved.model.lp;
      for (const int row : limit.rows) lp.set_row_bounds(row, lp.row_lower()[row], scale * lp.row_upper()[row]);
      LpOptions options;
      options.method = LpMethod::dual, options.start = solved.x.basis;
      const LpOutcome outcome = solver.solve(lp, options);
      const auto* found = std::get_if<LpSolution>(&outcome);
      if (found != nullptr) limit.curve.change.emplace_back(scale, (solved.x.objective - found->objective) * kLpMoney);
    }
    out.curves.push_back(std::move(limit.curve));
  }
}

/// Columns by which an option would be taken, with the quarter in which it acts.
std::vector<std::pair<int, Quarter>> columns_of(const Solved& solved, const PlanOption& option) {
  const Programme& p = *solved.model.programme;
  std::vector<std::pair<int, Quarter>> out;
  for (int t = 0; t < p.quarters(); ++t) {
    const bool site = option.kind == OptionKind::site;
    const int at = site ? t : order_period(p, p.systems[option.index], t);
    if (at < 0) continue;
    const int column =
        site ? solved.model.columns.started.at(option.index, at) : solved.model.columns.order.at(option.index, at);
    if (column >= 0) out.emplace_back(column, p.first + t);
  }
  return out;
}

/// The limit that charges the column most.
std::string largest_charge(const Solved& solved, int column) {
  std::string name;
  double most = kPriced;
  for (int i = solved.matrix.starts[column]; i < solved.matrix.starts[column + 1]; ++i) {
    const RowKey& key = solved.model.keys[solved.matrix.rows[i]];
    const double charge = -solved.x.duals[solved.matrix.rows[i]] * solved.matrix.values[i];
    if (family_row(key.family).is_limit && charge > most) {
      most = charge;
      name = fmt::format("{} in {}", limit_group(*solved.model.programme, key),
                         format_quarter(solved.model.programme->first + key.t));
    }
  }
  return name;
}

/// Of the grid, beside what stands and is under way.
Power room_at(const Programme& p, const PlanSite& site) {
  Power most;
  for (int t = 0; t < p.periods(); ++t) most = max(most, power_limit_in(p, site, t));
  for (const auto& some : site.building) most -= some.power;
  return most - site.energised;
}

void explain_option(const Solved& solved, const PlanOption& option, double tolerance, const LpSolver& solver,
                    Reasons& out) {
  const Programme& p = *solved.model.programme;
  const bool site = option.kind == OptionKind::site;
  OptionLeft left;
  left.name = site ? "building at " + p.sites[option.index].id : p.systems[option.index].id;
  left.unit = site ? "MW" : "accelerator";
  const auto columns = columns_of(solved, option);
  double taken = 0, least = kInfinity;
  int best = -1;
  for (const auto& [column, quarter] : columns) {
    taken += solved.value(column);
    if (solved.x.reduced_costs[column] < least) least = solved.x.reduced_costs[column], best = column;
  }
  if (taken > kSome) return;
  if (best < 0) {
    const bool late = !site && p.systems[option.index].last_delivery.has_value();
    left.reason = site ? "nobody can begin one there that would be ready inside the horizon"
                       : "no order of it could arrive and be switched on inside the horizon";
    if (late) {
      left.reason = "ordered now it would come after its last delivery, " +
                    format_quarter(*p.systems[option.index].last_delivery);
    }
    out.left.push_back(std::move(left));
    return;
  }
  left.loses = site ? least * kLpMoney : each(least);
  const double price = solved.model.lp.costs()[best];
  const std::string limit = largest_charge(solved, best);
  left.reason = limit.empty() ? "its price: it earns less" : limit;
  left.guess = price > 0 ? std::max(0.0, 1 - least / price) : 0;
  left.entry = find_entry_price(p, option, *left.guess, tolerance, solver);
  if (site && !left.entry.share) {
    left.reason = room_at(p, p.sites[option.index]) > 1e-3 * megawatt
                      ? "no machine that would stand there is worth its price"
                      : "its grid: what it gives is taken by what stands and is under way";
  }
  out.left.push_back(std::move(left));
}

}  // namespace

const std::vector<double>& worth_scales() {
  static const std::vector<double> scales{0.5, 0.8, 0.95, 1.05, 1.2, 1.5};
  return scales;
}

ReasonsOutcome find_reasons(const Programme& programme, const ReasonOptions& options, const LpSolver& solver) {
  const PlanModel model = build_plan_model(programme);
  const LpOutcome outcome = solver.solve(model.lp, {});
  if (const auto* stopped = std::get_if<LpStopped>(&outcome)) return stopped->reason;
  const auto* solution = std::get_if<LpSolution>(&outcome);
  if (solution == nullptr) return "there is no plan";
  const Solved solved(model, *solution);
  Reasons out;
  out.value = -solution->objective * kLpMoney;
  explain_sites(solved, out);
  explain_systems(solved, out);
  explain_services(solved, out);
  explain_money(solved, out);
  explain_suppliers(solved, out);
  follow_worth(solved, options.curves, solver, out);
  for (int g = 0; g < static_cast<int>(programme.systems.size()); ++g) {
    explain_option(solved, {OptionKind::system, g}, options.entry_tolerance, solver, out);
  }
  for (int s = 0; s < static_cast<int>(programme.sites.size()); ++s) {
    explain_option(solved, {OptionKind::site, s}, options.entry_tolerance, solver, out);
  }
  return out;
}

}  // namespace stargate
