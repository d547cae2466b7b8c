// A validation report as JSON: {schema_version, groups: [{source, accelerator, engine, precision, metric, rows,
// predicted, median_pct, mean_pct, p90_pct, bias_pct}], overall: [the same], skipped: [{reason, rows}]}; a group also
// says its completeness where that is a question. Callers may add keys of their own before they close the object.
#pragma once

#include "stargate/config/json_writer.hpp"
#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// A member `name` of an open object: a list, one entry a group.
void write_validation_groups(JsonWriter& json, const char* name, const std::vector<ValidationGroup>& groups);
/// The members above, inside an object that is open.
void write_validation(JsonWriter& json, const ValidationReport& report);
/// "rules_applied": {rule: rows whose columns it set}, inside an object that is open.
void write_rule_counts(JsonWriter& json, const RuleCounts& rules);

}  // namespace stargate
