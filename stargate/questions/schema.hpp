// A question and its answer as JSON Schema (draft 7), made from the same tables that read the one and describe the
// other.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// One schema with two definitions, "question" (what `stargate ask` reads) and "answer" (what it prints as JSON).
std::string format_question_schema(const Question& question);

/// What of an answer's JSON its fields do not describe, or describe as another type: a line each, empty when all is.
std::vector<std::string> undescribed_members(const Question& question, const Node& answer);

}  // namespace stargate
