// Words for origins and shares.
#include "stargate/perf/law_origin.hpp"

#include <fmt/format.h>

namespace stargate {

const char* law_origin_name(LawOrigin origin) {
  switch (origin) {
    case LawOrigin::fitted:
      return "fitted";
    case LawOrigin::carried_over:
      return "carried over";
    case LawOrigin::typical:
      return "typical";
    case LawOrigin::specification:
      return "specification only";
  }
  return "?";
}

std::string format_law_shares(const LawShares& shares, const std::string& rest) {
  constexpr std::array kWords = {"laws fitted to the device", "laws carried over from related devices",
                                 "laws typical of measured devices", "the data sheet"};
  std::string out;
  const auto add = [&](double share, const std::string& of) {
    if (share >= 0.005) out += fmt::format("{}{:.0f} % on {}", out.empty() ? "" : ", ", 100 * share, of);
  };
  for (std::size_t i = 0; i < kLawOriginCount; ++i) add(shares.of[i], kWords[i]);
  add(shares.rest(), rest);
  return out;
}

}  // namespace stargate
