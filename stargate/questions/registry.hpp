// All questions, and how one that is written as JSON finds the right one.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// In the order help lists them.
const std::vector<Question>& all_questions();
/// By its name ("train search"); null when there is none.
const Question* find_question(std::string_view name);
/// Names of all questions, for suggestions.
std::vector<std::string> question_names();

/// What a word stands for that is no question by itself: "catalogue".
std::string_view group_sentence(std::string_view word);

/// A question as JSON: {"question": "train", "model": ..., ...}. The document keeps the fields alone. `question` points
/// into all_questions().
struct AskedQuestion {
  const Question* question;  ///< of the registry
  Document document;         ///< its fields, as asked
};
/// Faults: no JSON, no "question", or none of that name.
Result<AskedQuestion> parse_asked_question(const std::string& file, std::string_view text);
/// The same question written as JSON, so that parse_asked_question gives it back.
std::string format_asked_question(const Question& question, const Document& document);

}  // namespace stargate
