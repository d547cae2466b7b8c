// Published figures of what machines cost (published_costs.csv of the catalogue) against the functions that `cost` and
// the planner use: dollars a GPU-hour by machine and owner, all-in power, machines and dollars a gigawatt, shares of
// the capital, switches. A figure's name says its unit.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// One line of the table. A figure that is published as a range is met anywhere in it.
struct PublishedCost {
  int line = 0;
  std::string figure, system, owner;  ///< ids
  double cluster = 0;                 ///< accelerators joined by one network
  double low = 0, high = 0;
  std::string stated;  ///< "stated", or "placeholder": the publisher's own stopgap, summed up apart
  std::string source;  ///< ids of sources, with blanks between
  std::string note;
};

/// In the unit of the figure.
struct PredictedCost {
  const PublishedCost* row;
  double low = 0, mid = 0, high = 0;  ///< at the prices of the system

  /// What is published, at the end of its range nearest to `mid`.
  double published() const;
  double error() const { return mid / published() - 1; }
};

struct CostValidation {
  ValidationReport report;
  std::vector<PredictedCost> rows;  ///< their rows are those given, which must outlive them
};

/// Of the catalogue's folder. Faults: a figure, system, owner or source that there is not, a range upside down.
Result<std::vector<PublishedCost>> load_published_costs(const FileReader& files, const std::string& folder,
                                                        const Catalogue& catalogue);
/// `worst`: how many of the rows most off are listed.
CostValidation validate_cost(const Catalogue& catalogue, const std::vector<PublishedCost>& rows, std::size_t worst);

std::string format_cost_validation_text(const CostValidation& validation);
void write_cost_validation(JsonWriter& json, const CostValidation& validation);
std::string format_cost_validation_csv(const CostValidation& validation);

}  // namespace stargate
