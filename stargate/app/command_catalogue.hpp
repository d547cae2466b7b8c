// `stargate catalogue`: what can be bought or run, with sources.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

/// Lists the kinds, or the records of one kind with their main figures. `json` prints the same as JSON.
void list_catalogue(Session& session, const std::string& kind, bool json);
/// One record ("accelerator:h100-sxm"), each field as written with its source.
void show_record(Session& session, const std::string& name, bool json);
/// The fields a record kind or a study can have: a Markdown page, or the JSON Schema.
void print_fields(Session& session, const std::string& kind, bool schema);

}  // namespace stargate
