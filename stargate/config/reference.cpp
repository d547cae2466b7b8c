// Nested records are listed once each, in the order they are met.
#include "stargate/config/reference.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// Depth first; a record met twice is kept where it came first, which also ends the walk where records hold themselves.
void collect(const RecordText& record, std::vector<const RecordText*>& out) {
  if (std::find(out.begin(), out.end(), &record) != out.end()) return;
  out.push_back(&record);
  for (const auto& field : record.fields) {
    if (field.nested != nullptr) collect(*field.nested, out);
  }
}

/// A bar would end the cell of a Markdown table.
std::string escape_cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

/// Unknown keys are refused by the reader, so the schema refuses them too.
void write_object(JsonWriter& json, const RecordText& record) {
  json.member("type", "object").member("description", record.sentence).member("additionalProperties", false);
  json.key("required").begin_array();
  for (const auto& field : record.fields) {
    if (field.required) json.value(field.name);
  }
  json.end_array().key("properties").begin_object();
  for (const auto& field : record.fields) {
    json.key(field.name).begin_object();
    write_schema_type(json, field);
    json.member("description",
                field.sentence + " (" + field.type + (field.range.empty() ? "" : ", " + field.range) + ")");
    json.end_object();
  }
  json.end_object();
}

}  // namespace

void write_schema_type(JsonWriter& json, const FieldText& field) {
  const bool list = field.type.starts_with("list of");
  const bool mapping = field.type.starts_with("mapping") || field.type.starts_with("by quarter");
  if (list) {
    json.member("type", "array");
  } else if (mapping) {
    json.key("type").begin_array().value("object").value("string").value("number").end_array();
  } else if (field.nested != nullptr) {
    json.member("$ref", "#/definitions/" + field.nested->kind);
  } else if (field.type == "number" || field.type == "whole number") {
    json.key("type").begin_array().value("number").value("string").end_array();
  } else if (field.type == "true or false") {
    json.member("type", "boolean");
  } else if (!field.type.starts_with("source id")) {
    json.member("type", "string");
  }
  if (list && field.nested != nullptr) {
    json.key("items").begin_object().member("$ref", "#/definitions/" + field.nested->kind).end_object();
  }
}

std::string format_reference(const RecordText& record) {
  std::vector<const RecordText*> records;
  collect(record, records);
  std::string out;
  for (const auto* r : records) {
    out += "### " + r->kind + "\n\n" + r->sentence +
           "\n\n| field | value | range | | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const auto& f : r->fields) {
      out += "| `" + f.name + "` | " + escape_cell(f.type) + " | " + f.range + " | " + (f.required ? "required" : "") +
             " | " + escape_cell(f.sentence) + " |\n";
    }
    out += "\n";
  }
  return out;
}

void write_json_schema(JsonWriter& json, const RecordText& record) {
  std::vector<const RecordText*> records;
  collect(record, records);
  json.member("$schema", "http://json-schema.org/draft-07/schema#").member("title", record.kind);
  write_object(json, record);
  json.key("definitions").begin_object();
  for (const auto* r : records) {
    if (r == &record) continue;
    json.key(r->kind).begin_object();
    write_object(json, *r);
    json.end_object();
  }
  json.end_object();
}

std::string format_json_schema(const RecordText& record) {
  JsonWriter json;
  write_json_schema(json.begin_object(), record);
  return json.end_object().text();
}

}  // namespace stargate
