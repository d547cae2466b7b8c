// From what the user wrote and what the machines can do to the planner's pure data.
#pragma once

#include <set>

#include "stargate/planner/programme.hpp"
#include "stargate/study/rates.hpp"

namespace stargate {

/// Good dies from a wafer of 300 mm:
///   dies   pi d^2 / 4 A - pi d / sqrt(2 A)     (D. de Vries, IEEE Trans. Semiconductor Manufacturing 18, 2005)
///   yield  ((1 - exp(-A D)) / (A D))^2         (B. Murphy, Proceedings of the IEEE 52, 1964)
/// At least one die.
double good_dies_per_wafer(double area_mm2, double defects_per_cm2);

/// Products some supplier of the catalogue delivers: these limit deliveries, all others do not. With a supplier left
/// out its products still do, so it takes the whole catalogue's set.
std::set<std::string> supplied_products(const Catalogue& catalogue);

/// `study` has been checked against `catalogue`. Middle prices; leads and lives in whole quarters, rounded up.
Programme make_programme(const Catalogue& catalogue, const StudySpec& study, const std::vector<MachineRate>& rates,
                         const std::set<std::string>& limiting_products);

/// The same programme with other rates.
void set_rates(Programme& programme, const std::vector<MachineRate>& rates);

/// In a country the service's data may be in, and near enough to one of the regions of its users.
bool may_serve_from(const Catalogue& catalogue, const StudyServiceSpec& service, const Site& site);
/// Sites where a service may run: in a country it may be in, and near enough to one of its user regions.
std::vector<std::string> allowed_sites(const Catalogue& catalogue, const StudySpec& study,
                                       const StudyServiceSpec& service);

}  // namespace stargate
