// Where a value comes from: ids of catalogue/sources.yaml, or an assumption with its reason.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/config/record_table.hpp"

namespace stargate {

struct Source {
  /// The locator: where it was read (a link, a page, a table).
  std::string title, publisher, date, locator;
  std::string grade;  ///< A vendor or official, B press or analyst as quoted, C weak: use as a range
  static const RecordTable<Source>& table();
};

/// In a file: `price: some-source`, `price: [one, two]`, `price: {assumption: why}`, or, of a coefficient that a fit to
/// measurements gave, `step_overhead: {fitted: true, assumption: what it was fitted to}`.
struct SourceNote {
  std::vector<std::string> sources;  ///< ids of sources.yaml; none where it is an assumption
  /// In place of a source: why the value is what it is.
  std::string assumption;
  bool fitted = false;  ///< `stargate calibrate` fits it anew when nobody names coefficients

  bool empty() const { return sources.empty() && assumption.empty(); }
};

template <>
struct Codec<SourceNote> {
  static std::string type_text() {
    return "source id, list of source ids, {assumption: why}, or {fitted: true, assumption: to what}";
  }
  static void read(Reader& reader, const Node& node, SourceNote& out, const Rule&);
};

/// "id, id", "assumption: why" or "fitted: to what".
std::string format_source_note(const SourceNote& note);

/// What every record of the catalogue has. `id` is the file's name; `sources` maps each field to its note, "*" all
/// others.
struct Record {
  std::string id;  ///< file name, unique in its kind
  std::string name;
  std::map<std::string, SourceNote> sources;  ///< field -> where its value comes from; "*": all others
  std::string notes;                          ///< for readers

  /// The note that covers `field`, or null.
  const SourceNote* source_of(const std::string& field) const;
};

/// The fields of Record, to be put first in a record's table.
template <class R>
RecordTable<R> record_fields(const char* kind, const char* sentence) {
  return RecordTable<R>(kind, sentence)
      .required("name", &R::name, "What people call it.")
      .required("sources", &R::sources, "Source of each field, \"*\" for all not named.")
      .optional("notes", &R::notes, "What a reader should know before using the figures.");
}

}  // namespace stargate
