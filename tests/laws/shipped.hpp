// The catalogue as shipped, loaded once for all laws.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

const Catalogue& shipped_catalogue();
inline const std::string kCatalogueFolder = STARGATE_SOURCE_DIR "/catalogue";
inline const std::string kStargateStudy = STARGATE_SOURCE_DIR "/studies/stargate.yaml";

}  // namespace stargate
