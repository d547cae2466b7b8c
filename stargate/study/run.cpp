// study file + catalogue -> what each machine can do -> what to build, when, where -> report
#include "stargate/study/run.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// Of the machines' rates: whether any is known as a range only.
bool has_range(const MachineRates& rates) {
  return std::any_of(rates.begin(), rates.end(), [](const MachineRate& rate) { return rate.ranged; });
}

}  // namespace

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
  std::set<Confidence> wanted{request.confidence};
  if (request.range) wanted = {Confidence::low, Confidence::mid, Confidence::high};
  auto rated = rate_machines(*catalogue, *study, wanted, cache, progress);
  if (!rated) return rated.faults();

  // The planner's question is pure data.
  const MachineRates& rates = rated->at(request.confidence);
  Programme programme = make_programme(*catalogue, *study, rates, limiting);
  PreparedStudy out{request.file,         std::move(*catalogue), std::move(*study), rates,
                    std::move(programme), request.confidence};
  if (request.range && has_range(rated->at(Confidence::mid))) out.ends = std::move(*rated);
  return out;
}

Result<StudyReport> run_study(const StudyRequest& request, const FileReader& files, const LpSolver& solver,
                              const Progress& progress) {
  auto prepared = prepare_study(request, files, progress);
  if (!prepared) return prepared.faults();

  // What to build, when and where is decided, with the worth of every limit; or why it cannot be.
  progress("planning");
  PlanOutcome outcome = solve_programme(prepared->programme, solver);

  // How much of that hangs on devices nobody measured: the same with their machines slow and fast.
  std::map<Confidence, PlanOutcome> ends;
  for (const auto& [confidence, rates] : prepared->ends) {
    Programme programme = prepared->programme;
    set_rates(programme, rates);
    ends.emplace(confidence, confidence == request.confidence ? outcome : solve_programme(programme, solver));
  }
  return StudyReport{std::move(*prepared), std::move(outcome), std::move(ends)};
}

}  // namespace stargate
