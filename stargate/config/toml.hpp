// The TOML that training configurations are written in, as the same tree of nodes that YAML and JSON become: tables,
// dotted and quoted keys, strings, numbers, booleans, arrays, inline tables, comments. Multi-line strings, dates and
// arrays of tables are refused with their place.
#pragma once

#include "stargate/config/node.hpp"

namespace stargate {

Result<Document> parse_toml(std::string file, std::string_view text);

}  // namespace stargate
