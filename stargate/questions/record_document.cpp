// One file a record, its name the id.
#include "stargate/questions/record_document.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// Models are Hugging Face's JSON.
std::string suffix_of(const std::string& kind) { return kind == "model" ? ".json" : ".yaml"; }

}  // namespace

const RecordKind* find_record_kind(const std::string& text) {
  for (const auto& kind : record_kinds()) {
    if (text == kind.name || text == kind.folder) return &kind;
  }
  return nullptr;
}

Diagnostic unknown_kind(const QuestionContext& context, const std::string& kind, std::vector<std::string> others) {
  for (const auto& known : record_kinds()) others.push_back(known.name);
  return context.fault("kind", "there is no record kind '" + kind + "'", suggest_name(kind, others));
}

std::vector<std::string> listed_ids(const QuestionContext& context, const std::string& kind) {
  const std::string suffix = suffix_of(kind);
  std::vector<std::string> out;
  for (const auto& path : context.files.list(context.catalogue_folder + "/" + find_record_kind(kind)->folder, suffix)) {
    const std::string name = path.substr(path.rfind('/') + 1);
    out.push_back(name.substr(0, name.size() - suffix.size()));
  }
  return out;
}

Result<Document> read_record_document(const QuestionContext& context, const std::string& kind, const std::string& id) {
  const auto known = listed_ids(context, kind);
  if (std::find(known.begin(), known.end(), id) == known.end()) {
    return Diagnostic{{}, 0, 0, kind, "there is no " + kind + " '" + id + "'", suggest_name(id, known), {}};
  }
  const std::string path = context.catalogue_folder + "/" + find_record_kind(kind)->folder + "/" + id + suffix_of(kind);
  auto text = context.files.read(path);
  if (!text) return text.faults();
  return kind == "model" ? parse_json(path, *text) : parse_yaml(path, *text);
}

}  // namespace stargate
