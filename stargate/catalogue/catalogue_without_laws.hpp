// The catalogue for questions that ask no law: `catalogue show`, `model`, `import`. Calibrations are three quarters of
// the time that loading takes.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// load_catalogue with nothing read of calibrations but their ids. Faults of theirs are found by every question that
/// asks a law, and by `stargate check`.
Result<Catalogue> load_catalogue_without_laws(const FileReader& files, const std::string& folder);

}  // namespace stargate
