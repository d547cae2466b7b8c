// Sums by law; the order of the text is that of the laws' names.
#include "stargate/perf/law_basis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stargate/perf/kernel_groups.hpp"

namespace stargate {

LawOrigin worst_origin(std::span<const LawBasis> basis, std::span<const Precision> used) {
  if (basis.empty()) return LawOrigin::specification;
  LawOrigin worst = LawOrigin::fitted;
  for (const LawBasis& part : basis) {
    if (is_used(part.precision, used)) worst = std::max(worst, part.origin);
  }
  return worst;
}

std::string format_law_basis(std::span<const LawBasis> basis, std::span<const Precision> used) {
  struct Sum {
    LawOrigin origin = LawOrigin::fitted;
    std::string lender;
    double weighted = 0;
    int rows = 0;
  };
  std::map<std::string, Sum> sums;  // by law
  for (const LawBasis& part : basis) {
    if (!is_used(part.precision, used)) continue;
    Sum& sum = sums[part.law];
    // A law is as good as its worst part: errors of better parts are dropped when a worse one turns up, and not added
    // behind it.
    if (part.origin > sum.origin) sum = {part.origin, part.lender, 0, 0};
    if (part.origin < sum.origin || part.expected_pct < 0) continue;
    sum.weighted += part.expected_pct * part.rows;
    sum.rows += part.rows;
  }
  std::string out;
  for (const auto& [name, sum] : sums) {
    out += (out.empty() ? "" : ", ") + name + " " + law_origin_name(sum.origin);
    if (!sum.lender.empty()) out += " from " + sum.lender;
    if (sum.rows > 0) out += fmt::format(" ({:.0f} %)", sum.weighted / sum.rows);
  }
  return out.empty() ? law_origin_name(LawOrigin::specification) : out;
}

}  // namespace stargate
