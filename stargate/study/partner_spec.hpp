// Who stands behind a programme: what of it each partner brings, and who would bring it instead.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/planner/alliance.hpp"

namespace stargate {

struct StudySpec;

/// Of a thing whose partner is not in the programme.
struct SubstituteSpec {
  double share = 0;  ///< of its amount that is still to be had
  double price = 1;  ///< over its price
  Duration delay;    ///< from the first quarter until it is there
  static const RecordTable<SubstituteSpec>& table();
};

struct PartnerSpec {
  std::string partner, name, role;                        ///< id in this study; for tables; what it does, in words
  std::map<std::string, double> capital;                  ///< share of a tranche, by its name
  std::vector<std::string> sites, systems, suppliers, services;  ///< ids of the study's
  SubstituteSpec spill, follow;
  SourceNote source;
  static const RecordTable<PartnerSpec>& table();
};

/// Names that the study does not have, and sources that nobody has.
Diagnostics check_partners(const Document& document, const StudySpec& study, const Catalogue& catalogue);

/// What the partners bring of records ("site:abilene") that are left out of the catalogue goes from their lists.
void drop_left_out_of_partners(Node& root, const std::vector<std::string>& left_out);

/// In the study's order.
std::vector<PlanPartner> plan_partners(const StudySpec& study);

}  // namespace stargate
