// A study from file to answer. run_study is the program in one page: what each call makes true is said beside it.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "stargate/planner/planner.hpp"
#include "stargate/study/make_programme.hpp"
#include "stargate/study/rate_cache.hpp"
#include "stargate/study/study.hpp"

namespace stargate {

/// What to plan, and how it differs from the files: `--set` on records of the catalogue and on the study, `--without`.
struct StudyRequest {
  std::string file, catalogue_folder;   ///< as the user wrote them
  CatalogueChanges catalogue_changes;   ///< --set and --without of records
  std::vector<Override> study_changes;  ///< --set of the study's own values
  /// Products that limit deliveries: of the catalogue as written. Where nobody has loaded that yet, it is loaded for
  /// them when a record is left out.
  std::optional<std::set<std::string>> limiting_products = {};
  std::string cache_folder = usual_cache_folder();  ///< where rates are kept; empty: nowhere
};

/// Everything up to the question: read, checked, machines rated.
struct PreparedStudy {
  std::string file;
  Catalogue catalogue;             ///< with the changes made
  StudySpec study;                 ///< checked against it
  std::vector<MachineRate> rates;  ///< of each service on each system
  Programme programme;             ///< what the planner is given
};

struct StudyReport {
  PreparedStudy prepared;  ///< all that is known before the plan
  PlanOutcome outcome;     ///< the plan, or why there is none
};

/// Told what is being done, in words; may come from any thread, one at a time.
using Progress = std::function<void(const std::string&)>;

Result<PreparedStudy> prepare_study(const StudyRequest& request, const FileReader& files, const Progress& progress);
/// An impossible programme is no fault: its outcome says which limits would have to move.
Result<StudyReport> run_study(const StudyRequest& request, const FileReader& files, const LpSolver& solver,
                              const Progress& progress);

}  // namespace stargate
