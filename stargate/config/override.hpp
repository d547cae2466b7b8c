// Changing values of a document from outside: `--set capital.total=400 B$`, `--set memory_bandwidth=+50%`,
// `--set services.chat.demand=+2 quarters`.
#pragma once

#include <string>
#include <string_view>

#include "stargate/config/node.hpp"

namespace stargate {

/// One `--set`.
struct Override {
  std::string path;   ///< "sites[0].power", "sites.abilene.power"
  std::string value;  ///< new text, or a change: "+50%", "-20%", "x2", "+2 quarters"
};

/// Splits "path=value". At the first '='; both sides must have something. Whether the path exists is apply_override's
/// to say.
Result<Override> parse_override(std::string_view text);

/// Changes the value at the path. List items may be named by index or by any of their names (id, site, service, name,
/// ...), which may hold dots. A key that the document does not have yet is added, so that an optional field can be set.
///   a scalar              is replaced, scaled ("+50%", "x2"), or, when a quarter, shifted ("+2 quarters")
///   a series by quarter   is replaced ("{2026Q1: 1 GW, 2027Q1: 2 GW}", or one value for all time), scaled point by
///                         point, or shifted in time
///   low, mid and high     of a price: setting or scaling `mid` alone moves the other two when it would leave the
///                         range; one value sets all three
/// Any other change of a list or mapping is a fault. A changed value remembers the `--set` it came from, so that a
/// later fault of its range names that instead of a line. A path whose beginning exists and whose last name does not is
/// a new key only in a mapping; elsewhere a fault that names the nearest.
Check apply_override(Document& document, const Override& change);

/// Removes the items of a list whose `key` names a record of `kind` that was left out ("site:abilene"). `left_out`
/// holds "kind:id" as `--without` takes them. No such list, or no such item, is no fault here. Done on the tree before
/// any record is read, so that a list of what remains is checked as if the item had never been written.
void drop_left_out(Node& root, std::string_view list, std::string_view key, const std::string& kind,
                   const std::vector<std::string>& left_out);

}  // namespace stargate
