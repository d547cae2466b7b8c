// What must hold beyond one field: every value has a source, every name leads to a record.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Each field present is covered by the record's sources, and each source note names a field that is present.
/// `document` is the record's own, which gives places; name, sources and notes need no source.
Diagnostics check_sources(const Document& document, const Record& record);

/// Source ids, memory, network, CPU and accelerator ids and supply products name what exists; price ranges are ordered;
/// idle power is below full power. Records in `without` were left out on purpose or could not be read: what refers to
/// them is not a fault. Faults name file and path; their line is 0.
Diagnostics check_references(const Catalogue& catalogue, const std::string& folder,
                             const std::vector<std::string>& without);

}  // namespace stargate
