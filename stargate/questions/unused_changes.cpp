// The question is asked in the same words each time; only the context says which change not to make, so that words that
// repeat the changes are the same too.
#include "stargate/questions/unused_changes.hpp"

namespace stargate {

std::vector<std::string> changes_of(const Document& document) {
  std::vector<std::string> out;
  for (const char* field : {"set", "without"}) {
    const Node* given = document.root.find(field);
    if (given == nullptr) continue;
    if (given->is_scalar()) out.push_back(std::string("--") + field + " " + given->text);
    for (const Node& item : given->items) out.push_back(std::string("--") + field + " " + item.text);
  }
  return out;
}

Result<Answer> answer_and_tell_unused(const Document& document, const QuestionContext& context,
                                      const AskedAgain& question) {
  auto answer = question.answer(document, context);
  const std::vector<std::string> changes = changes_of(document);
  if (!answer.ok() || changes.empty() || context.left_out_change) return answer;
  const std::string whole = answer->json();
  const auto figures = question.figures ? question.figures(document, context) : Result<std::string>(std::string());
  QuestionContext again = context;
  again.wanted.clear();
  for (std::size_t i = 0; i < changes.size(); ++i) {
    again.left_out_change = i;
    if (question.figures && figures.ok()) {
      const auto without = question.figures(document, again);
      if (!without.ok() || *without != *figures) continue;
    }
    context.progress("asking again without " + changes[i]);
    const auto without = question.answer(document, again);
    if (without.ok() && without->json() == whole) answer->unused_changes.push_back(changes[i]);
  }
  return answer;
}

}  // namespace stargate
