// What a study says of its risks: scenarios with their probabilities, and how far each figure may be off.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/planner/draws.hpp"
#include "stargate/planner/scenario.hpp"

namespace stargate {

struct StudySpec;

struct RiskChangeSpec {
  PlanDriver driver = PlanDriver::demand;
  double amount = 1;              ///< a factor; of delays quarters; of performance -1 to 1
  std::vector<std::string> of;    ///< ids; none: all
  std::optional<Quarter> from;    ///< empty: the first
  static const RecordTable<RiskChangeSpec>& table();
};

struct RiskScenarioSpec {
  std::string scenario, name;  ///< id in this study; for tables
  double probability = 0;
  std::vector<RiskChangeSpec> changes;  ///< none: as planned
  SourceNote source;
  static const RecordTable<RiskScenarioSpec>& table();
};

/// Quantiles of what a driver may come to.
struct RiskDriverSpec {
  std::string name;  ///< for tables
  PlanDriver driver = PlanDriver::demand;
  std::vector<std::string> of;
  std::optional<Quarter> from;
  double low = 1, mid = 1, high = 1;  ///< at 10, 50 and 90 %
  double market = 0;                  ///< -1 to 1: how far it moves with all others that have one
  SourceNote source;
  static const RecordTable<RiskDriverSpec>& table();
};

struct RiskSpec {
  int decided = 6;  ///< quarters whose orders and starts are the same whatever happens
  std::vector<RiskScenarioSpec> scenarios;
  std::vector<RiskDriverSpec> drivers;
  static const RecordTable<RiskSpec>& table();
};

/// Probabilities that do not add up, names that the study does not have, amounts that no driver takes.
Diagnostics check_risk(const Document& document, const StudySpec& study, const Catalogue& catalogue);

/// Names of records ("site:abilene") that are left out of the catalogue go from what changes are of; a change or driver
/// of nothing else goes with them.
void drop_left_out_of_risk(Node& root, const std::vector<std::string>& left_out);

std::vector<PlanScenario> plan_scenarios(const RiskSpec& risk);
std::vector<PlanMarginal> plan_marginals(const RiskSpec& risk);

template <>
struct EnumNames<PlanDriver> {
  static constexpr std::pair<const char*, PlanDriver> names[] = {
      {"memory_price", PlanDriver::memory_price},
      {"system_price", PlanDriver::system_price},
      {"construction_price", PlanDriver::construction_price},
      {"electricity_price", PlanDriver::electricity_price},
      {"grid_delay", PlanDriver::grid_delay},
      {"construction_delay", PlanDriver::construction_delay},
      {"delivery_delay", PlanDriver::delivery_delay},
      {"supply", PlanDriver::supply},
      {"demand", PlanDriver::demand},
      {"token_price", PlanDriver::token_price},
      {"availability", PlanDriver::availability},
      {"performance", PlanDriver::performance},
      {"efficiency", PlanDriver::efficiency}};
};

}  // namespace stargate
