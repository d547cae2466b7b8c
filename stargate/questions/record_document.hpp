// A record of the catalogue as its file has it: every value as written, before any is read.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// Ids of a kind by the names of their files, sorted.
std::vector<std::string> listed_ids(const QuestionContext& context, const std::string& kind);
/// A fault when there is no such record; its path is the kind, which is also what questions call such a field.
Result<Document> read_record_document(const QuestionContext& context, const std::string& kind, const std::string& id);

}  // namespace stargate
