// `stargate validate`: how far predictions are from measurements, of kernels, training, serving, or request by request;
// and how far costs and whole answers are from published ones.
#pragma once

#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"

namespace stargate {

/// Exactly one of the first four, `cost` or `cases`. Paths of the tables; `worst` rows are shown.
struct ValidateQuestion : ConfidenceField, ChangeFields {
  std::optional<std::string> kernels, training, serving, requests;
  std::optional<std::string> collectives;
  bool cost = false;
  std::optional<std::string> cases;
  std::vector<std::string> device, law;
  int worst = 0;
  bool leave_out = false, leave_out_architecture = false;
  static const QuestionTable<ValidateQuestion>& table();
};

Result<Answer> answer_validate(const ValidateQuestion& question, const QuestionContext& context);
Question validate_question();

/// A fault unless exactly one of the tables is named: of two at the second's field.
template <std::size_t N>
Check check_one_of(const QuestionContext& context,
                   const std::pair<const char*, const std::optional<std::string>*> (&tables)[N]) {
  const char* first = nullptr;
  std::string names;
  for (const auto& [name, table] : tables) {
    names += (names.empty() ? "" : ", ") + std::string(name);
    if (!*table) continue;
    if (first != nullptr) return context.fault(name, std::string("stands beside ") + first, "give one of " + names);
    first = name;
  }
  if (first == nullptr) return context.fault(tables[0].first, "no measurements are named", "give one of " + names);
  return Done{};
}

}  // namespace stargate
