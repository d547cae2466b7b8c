// A change that no part of an answer uses looks like an answer ("more bandwidth brings nothing") and is none. Which
// those are is found by asking: once more without each change, and the same answer means that it acted on nothing.
// Where an answer takes long, figures that it rests on are compared first: a change that moves those is used.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// The answer with its `unused_changes`: those of the document's changes (`set`, then `without`) that none of its parts
/// uses. Costs an answer more for each change that the figures do not show to be used. The question must take its
/// changes from asked_changes (changes.hpp). A context that leaves a change out asks for the plain answer.
Result<Answer> answer_and_tell_unused(const Document& document, const QuestionContext& context,
                                      const AskedAgain& question);

/// "--set PATH=VALUE" and "--without KIND:ID" of a question as written, in the order in which a context counts them.
std::vector<std::string> changes_of(const Document& document);

}  // namespace stargate
