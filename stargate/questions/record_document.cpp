// One file a record, its name the id.
#include "stargate/questions/record_document.hpp"

#include <algorithm>

namespace stargate {
namespace {

const RecordKind& kind_named(const std::string& name) {
  const auto& kinds = record_kinds();
  return *std::find_if(kinds.begin(), kinds.end(), [&](const RecordKind& kind) { return kind.name == name; });
}

/// Models are Hugging Face's JSON.
std::string suffix_of(const std::string& kind) { return kind == "model" ? ".json" : ".yaml"; }

}  // namespace

std::vector<std::string> listed_ids(const QuestionContext& context, const std::string& kind) {
  const std::string suffix = suffix_of(kind);
  std::vector<std::string> out;
  for (const auto& path : context.files.list(context.catalogue_folder + "/" + kind_named(kind).folder, suffix)) {
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
  const std::string path = context.catalogue_folder + "/" + kind_named(kind).folder + "/" + id + suffix_of(kind);
  auto text = context.files.read(path);
  if (!text) return text.faults();
  return kind == "model" ? parse_json(path, *text) : parse_yaml(path, *text);
}

}  // namespace stargate
