// A record of the catalogue as its file has it: every value as written, before any is read.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// By its name ("accelerator") or its folder ("accelerators"); null when there is none.
const RecordKind* find_record_kind(const std::string& text);
/// The fault of a field "kind" that names none; `others` could have been meant too.
Diagnostic unknown_kind(const QuestionContext& context, const std::string& kind, std::vector<std::string> others);

/// Ids of a kind by the names of their files, sorted.
std::vector<std::string> listed_ids(const QuestionContext& context, const std::string& kind);
/// A fault when there is no such record; its path is the kind, which is also what questions call such a field.
Result<Document> read_record_document(const QuestionContext& context, const std::string& kind, const std::string& id);

}  // namespace stargate
