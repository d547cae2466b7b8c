// TOML 1.0 as a Document, the same tree as YAML's and JSON's.
#pragma once

#include <string>
#include <string_view>

#include "stargate/config/node.hpp"

namespace stargate {

/// The whole language: dotted keys, arrays of tables, multi-line texts, dates (as text). What is not TOML, or nested
/// too deeply, is a fault with its place. `file` is only for messages. Tables keep the order in which they were
/// written. Numbers become their shortest text.
Result<Document> parse_toml(std::string file, std::string_view text);

}  // namespace stargate
