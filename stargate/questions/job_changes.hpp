// `set` without a record's name: "accelerator.memory.bandwidth=+50%" means the accelerator of the job's system. The
// first word is a part of the job (accelerator, system, scale_up, scale_out or network, coefficients), the rest a field
// of its record, its words joined by '.' or '_'.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

/// All changes as changes of records; `system` is the id of the job's system. A path that means neither a record nor a
/// part of the job is a fault.
Result<CatalogueChanges> make_job_changes(const QuestionContext& context, const ChangeFields& fields,
                                          const std::string& system);

}  // namespace stargate
