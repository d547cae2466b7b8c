// stdout has the answer in one form, files have the others; progress goes to stderr.
#include "stargate/app/command_plan.hpp"

#include <fmt/format.h>

#include "stargate/app/html_report.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"
#include "stargate/study/report.hpp"

namespace stargate {
namespace {

void write_files(Session& session, const PlanFlags& flags, const StudyReport& report, const Comparison* comparison) {
  if (!flags.csv_folder.empty()) {
    for (const auto& file : format_plan_csv(report)) {
      if (!session.write(flags.csv_folder + "/" + file.name, file.content)) return;
    }
    Session::progress("CSV files are in " + flags.csv_folder);
  }
  if (!flags.html_file.empty() &&
      session.write(flags.html_file, format_html_report(format_plan_json(report, comparison)))) {
    Session::progress("the page is " + flags.html_file);
  }
  if (!flags.mps_file.empty()) {
    session.write(flags.mps_file, format_mps(build_programme_lp(report.prepared.programme)));
  }
}

}  // namespace

void plan_study(Session& session, const PlanFlags& flags) {
  auto changes = parse_changes(flags.changes);
  if (!changes) return session.fail(changes.faults());
  const auto solver = make_clp_solver();
  const bool changed = !flags.changes.set.empty() || !flags.changes.without.empty();
  StudyRequest request{flags.study, session.catalogue_folder, changes->catalogue, changes->study};
  auto report = run_study(request, session.files, *solver, Session::progress);
  if (!report) return session.fail(report.faults());
  if (!std::holds_alternative<Plan>(report->outcome)) session.exit_code = kExitAnswerIsNo;
  if (!changed) {
    flags.json ? session.print_data(format_plan_json(*report)) : session.print_text(format_plan_text(*report));
    return write_files(session, flags, *report, nullptr);
  }
  Session::progress("the study as written");
  auto base = run_study({flags.study, session.catalogue_folder, {}, {}}, session.files, *solver, Session::progress);
  if (!base) return session.fail(base.faults());
  const Comparison comparison{describe_changes(flags.changes), &*base, &*report};
  flags.json ? session.print_data(format_plan_json(*report, &comparison))
             : session.print_text(format_comparison_text(comparison));
  write_files(session, flags, *report, &comparison);
}

}  // namespace stargate
