// Reference pages and JSON Schema, made from the field tables that reading uses.
#pragma once

#include <string>

#include "stargate/config/codec.hpp"
#include "stargate/config/json_writer.hpp"

namespace stargate {

/// A Markdown table of a record's fields, followed by those of the records inside it. Each record is listed once, where
/// it is first met.
std::string format_reference(const RecordText& record);
/// A JSON Schema (draft 7) that accepts the same keys; values people write as text with a unit are strings.
std::string format_json_schema(const RecordText& record);
/// Its members, in an object that is open.
void write_json_schema(JsonWriter& json, const RecordText& record);
/// The members of an open schema object that say what a field may hold.
void write_schema_type(JsonWriter& json, const FieldText& field);

}  // namespace stargate
