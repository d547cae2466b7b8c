// Key by key.
#include "stargate/measured/validation_json.hpp"

namespace stargate {

void write_validation_groups(JsonWriter& json, const char* name, const std::vector<ValidationGroup>& groups) {
  json.key(name).begin_array();
  for (const auto& g : groups) {
    json.begin_object().member("source", g.key.source).member("accelerator", g.key.accelerator);
    json.member("engine", g.key.engine).member("precision", g.key.precision).member("metric", g.key.metric);
    if (!g.key.completeness.empty()) json.member("completeness", g.key.completeness);
    json.member("rows", g.rows).member("predicted", g.errors.rows).member("median_pct", g.errors.median_pct);
    json.member("mean_pct", g.errors.mean_pct)
        .member("p90_pct", g.errors.p90_pct)
        .member("bias_pct", g.errors.bias_pct)
        .member("above_pct", 100 * g.above);
    json.end_object();
  }
  json.end_array();
}

void write_validation(JsonWriter& json, const ValidationReport& report) {
  json.member("schema_version", 1);
  write_validation_groups(json, "groups", report.groups);
  write_validation_groups(json, "overall", report.overall);
  json.key("skipped").begin_array();
  for (const auto& [reason, rows] : report.skipped) {
    json.begin_object().member("reason", reason).member("rows", rows).end_object();
  }
  json.end_array();
}

void write_rule_counts(JsonWriter& json, const RuleCounts& rules) {
  json.key("rules_applied").begin_object();
  for (const auto& [rule, count] : rules) json.member(rule, count);
  json.end_object();
}

}  // namespace stargate
