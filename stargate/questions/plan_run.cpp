// study -> its plan -> its fleet hour by hour, in draws -> what is missing; on request plans with more capacity until
// nothing is
#include "stargate/questions/plan_run.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/base/random.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/questions/goodput_terms.hpp"
#include "stargate/questions/plan_run_report.hpp"
#include "stargate/study/run_basis.hpp"

namespace stargate {
namespace {

constexpr int kMostPlans = 12;       // of the search for margins
constexpr double kMostMargin = 4;    // what this much more does not mend, no margin will

/// Of a training service: share of the time that trains, by `train goodput`, over what the plan counts on, in each draw
/// and on each system.
Check set_pace(const PreparedStudy& prepared, const RunQuestion& question, const QuestionContext& context,
               RunSpec& out) {
  const auto& study = prepared.study;
  for (RunDraw& draw : out.draws) draw.pace.assign(study.services.size(), std::vector<double>(study.systems.size(), 1));
  for (std::size_t k = 0; k < study.services.size(); ++k) {
    const StudyServiceSpec& service = study.services[k];
    if (service.kind != ServiceKind::training) continue;
    for (std::size_t g = 0; g < study.systems.size(); ++g) {
      const auto& throughput = prepared.programme.services[k].throughput;
      const auto rate = throughput.find(study.systems[g].system);
      if (rate == throughput.end()) continue;
      const System& system = prepared.catalogue.systems.at(study.systems[g].system);
      auto job = rated_job(prepared.catalogue, service, system);
      if (!job) return job.faults();
      const TokenRate all = static_cast<double>(job->gpus) * rate->second.per_accelerator;
      GoodputFields fields;
      fields.tokens = all * quarter_year / token;
      auto terms = make_goodput_terms({prepared.catalogue, *job, job->batch_tokens() / all * service.effective_time},
                                      fields, context);
      if (!terms) return terms.faults();
      for (std::size_t i = 0; i < out.draws.size(); ++i) {
        RandomStream stream(out.seed, static_cast<std::uint32_t>(i * study.systems.size() + g), "failure rates");
        GoodputSpec spec = terms->spec;
        spec.failures = question.failures * std::exp(terms->rate_spread * stream.normal()) * spec.failures;
        out.draws[i].pace[k][g] = goodput(spec).ettr() / service.effective_time;
      }
    }
  }
  return Done{};
}

struct RunPlan {
  std::vector<RunQuarter> quarters;
  double value = 0;
};
/// Empty: the programme has no plan.
std::optional<RunPlan> plan_and_run(const Programme& programme, const RunSpec& spec) {
  const PlanModel model = build_plan_model(programme);
  const LpOutcome outcome = make_clp_solver()->solve(model.lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) return std::nullopt;
  return RunPlan{run_in_time(programme, model.columns, found->values, spec), -1e6 * found->objective};
}

/// Each service's margin grows by what peaks and failures take, until nothing is missing or more does not help. What
/// distance and late machines take is left: more machines in the same places, as late, cost more than they bring.
RunMargin find_margin(const Programme& programme, const RunSpec& spec, const RunPlan& first, double tolerance,
                      const QuestionContext& context) {
  RunMargin out{std::vector<double>(programme.services.size(), 0), first.quarters, first.value, 0, false};
  std::vector<double> before(programme.services.size(), 1);
  for (out.plans = 0; out.plans < kMostPlans; ++out.plans) {
    bool all = true, moves = false;
    for (std::size_t k = 0; k < programme.services.size(); ++k) {
      const RunSummary s = summary_of(out.quarters, k);
      const double gap = s.promised > 0 ? (s.missing.peak + s.missing.failures) / s.promised : 0;
      all = all && gap <= tolerance;
      // A step that closes less than a hundredth of the gap says that margins are not what is missing.
      if (gap <= tolerance || out.margins[k] >= kMostMargin || (out.margins[k] > 0 && gap > 0.99 * before[k])) continue;
      moves = true, before[k] = gap;
      out.margins[k] = std::min(kMostMargin, (1 + out.margins[k]) / (1 - std::min(0.5, gap)) * 1.002 - 1);
    }
    out.closed = all;
    if (all || !moves) break;
    Programme wider = programme;
    for (std::size_t k = 0; k < wider.services.size(); ++k) wider.services[k].utilisation /= 1 + out.margins[k];
    context.progress("planning with margins");
    auto run = plan_and_run(wider, spec);
    if (!run) break;
    out.quarters = std::move(run->quarters), out.value = run->value;
  }
  return out;
}

Result<std::string> run_figures(const RunQuestion& question, const QuestionContext& context) {
  return plan_study_figures(question, context);
}

}  // namespace

Result<Answer> answer_run(const RunQuestion& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  const Programme& programme = prepared->programme;
  RunOptions options{static_cast<int>(question.draws), static_cast<std::uint64_t>(question.seed), question.failures,
                     question.late};
  auto spec = make_run_spec(*prepared, options);
  if (!spec) return spec.faults();
  if (auto set = set_pace(*prepared, question, context, *spec); !set.ok()) return set.faults();
  context.progress("planning, and running the plan");
  auto first = plan_and_run(programme, *spec);
  if (!first) return context.fault("study", "has no plan to run", "stargate plan says what stands in its way");

  RunAnswer out;
  out.study = prepared->study.name, out.file = question.study, out.draws = question.draws;
  out.tolerance = question.tolerance, out.value = first->value, out.quarters = first->quarters;
  for (const auto& site : programme.sites) out.sites.push_back(site.id);
  for (std::size_t k = 0; k < programme.services.size(); ++k) {
    out.services.push_back(programme.services[k].id);
    out.trains.push_back(spec->services[k].trains);
    auto& users = out.users.emplace_back();
    for (const RunUsers& some : spec->services[k].users) users.push_back(some.region);
  }
  if (question.margin == MarginKind::automatic) {
    out.margin = find_margin(programme, *spec, *first, question.tolerance, context);
  }
  std::vector<OutputFile> files;
  if (const auto folder = context.path_of("csv"); !folder.empty()) {
    files.push_back({folder + "/services.csv", run_services_csv(out)});
    files.push_back({folder + "/sites.csv", run_sites_csv(out)});
  }
  Answer answer = make_answer(AnswerKind::answered, std::move(out), run_text, write_run);
  answer.files = std::move(files);
  return answer;
}

const QuestionTable<RunQuestion>& RunQuestion::table() {
  using Q = RunQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan run", "The plan's fleet run hour by hour: whether it delivers what the plan promises");
    add_plan_study_field(t);
    t.optional("draws", &Q::draws, "Ways that machines come late and leave",
               Rule{.at_least = 1.0, .above = {}, .at_most = 1000.0});
    t.optional("seed", &Q::seed, "Of the draws", not_negative);
    t.optional("failures", &Q::failures, "Times the machines that do not work, and training's failures; 0: none",
               Rule{.at_least = 0.0, .above = {}, .at_most = 100.0});
    t.optional("late", &Q::late, "Times the delays of machines that the study's risks name; 0: none",
               Rule{.at_least = 0.0, .above = {}, .at_most = 100.0});
    t.optional("margin", &Q::margin, "Plan again with more capacity until peaks and failures take nothing");
    t.optional("tolerance", &Q::tolerance, "Share of a service's tokens that may be missing then", fraction);
    add_plan_change_fields(t);
    return t;
  }();
  return table;
}

Question run_question() {
  return make_question(answer_run,
                       {{"tests/golden/inputs/small.yaml", "a small programme"},
                        {"tests/golden/inputs/small.yaml --draws 5 --margin auto", "with the capacity it lacks"}},
                       run_answer_fields(), {{"csv", "DIR", "Write services and sites by quarter into this folder"}},
                       run_figures);
}

}  // namespace stargate
