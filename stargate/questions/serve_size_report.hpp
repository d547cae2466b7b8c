// Sized deployments as text and as JSON.
#pragma once

#include "stargate/questions/serve_size_request.hpp"

namespace stargate {

struct SizeAnswer {
  const SizedSystem* system = nullptr;     ///< of the request
  FleetMode mode = FleetMode::aggregated;  ///< of this answer
  FleetOption option;                      ///< the one sized; when none serves it, the first
  FleetAnswer result = FleetShortfall{};   ///< the fleet, or why there is none
  FleetEconomy economy;                    ///< at the load asked for
  ServingBasis basis;                      ///< what the times rest on

  /// "aggregated" or "disaggregated"; where none of both serves it, "best".
  const char* mode_name() const {
    if (const auto* s = sized()) return s->deployment.disaggregated() ? "disaggregated" : "aggregated";
    return EnumNames<FleetMode>::names[static_cast<int>(mode)].first;
  }
  const SizedFleet* sized() const { return std::get_if<SizedFleet>(&result); }
};

struct SizedPareto {
  std::string system;               ///< id
  std::vector<ParetoPoint> points;  ///< fastest for a user last
  MoneyRate price;                  ///< of an accelerator

  double usd_per_mtok(const ParetoPoint& p) const { return 1e6 * price.base() / p.per_accelerator; }
};

struct SizeReport {
  SizeRequest request;              ///< what was asked, resolved
  std::vector<SizeAnswer> answers;  ///< the best first; they point into the request
  std::vector<SizedPareto> pareto;  ///< where it was asked for
};

std::string format_size_text(const SizeReport& report);
void write_sizes(JsonWriter& json, const SizeReport& report);
const AnswerFields& size_answer_fields();

}  // namespace stargate
