// The source record, and how a note of where a value comes from is read.
#include "stargate/catalogue/source.hpp"

namespace stargate {

const RecordTable<Source>& Source::table() {
  static const auto table =
      RecordTable<Source>("source", "A publication that figures were read in.")
          .required("title", &Source::title, "Title, or what it is.")
          .optional("publisher", &Source::publisher, "Who published it.")
          .optional("date", &Source::date, "Date, as far as known: 2025-09-23, 2026-05, 2024.")
          .optional("locator", &Source::locator, "Where in it: page, section, file and commit, address.")
          .optional("grade", &Source::grade, "A vendor or official, B press or analyst as quoted, C weak.");
  return table;
}

/// An id, a list of ids, or a mapping with the reason of an assumption.
void Codec<SourceNote>::read(Reader& reader, const Node& node, SourceNote& out, const Rule&) {
  const char* remedy = "write a source's id, a list of ids, {assumption: why} or {fitted: true, assumption: to what}";
  if (node.is_scalar()) {
    if (node.text == "assumption")
      return reader.fault(node, "an assumption needs its reason", "write {assumption: why}");
    out.sources.push_back(node.text);
  } else if (node.is_sequence()) {
    Codec<std::vector<std::string>>::read(reader, node, out.sources, {});
  } else if (const Node* why = node.find("assumption"); why != nullptr && why->is_scalar()) {
    out.assumption = why->text;
    const Node* fitted = node.find("fitted");
    if (fitted != nullptr) Codec<bool>::read(reader, *fitted, out.fitted, {});
    if (node.members.size() != (fitted != nullptr ? 2U : 1U)) {
      reader.fault(node, "a source note holds 'assumption' and 'fitted', nothing else", remedy);
    }
  } else {
    reader.fault(node, describe_node(node) + " is no source", remedy);
  }
}

std::string format_source_note(const SourceNote& note) {
  if (!note.assumption.empty()) return (note.fitted ? "fitted: " : "assumption: ") + note.assumption;
  std::string out;
  for (const auto& source : note.sources) out += (out.empty() ? "" : ", ") + source;
  return out;
}

const SourceNote* Record::source_of(const std::string& field) const {
  if (const auto it = sources.find(field); it != sources.end()) return &it->second;
  if (const auto it = sources.find("*"); it != sources.end()) return &it->second;
  return nullptr;
}

}  // namespace stargate
