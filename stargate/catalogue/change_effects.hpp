// Which of a question's changes its answer has no use for. A change that acts on nothing looks like an answer ("more
// bandwidth brings nothing") and is none, so whoever answers says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Answers the question with these changes; nothing when it cannot be answered.
using AnswerWith = std::function<std::optional<std::string>(const CatalogueChanges&)>;

/// Asks once more without each change and keeps those without which the answer is the same to the byte, as the user
/// wrote them: "--set network:nvlink4.hop_latency=1 us". Costs as many answers as there are changes.
std::vector<std::string> changes_without_effect(const CatalogueChanges& changes, const std::string& answer,
                                                const AnswerWith& answer_with);

/// "no part of this answer uses --set network:nvlink4.hop_latency=1 us", a line each; empty for none.
std::string format_unused_changes(const std::vector<std::string>& changes);

}  // namespace stargate
