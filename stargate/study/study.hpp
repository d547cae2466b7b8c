// Loading a study: its fields, then what no single field can say (names that must exist, dates in order, shares that
// add up).
#pragma once

#include "stargate/study/spec.hpp"

namespace stargate {

struct StudyChanges {
  std::vector<Override> set;         ///< in the order given; later ones win
  std::vector<std::string> without;  ///< records left out of the catalogue: items of the study that name one go too
};

/// Also reads the services' studies it names, beside the file. All faults at once, each with its place; those of
/// another file do not quote it.
Result<StudySpec> load_study(const FileReader& files, const std::string& file, const Catalogue& catalogue,
                             const StudyChanges& changes = {});
/// The same from text; `file` is for messages. Without other files: a service that names a study of its own keeps its
/// fields empty.
Result<StudySpec> parse_study(const std::string& file, std::string_view text, const Catalogue& catalogue,
                              const StudyChanges& changes = {});

}  // namespace stargate
