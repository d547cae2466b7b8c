// The shipped catalogue with every machine better in one respect: what nothing may be slower, hungrier or dearer on.
#pragma once

#include <string>
#include <vector>

#include "shipped.hpp"

namespace stargate {

/// In which respect, as messages name it, and the catalogue.
struct BetterCatalogue {
  std::string better;
  Catalogue catalogue;
};

/// Bandwidth of memory, of links inside and between domains; peak; capacity; latency; efficiency: each by a third. The
/// records as shipped are in `listed`, so that coefficients stay those of the machine as it is.
const std::vector<BetterCatalogue>& better_catalogues();

}  // namespace stargate
