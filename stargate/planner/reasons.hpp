// Why the plan is as it is: what binds each decision in each quarter, what its limits are worth when they are moved
// far, what each supplier limits, and why an option was left. Read from the duals of the plan's LP: a decision's
// reduced cost is its price plus what the limits in its way are worth less what it brings; the largest limit holds it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/entry_price.hpp"
#include "stargate/planner/model.hpp"

namespace stargate {

/// One answer over quarters that follow one another.
struct Reason {
  std::string subject;  ///< "abilene", "gb300-nvl72", "assistant, everybody"
  Quarter first, last;
  std::string binds;  ///< in words: "the grid", "nothing: as much as is worth its price"
  Money worth;        ///< mean over the quarters, present value: of one unit more of what binds, or lost by one more
  std::string unit;   ///< "MW"; empty: no worth
};

/// Of one accelerator of a system, ordered to arrive in a quarter: present values. earns = price + parts + ramp + money
/// - loses, for what is bought `loses` is zero.
struct MachineAccount {
  std::string system;
  Quarter arrives;
  double ordered = 0;        ///< systems
  Money earns;               ///< tokens sold less power, energy and operation, over its life
  Money power;               ///< taken from its earnings for the power it stands on
  Money price, parts, ramp, money;
  Money loses;               ///< by which one more costs more than it earns
};

/// What a supplier's offers are worth.
struct SupplierWorth {
  std::string supplier;
  std::vector<std::string> products;  ///< it offers the programme
  int quarters = 0;                   ///< in which one of them binds
  Money one_percent;                  ///< present value of 1 % more of all it offers; zero: it limits nothing
};

/// The value when a limit is scaled in all its quarters: what is lost or won.
struct WorthCurve {
  std::string limit, unit;
  Money one_more;     ///< the dual: of one unit more in each quarter in which it binds
  Money one_percent;  ///< what the duals say of 1 %
  std::vector<std::pair<double, Money>> change;  ///< by scale, ascending
};

/// Why not, and when.
struct OptionLeft {
  std::string name;            ///< "gb200-nvl72", "building at oregon"
  std::string reason;          ///< what stands in its way
  Money loses;                 ///< one more unit, in the quarter in which it would lose least
  std::string unit;            ///< "accelerator", "MW"
  std::optional<double> guess; ///< share of its price by the reduced cost
  EntryPrice entry;            ///< by bisection; no solves where nothing was asked
};

struct Reasons {
  Money value;
  std::vector<Reason> sites, systems, services, money;
  std::vector<MachineAccount> machines;
  std::vector<SupplierWorth> suppliers;
  std::vector<WorthCurve> curves;
  std::vector<OptionLeft> left;
};
struct ReasonOptions {
  int curves = 3;                ///< limits whose worth is followed, most worth first
  double entry_tolerance = 0.01; ///< of a price
};

/// Or in words why there is no plan to give reasons of.
using ReasonsOutcome = std::variant<Reasons, std::string>;
ReasonsOutcome find_reasons(const Programme& programme, const ReasonOptions& options, const LpSolver& solver);

/// Scales of the curves: 0.5 to 1.5.
const std::vector<double>& worth_scales();

}  // namespace stargate
