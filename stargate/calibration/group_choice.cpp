// Shared by the fits of products, of MLA and of experts.
#include "stargate/calibration/group_choice.hpp"

namespace stargate {

std::string format_part(const std::string& name) { return name.substr(0, name.find('.')); }

const CalibratedGroup* group_for(const std::vector<CalibratedGroup>& groups, const std::string& name) {
  const CalibratedGroup* best = nullptr;
  for (const CalibratedGroup& group : groups) {
    if (group.precision == name) return &group;
    if (format_part(group.precision) != format_part(name)) continue;
    if (best == nullptr || group.used.rows > best->used.rows) best = &group;
  }
  return best;
}

}  // namespace stargate
