// study file + catalogue -> what each machine can do -> what to build, when, where -> report
#include "stargate/study/run.hpp"

namespace stargate {

Result<PreparedStudy> prepare_study(const StudyRequest& request, const FileReader& files, const Progress& progress) {
  // Every record is read and the catalogue holds together: values have sources, names lead somewhere.
  auto catalogue = load_catalogue(files, request.catalogue_folder, request.catalogue_changes);
  if (!catalogue) return catalogue.faults();

  // What is in short supply stays so when one of its suppliers is left out.
  auto limiting = request.limiting_products.value_or(supplied_products(*catalogue));
  if (!request.limiting_products && !request.catalogue_changes.without.empty()) {
    auto whole = load_catalogue(files, request.catalogue_folder);
    if (!whole) return whole.faults();
    limiting = supplied_products(*whole);
  }

  // The study's fields are read and every name in it is in the catalogue.
  auto study = load_study(files, request.file, *catalogue, {request.study_changes, request.catalogue_changes.without});
  if (!study) return study.faults();

  // Each machine's rate at each service is known, as `serve size` and `train search` find it; from here on performance
  // is data. What an earlier run has found for the same question is taken from there.
  const RateCache cache(request.cache_folder, files, request.catalogue_folder, request.catalogue_changes);
  auto rates = rate_machines(*catalogue, *study, cache, progress);
  if (!rates) return rates.faults();

  // The planner's question is pure data.
  Programme programme = make_programme(*catalogue, *study, *rates, limiting);
  return PreparedStudy{request.file, std::move(*catalogue), std::move(*study), std::move(*rates), std::move(programme)};
}

Result<StudyReport> run_study(const StudyRequest& request, const FileReader& files, const LpSolver& solver,
                              const Progress& progress) {
  auto prepared = prepare_study(request, files, progress);
  if (!prepared) return prepared.faults();

  // What to build, when and where is decided, with the worth of every limit; or why it cannot be.
  progress("planning");
  PlanOutcome outcome = solve_programme(prepared->programme, solver);
  return StudyReport{std::move(*prepared), std::move(outcome)};
}

}  // namespace stargate
