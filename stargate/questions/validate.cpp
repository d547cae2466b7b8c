// One kind of measurements a question: each has its own predictions and report, whose forms are that report's.
#include "stargate/questions/validate.hpp"

#include <fmt/format.h>

#include "stargate/calibration/calibrate.hpp"
#include "stargate/measured/published_cost.hpp"
#include "stargate/measured/request_replay.hpp"
#include "stargate/measured/serving_validation.hpp"
#include "stargate/measured/training_validation.hpp"
#include "stargate/measured/validation_json.hpp"
#include "stargate/questions/published_cases.hpp"

namespace stargate {
namespace {

using Q = ValidateQuestion;

/// Rows are kept beside what points at them.
template <class Row, class Validation>
struct Judged {
  std::vector<Row> rows;
  Validation validation;
};

Hidden hidden_of(const Q& q) {
  return q.leave_out_architecture ? Hidden::architecture : q.leave_out ? Hidden::device : Hidden::nothing;
}

Result<Answer> validate_kernels(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  if (list_kernel_tables(*q.kernels).empty()) {
    return context.fault("kernels", "there are no kernel tables in " + *q.kernels,
                         "they are named DEVICE.TABLE.ENGINE-VERSION.csv");
  }
  const KernelValidation question{
      {*q.kernels, q.collectives.value_or(""), q.device, q.law}, hidden_of(q), static_cast<std::size_t>(q.worst)};
  auto report = validate_kernels(catalogue, make_law_fits(catalogue), question,
                                 [&](std::size_t done, std::size_t all, const std::string& name) {
                                   context.progress(fmt::format("[{}/{}] {}", done, all, name));
                                 });
  return make_answer<ValidationReport>(
      AnswerKind::answered, std::move(report),
      [](const ValidationReport& r) { return format_validation_text(r, "ms"); },
      [](JsonWriter& json, const ValidationReport& r) { write_validation(json, r); });
}

// How rows of a kind are judged, and what is made of it.
struct TrainingRows {
  static constexpr auto judge = stargate::validate_training;
  static constexpr auto text = format_training_validation_text;
  static constexpr auto json = write_training_validation;
  static constexpr auto csv = format_training_validation_csv;
};
struct ServingRows {
  static constexpr auto judge = stargate::validate_serving;
  static constexpr auto text = format_serving_validation_text;
  static constexpr auto json = write_serving_validation;
  static constexpr auto csv = format_serving_validation_csv;
};
struct CostRows {
  static constexpr auto judge = stargate::validate_cost;
  static constexpr auto text = format_cost_validation_text;
  static constexpr auto json = write_cost_validation;
  static constexpr auto csv = format_cost_validation_csv;
};

/// With every prediction as a file, where one is asked for.
template <class Of, class Row>
Result<Answer> judge_rows(Result<std::vector<Row>> rows, const Q& q, const Catalogue& catalogue,
                          const QuestionContext& context) {
  if (!rows) return rows.faults();
  context.progress(fmt::format("{} rows", rows->size()));
  using Report = Judged<Row, decltype(Of::judge(catalogue, *rows, 0))>;
  Report report{std::move(*rows), {}};
  report.validation = Of::judge(catalogue, report.rows, static_cast<std::size_t>(q.worst));
  const std::string file = context.path_of("rows");
  const std::string csv = file.empty() ? "" : Of::csv(report.validation);
  Answer answer = make_answer<Report>(
      AnswerKind::answered, std::move(report), [](const Report& r) { return Of::text(r.validation); },
      [](JsonWriter& json, const Report& r) { Of::json(json, r.validation); });
  if (!file.empty()) answer.files.push_back({file, csv});
  return answer;
}

Result<Answer> validate_training(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  return judge_rows<TrainingRows>(load_measured_rows(context.files, *q.training), q, catalogue, context);
}

Result<Answer> validate_serving(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  return judge_rows<ServingRows>(load_measured_serving(context.files, *q.serving), q, catalogue, context);
}

Result<Answer> validate_cost(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  return judge_rows<CostRows>(load_published_costs(context.files, context.catalogue_folder, catalogue), q, catalogue,
                              context);
}

/// Cases are whole questions: they load the catalogue that they ask for.
Result<Answer> validate_cases(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  auto cases = load_published_cases(context.files, *q.cases, catalogue);
  if (!cases) return cases.faults();
  using Report = Judged<PublishedCase, CaseValidation>;
  Report report{std::move(*cases), {}};
  auto judged = validate_cases(report.rows, static_cast<std::size_t>(q.worst), context);
  if (!judged) return judged.faults();
  report.validation = std::move(*judged);
  const std::string file = context.path_of("rows");
  const std::string csv = file.empty() ? "" : format_case_validation_csv(report.validation);
  Answer answer = make_answer<Report>(
      AnswerKind::answered, std::move(report), [](const Report& r) { return format_case_validation_text(r.validation); },
      [](JsonWriter& json, const Report& r) { write_case_validation(json, r.validation); });
  if (!file.empty()) answer.files.push_back({file, csv});
  return answer;
}

Result<Answer> validate_requests(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  const auto measured = load_measured_requests(context.files, *q.requests);
  if (!measured) return measured.faults();
  using Runs = std::vector<ReplayedRun>;
  Runs runs;
  for (const auto& run : *measured) {
    context.progress("replaying " + run.name);
    runs.push_back(replay_run(catalogue, run));
  }
  return make_answer<Runs>(
      AnswerKind::answered, std::move(runs), [](const Runs& r) { return format_replay_text(r); },
      [](JsonWriter& json, const Runs& r) { write_replay(json, r); });
}

/// A field that the chosen measurements do not use is a fault: it would change nothing.
Check check_effects(const Q& q, const QuestionContext& context) {
  const auto idle = [&](const char* field, const char* of) {
    return context.fault(field, std::string("has no effect here: it is of ") + of, "leave it out");
  };
  if (!q.kernels) {
    if (q.collectives) return idle("collectives", "--kernels");
    if (!q.device.empty()) return idle("device", "--kernels");
    if (!q.law.empty()) return idle("law", "--kernels");
    if (q.leave_out) return idle("leave_out", "--kernels");
    if (q.leave_out_architecture) return idle("leave_out_architecture", "--kernels");
  }
  if (q.requests && q.worst > 0) return idle("worst", "--kernels, --training, --serving, --cost and --cases");
  if (!q.training && !q.serving && !q.cost && !q.cases && !context.path_of("rows").empty()) {
    return idle("rows", "--training, --serving, --cost and --cases");
  }
  if (q.cases && !(q.set.empty() && q.without.empty())) {
    return context.fault(q.set.empty() ? "without" : "set", "has no effect here: cases are whole questions",
                         "write it into the case's own question");
  }
  return Done{};
}

AnswerFields group_fields(const char* list) {
  const AnswerFields parts{{"source", "text", "Where the measurements come from"},
                           {"accelerator", "text", "Id"},
                           {"engine", "text", "Or framework"},
                           {"precision", "text", "Of the multiplies or weights"},
                           {"metric", "text", "What was measured"},
                           {"completeness", "text", "How much of its configuration a row states"},
                           {"basis", "text", "What the predictions rest on"},
                           {"rows", "integer", "Measured"},
                           {"predicted", "integer", "Of them"},
                           {"median_pct", "number or null", "Of the absolute relative errors"},
                           {"mean_pct", "number or null", "Of the absolute relative errors"},
                           {"p90_pct", "number or null", "Of the absolute relative errors"},
                           {"bias_pct", "number or null", "Median of the relative errors"},
                           {"above_pct", "number or null", "Share of the rows predicted above what was measured"}};
  AnswerFields out;
  add_answer_fields(out, std::string(list) + "[]/", parts);
  return out;
}

}  // namespace

const QuestionTable<ValidateQuestion>& ValidateQuestion::table() {
  static const auto table = [] {
    QuestionTable<Q> t("validate", "How far predictions are from measurements");
    t.group("Measurements, one of")
        .optional("kernels", &Q::kernels, "Folder of DEVICE.TABLE.ENGINE-VERSION.csv[.gz]")
        .type("DIR");
    t.optional("training", &Q::training, "Table of measured training runs").type("FILE.csv");
    t.optional("serving", &Q::serving, "Table of measured serving figures").type("FILE.csv");
    t.optional("requests", &Q::requests, "Measured runs, a row a request").type("FILE.csv");
    t.optional("cost", &Q::cost, "Published costs, of the catalogue's published_costs.csv");
    t.optional("cases", &Q::cases, "Published cases, whole questions each, as the catalogue's published_cases.yaml")
        .type("FILE.yaml");
    t.group("Of kernels")
        .optional("collectives", &Q::collectives, "CSV of collective sweeps, inside nodes and across")
        .type("FILE");
    t.optional("device", &Q::device, "Only these devices").alias("devices").commas();
    t.optional("law", &Q::law, "Only these laws").alias("laws").commas();
    t.optional("leave_out", &Q::leave_out, "Predict each device with the coefficients other devices lend");
    t.optional("leave_out_architecture", &Q::leave_out_architecture,
               "Predict each device with what other architectures' kernels would take on it");
    t.group("Shown").optional("worst", &Q::worst, "Rows it gets most wrong",
                              {.at_least = 0.0, .above = {}, .at_most = 1e6});
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_validate(const ValidateQuestion& question, const QuestionContext& context) {
  const std::optional<std::string> costs = question.cost ? std::optional(context.catalogue_folder) : std::nullopt;
  if (auto one = check_one_of(context, {{"kernels", &question.kernels},
                                        {"training", &question.training},
                                        {"serving", &question.serving},
                                        {"requests", &question.requests},
                                        {"cost", &costs},
                                        {"cases", &question.cases}});
      !one) {
    return one.faults();
  }
  if (auto effects = check_effects(question, context); !effects) return effects.faults();
  auto catalogue = load_changed_catalogue(context, question);
  if (!catalogue) return catalogue.faults();
  catalogue->confidence = question.confidence;
  if (question.kernels) return validate_kernels(question, *catalogue, context);
  if (question.training) return validate_training(question, *catalogue, context);
  if (question.serving) return validate_serving(question, *catalogue, context);
  if (question.cost) return validate_cost(question, *catalogue, context);
  if (question.cases) return validate_cases(question, *catalogue, context);
  return validate_requests(question, *catalogue, context);
}

Question validate_question() {
  AnswerFields fields;
  for (const char* list : {"groups", "overall", "by_source", "by_figure", "by_completeness"}) {
    add_answer_fields(fields, "", group_fields(list));
  }
  add_answer_fields(fields, "",
                    {{"skipped[]/reason", "text", "Why rows were not predicted"},
                     {"skipped[]/rows", "integer", "So many"},
                     {"rules_applied/*", "integer", "Rows that the rule of that name turned into columns"},
                     {"worst[]/source", "text", "Where it was measured"},
                     {"worst[]/row", "text", "The row in words"},
                     {"worst[]/measured", "number", "In the unit of its metric"},
                     {"worst[]/predicted", "number", "In the unit of its metric"},
                     {"rank_correlation/median_spearman", "number", "Training: of the sources"},
                     {"rank_correlation/sources[]/source", "text", "Where layouts were compared"},
                     {"rank_correlation/sources[]/sets", "integer", "Of four or more layouts of one job"},
                     {"rank_correlation/sources[]/configurations", "integer", "In them"},
                     {"rank_correlation/sources[]/median_spearman", "number", "Of its sets"},
                     {"costs[]/figure", "text", "Costs: its name, which says its unit"},
                     {"costs[]/system", "text", "Id"},
                     {"costs[]/owner", "text", "Id"},
                     {"costs[]/cluster", "number", "Accelerators joined by one network"},
                     {"costs[]/stated", "text", "stated, or the publisher's placeholder"},
                     {"costs[]/source", "text", "Where it was published"},
                     {"costs[]/published_low", "number", "In the unit of the figure"},
                     {"costs[]/published_high", "number", "In the unit of the figure"},
                     {"costs[]/predicted", "number", "At the likely price of the system"},
                     {"costs[]/predicted_low", "number", "At its lowest price"},
                     {"costs[]/predicted_high", "number", "At its highest price"},
                     {"costs[]/error_pct", "number", "Of the prediction, from the near end of what is published"},
                     {"cases[]/case", "text", "Cases: its name"},
                     {"cases[]/source", "text", "Id"},
                     {"cases[]/question", "text", "JSON that `stargate ask` takes"},
                     {"cases[]/figure", "text", "Its path in the answer's JSON"},
                     {"cases[]/published", "number", "In the unit of the answer; 1 and 0 of yes and no"},
                     {"cases[]/predicted", "number or null", "In the unit of the answer"},
                     {"cases[]/error", "text", "Of the prediction; right or WRONG of yes and no"},
                     {"cases[]/note", "text", "What the publication leaves open"},
                     {"runs[]/run", "text", "Requests: its name"},
                     {"runs[]/requests", "integer", "Measured"},
                     {"runs[]/predicted", "integer", "Of them"},
                     {"runs[]/skipped", "text", "Why it could not be replayed"},
                     {"runs[]/mean_batch", "number", "Sequences decoding in a step"},
                     {"runs[]/statistics[]/metric", "text", "ttft, tpot or e2e"},
                     {"runs[]/statistics[]/statistic", "text", "mean or a percentile"},
                     {"runs[]/statistics[]/measured_ms", "number", "Over the requests"},
                     {"runs[]/statistics[]/predicted_ms", "number", "Over the requests"},
                     {"runs[]/statistics[]/error_pct", "number", "Of the prediction"}});
  return make_question(
      answer_validate,
      {{"--training tests/golden/inputs/measured_training.csv --worst 2", "training runs, and the two most wrong"},
       {"--serving tests/golden/inputs/measured_serving.csv", "serving figures"},
       {"--cost", "costs of machines, as published"},
       {"--cases catalogue/published_cases.yaml", "what others saw, asked as whole questions"}},
      std::move(fields), {{"rows", "FILE.csv", "Training, serving, costs, cases: every prediction"}});
}

}  // namespace stargate
