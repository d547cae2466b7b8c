// The study's `shares` say which part of a supplier's output is the programme's; the plan takes some of that.
#include "stargate/questions/plan_supply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

/// Of one product and supplier.
struct TakenOfOne {
  std::string unit;
  double offered = 0, taken = 0;  ///< over all quarters
  double made = 0;                ///< by the supplier for anybody, in the quarters that some is taken
  double most = 0;                ///< taken over made, in the quarter of the most
  Quarter when;
};

}  // namespace

double share_of_all_made(const StudySpec& study, const PartTaken& taken) {
  if (taken.offered <= 0) return 0;
  for (const auto& share : study.shares) {
    if (share.supplier != taken.supplier) continue;
    return share.share.at(std::max(taken.quarter, study.horizon.first)) * taken.taken / taken.offered;
  }
  return 0;
}

std::string format_plan_supply(const StudySpec& study, const Plan& plan) {
  std::map<std::pair<std::string, std::string>, TakenOfOne> all;
  for (const PartTaken& some : plan.taken) {
    TakenOfOne& supply = all[{some.product, some.supplier}];
    supply.unit = some.unit, supply.offered += some.offered, supply.taken += some.taken;
    const double share = share_of_all_made(study, some);
    if (share > 0) supply.made += some.taken / share;
    if (share > supply.most) supply.most = share, supply.when = some.quarter;
  }
  TextTable table({{"product", Align::left}, {"supplier", Align::left}, {"unit", Align::left}, {"offered"}, {"taken"},
                   {"of it"}, {"of all it makes"}, {"at most"}, {"in", Align::left}});
  const auto percent = [](double share) { return share > 0 ? fmt::format("{:.2g} %", 100 * share) : "-"; };
  for (const auto& [of, supply] : all) {
    if (supply.offered <= 0) continue;
    table.add_row({of.first, of.second, supply.unit, fmt::format("{:.3g}", supply.offered),
                   fmt::format("{:.3g}", supply.taken + 0.0), percent(supply.taken / supply.offered),
                   percent(supply.made > 0 ? supply.taken / supply.made : 0), percent(supply.most),
                   supply.most > 0 ? format_quarter(supply.when) : "-"});
  }
  if (table.row_count() == 0) return {};
  return "\nSupply (offered to the programme over all quarters, what it takes, and that as a share of all the supplier "
         "makes in the quarters it takes some)\n" +
         table.format(2);
}

}  // namespace stargate
