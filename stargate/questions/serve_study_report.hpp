// A service's study as text and as JSON.
#pragma once

#include "stargate/questions/serving_fields.hpp"
#include "stargate/service/service_study.hpp"

namespace stargate {

struct SystemBasis {
  std::string system;
  ServingBasis basis;
};

struct ServeStudyReport {
  ServiceStudySpec study;
  ServiceStudyAnswer answer;
  std::vector<SystemBasis> bases;  ///< of each system of the study, by id
};

std::string format_service_study_text(const ServeStudyReport& report);
std::string format_service_study_json(const ServeStudyReport& report);
const AnswerFields& service_study_answer_fields();

}  // namespace stargate
