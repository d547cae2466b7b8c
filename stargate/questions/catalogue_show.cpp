// Prints the record's own text, so that nothing is lost or rounded.
#include "stargate/questions/catalogue_show.hpp"

#include <fmt/format.h>

#include <cctype>

#include "stargate/base/text_table.hpp"
#include "stargate/catalogue/catalogue_without_laws.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/record_document.hpp"

namespace stargate {
namespace {

struct RecordLine {
  std::string path, value, source;
};

struct ShownRecord {
  std::string name;  ///< kind:id
  std::vector<RecordLine> lines;
  std::map<std::string, Source> cited;
};

/// Every scalar below a node; lists of scalars on one line.
void flatten(const Node& node, const std::string& path, std::vector<RecordLine>& out) {
  if (node.is_mapping()) {
    for (const auto& member : node.members)
      flatten(member.value, path.empty() ? member.key : path + "." + member.key, out);
  } else if (node.is_sequence()) {
    std::string joined;
    bool plain = true;
    for (const auto& item : node.items) {
      plain = plain && item.is_scalar();
      joined += (joined.empty() ? "" : ", ") + item.text;
    }
    if (plain) return out.push_back({path, joined, {}});
    for (std::size_t i = 0; i < node.items.size(); ++i) flatten(node.items[i], fmt::format("{}[{}]", path, i), out);
  } else {
    out.push_back({path, node.is_null() ? "-" : node.text, {}});
  }
}

/// The fields of a record with the note that covers each.
std::vector<RecordLine> record_lines(const Document& document) {
  std::vector<RecordLine> lines;
  Diagnostics faults;
  Reader reader(document, faults);
  std::map<std::string, SourceNote> notes;
  if (const Node* sources = document.root.find("sources"))
    Codec<std::map<std::string, SourceNote>>::read(reader, *sources, notes, {});
  for (const auto& member : document.root.members) {
    if (member.key == "sources") continue;
    const std::size_t first = lines.size();
    flatten(member.value, member.key, lines);
    const auto note = notes.contains(member.key) ? notes.find(member.key) : notes.find("*");
    const bool sourced = member.key != "name" && member.key != "notes" && note != notes.end();
    for (std::size_t i = first; sourced && i < lines.size(); ++i) lines[i].source = format_source_note(note->second);
  }
  return lines;
}

std::string show_text(const ShownRecord& record) {
  TextTable table({{"field", Align::left}, {"value", Align::left}, {"source", Align::left}});
  for (const auto& line : record.lines) table.add_row({line.path, line.value, line.source});
  std::string out = record.name + "\n" + table.format();
  if (!record.cited.empty()) out += "\nsources\n";
  for (const auto& [id, source] : record.cited) {
    out += fmt::format("  {}: {}{}{}\n", id, source.title, source.date.empty() ? "" : ", " + source.date,
                       source.locator.empty() ? "" : " (" + source.locator + ")");
  }
  return out;
}

void write_record(JsonWriter& json, const ShownRecord& record) {
  json.member("schema_version", 1).member("record", record.name).key("fields").begin_array();
  for (const auto& line : record.lines) {
    json.begin_object().member("field", line.path).member("value", line.value).member("source", line.source);
    json.end_object();
  }
  json.end_array();
}

/// Whether the text has the id as a word of its own, not as a part of a longer id.
bool names_id(const std::string& text, const std::string& id) {
  const auto in_id = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; };
  for (auto at = text.find(id); at != std::string::npos; at = text.find(id, at + 1)) {
    const std::size_t end = at + id.size();
    if ((at == 0 || !in_id(text[at - 1])) && (end == text.size() || !in_id(text[end]))) return true;
  }
  return false;
}

/// By searching the notes' text for ids: an assumption may name one too.
std::map<std::string, Source> cited_by(const std::vector<RecordLine>& lines,
                                       const std::map<std::string, Source>& sources) {
  std::map<std::string, Source> out;
  for (const auto& line : lines) {
    for (const auto& [id, source] : sources) {
      if (names_id(line.source, id)) out.emplace(id, source);
    }
  }
  return out;
}

}  // namespace

const QuestionTable<CatalogueShowQuestion>& CatalogueShowQuestion::table() {
  static const auto table = [] {
    QuestionTable<CatalogueShowQuestion> t("catalogue show", "One record with the source of each value");
    t.required("record", &CatalogueShowQuestion::record, "kind:id, such as accelerator:h100-sxm").positional();
    return t;
  }();
  return table;
}

Result<Answer> answer_catalogue_show(const CatalogueShowQuestion& question, const QuestionContext& context) {
  // The catalogue is whole, and has the record.
  auto name = parse_record_name(question.record);
  const bool law = name && name->kind == "calibration";
  auto catalogue = law ? load_catalogue(context.files, context.catalogue_folder)
                       : load_catalogue_without_laws(context.files, context.catalogue_folder);
  if (!catalogue) return catalogue.faults();
  if (!name) return context.fault("record", name.faults()[0].message, name.faults()[0].hint);
  auto document = read_record_document(context, name->kind, name->id);
  if (!document && document.faults()[0].file.empty()) {
    return context.fault("record", document.faults()[0].message, document.faults()[0].hint);
  }
  if (!document) return document.faults();

  // Every value as written, with the source that covers it.
  ShownRecord record{question.record, record_lines(*document), {}};
  record.cited = cited_by(record.lines, catalogue->sources);
  return make_answer(AnswerKind::answered, std::move(record), show_text, write_record);
}

Question catalogue_show_question() {
  return make_question(answer_catalogue_show,
                       {{"accelerator:h100-sxm", "a record and its sources"}, {"site:abilene", "a place"}},
                       {{"record", "text", "kind:id"},
                        {"fields[]/field", "text", "Path of a value"},
                        {"fields[]/value", "text", "As written"},
                        {"fields[]/source", "text", "Where it comes from"}});
}

}  // namespace stargate
