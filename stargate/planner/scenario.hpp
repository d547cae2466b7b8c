// How the world may turn out, as changes of a programme: what a machine costs, when the grid comes, what customers want
// and pay, what suppliers deliver, how fast machines are that nobody has measured. A scenario is a list of changes; the
// programme it makes is an ordinary one, so that plans, stochastic plans, replays and replans all read the same data.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stargate/planner/programme.hpp"

namespace stargate {

/// What may change. The amount is a factor, but of delays (quarters, later) and of performance (-1 the low end of what
/// is known, 0 as planned, 1 the high end).
enum class PlanDriver {
  memory_price,        ///< of memory, through its share of a system's price
  system_price,        ///< of systems
  construction_price,  ///< of buildings
  electricity_price,   ///< at the meter
  grid_delay,          ///< quarters by which the grid's steps come late; buildings wait
  construction_delay,  ///< quarters by which buildings come late
  delivery_delay,      ///< quarters by which systems come late: ordered as before, delivered later
  supply,              ///< of a supplier or a product: yield, allocation
  demand,              ///< of services
  token_price,         ///< what customers pay
  availability,        ///< share of accelerators that work; at most all
  performance,         ///< rates of systems nobody has measured, within their range
  efficiency           ///< tokens a machine makes, on every machine: better models and engines
};

/// "memory price": for tables.
const char* driver_name(PlanDriver driver);
/// A driver whose amount is a factor.
bool is_factor(PlanDriver driver);
/// A driver that acts from the first quarter on, whatever `from` says.
bool acts_at_once(PlanDriver driver);

/// One change of the data.
struct PlanChange {
  PlanDriver driver = PlanDriver::demand;
  double amount = 1;
  std::vector<std::string> of;         ///< ids of sites, systems, services, suppliers or products; none: all
  std::optional<Quarter> from = {};    ///< acts from this quarter on; empty: from the first
  friend bool operator==(const PlanChange&, const PlanChange&) = default;
};

/// Rates of a service on a system at the ends of what is known, over the rate planned with.
struct PlanRange {
  std::string service, system;
  double low = 1, high = 1;
};

/// A programme, and what of its machines the changes need to know.
struct RiskBasis {
  Programme programme;
  std::map<std::string, double> memory_share;  ///< of a system's price, by its id; absent: none
  std::vector<PlanRange> ranges;               ///< none: performance is known
};

/// A way the world may turn out. Probabilities of a set add up to 1.
struct PlanScenario {
  std::string name;
  double probability = 1;
  std::vector<PlanChange> changes;
};

/// The programme with the changes made, one after the other. What is on order keeps its price; a better model
/// (efficiency k) is written as demand / k at prices times k, in tokens' worth of today's models, which is the same for
/// every machine.
Programme changed_programme(const RiskBasis& basis, std::span<const PlanChange> changes);

/// A programme with its own weight in a mean.
struct WeightedProgramme {
  double probability = 1;
  const Programme* programme = nullptr;
};
/// The programme of the mean data: series and figures averaged, delays rounded to whole quarters. All are changes of
/// one programme.
Programme mean_programme(std::span<const WeightedProgramme> programmes);

}  // namespace stargate
