// One answer a change: what the answer uses is found by asking, not by a list that could be wrong.
#include "stargate/catalogue/change_effects.hpp"

namespace stargate {

std::vector<std::string> changes_without_effect(const CatalogueChanges& changes, const std::string& answer,
                                                const AnswerWith& answer_with) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < changes.set.size(); ++i) {
    CatalogueChanges others = changes;
    others.set.erase(others.set.begin() + static_cast<std::ptrdiff_t>(i));
    if (answer_with(others) == answer) out.push_back("--set " + changes.set[i].path + "=" + changes.set[i].value);
  }
  for (std::size_t i = 0; i < changes.without.size(); ++i) {
    CatalogueChanges others = changes;
    others.without.erase(others.without.begin() + static_cast<std::ptrdiff_t>(i));
    if (answer_with(others) == answer) out.push_back("--without " + changes.without[i]);
  }
  return out;
}

std::string format_unused_changes(const std::vector<std::string>& changes) {
  std::string out;
  for (const auto& change : changes) out += "no part of this answer uses " + change + "\n";
  return out;
}

}  // namespace stargate
