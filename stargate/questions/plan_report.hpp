// The answer in the forms people want it: a terminal page, JSON (`stargate schema plan` names its members), CSV files.
#pragma once

#include "stargate/planner/comparison.hpp"
#include "stargate/questions/question.hpp"
#include "stargate/questions/serving_fields.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// A study run twice: as written and changed.
struct Comparison {
  std::string change;        ///< "--without supplier:samsung"
  const StudyReport* base;   ///< the plan compared with
  const StudyReport* other;  ///< and the changed one
};

/// One page or two: headline, build-out, services, money, what binds.
std::string format_plan_text(const StudyReport& report);
/// Both plans side by side, what is lost, what it costs, what binds instead.
std::string format_comparison_text(const Comparison& comparison);
/// The members of the answer's object, schema_version 1; of a comparison, the changed plan with the base beside it.
void write_plan_answer(JsonWriter& json, const StudyReport& report, const Comparison* comparison = nullptr);

/// Where the rates of a plan come from: its engines' records and how far measured runs are from predictions.
struct PlanBasis {
  std::map<std::string, EngineBasis> engines;  ///< by the name the rates have: "vllm"
  std::string training_error;                  ///< of a step, in words; empty where nothing is trained
};
std::string format_plan_basis(const PlanBasis& basis);
/// "engines" and "training_error", of the object that is open.
void write_plan_basis(JsonWriter& json, const PlanBasis& basis);

/// The members of that JSON.
const AnswerFields& plan_answer_fields();

/// `name` without a folder.
struct CsvFile {
  std::string name, content;  ///< of a file to write
};
/// periods.csv, services.csv, sites.csv, supply.csv, limits.csv, rates.csv.
std::vector<CsvFile> format_plan_csv(const StudyReport& report);

}  // namespace stargate
