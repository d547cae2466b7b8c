// Changing one value of a document from outside: `--set capital.total=400 B$`, `--set memory_bandwidth=+50%`.
#pragma once

#include <string>
#include <string_view>

#include "stargate/config/node.hpp"

namespace stargate {

struct Override {
  std::string path;   ///< "sites[0].power", "sites.abilene.power"
  std::string value;  ///< new text, or a change: "+50%", "-20%", "x2"
};

/// Splits "path=value".
Result<Override> parse_override(std::string_view text);

/// Replaces the value at the path. List items may be named by index or by their id, site, name, kind or quarter. A key
/// that the document does not have yet is added, so that an optional field can be set. A changed list or mapping is a
/// fault.
Check apply_override(Document& document, const Override& change);

}  // namespace stargate
