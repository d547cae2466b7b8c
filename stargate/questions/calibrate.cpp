// Of training and of engines the fit is printed, to be judged before it is written into the catalogue.
#include "stargate/questions/calibrate.hpp"

#include <fmt/format.h>

#include "stargate/calibration/power_fit.hpp"
#include "stargate/calibration/serving_fit.hpp"
#include "stargate/calibration/training_fit.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/questions/calibrate_kernels.hpp"
#include "stargate/questions/validate.hpp"

namespace stargate {
namespace {

using Q = CalibrateQuestion;

std::vector<std::string> fitted_in_catalogue(const TrainingCoefficients& coefficients) {
  std::vector<std::string> names;
  for (const auto& handle : training_coefficient_handles()) {
    const SourceNote* note = coefficients.source_of(handle.name);
    if (note != nullptr && note->fitted) names.emplace_back(handle.name);
  }
  return names;
}

template <class Coefficients>
void write_coefficients(JsonWriter& json, const Coefficients& coefficients) {
  json.key("coefficients").begin_array();
  for (const auto& c : coefficients) {
    json.begin_object().member("name", c.name).member("before", c.before).member("fitted", c.after);
    json.member("lowest", c.lower).member("highest", c.upper).end_object();
  }
  json.end_array();
}

void write_training_fit(JsonWriter& json, const TrainingFit& fit) {
  json.member("schema_version", 1).key("fits").begin_array().begin_object();
  json.member("record", "training:coefficients").member("rows", fit.rows).member("loss_before", fit.loss_before);
  json.member("loss", fit.loss_after);
  write_coefficients(json, fit.coefficients);
  json.end_object().end_array().key("left_out").begin_array();
  for (const auto& s : fit.left_out) {
    json.begin_object().member("source", s.source).member("rows", s.rows).member("median_pct", s.median_pct);
    json.member("mean_pct", s.mean_pct).member("bias_pct", s.bias_pct).end_object();
  }
  json.end_array();
}

void write_serving_fit(JsonWriter& json, const ServingFit& fit) {
  json.member("schema_version", 1).key("fits").begin_array();
  for (const auto& engine : fit.engines) {
    json.begin_object().member("record", "engine:" + engine.id).member("rows", engine.rows);
    json.member("loss_before", engine.loss_before).member("loss", engine.loss_after);
    write_coefficients(json, engine.coefficients);
    json.end_object();
  }
  json.end_array().key("left_out").begin_array();
  for (const auto& h : fit.held_out) {
    json.begin_object().member("source", h.source).member("engine", h.engine);
    const auto figure = [&](const char* name, double pct) {
      if (pct >= 0) json.member(name, pct);
    };
    figure("tpot_pct", h.tpot_pct), figure("ttft_pct", h.ttft_pct), figure("throughput_pct", h.throughput_pct);
    json.end_object();
  }
  json.end_array();
}

/// Without names those coefficients are fitted that the catalogue's record marks `fitted: true`.
Result<Answer> calibrate_training(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  const auto rows = load_measured_rows(context.files, *q.training);
  if (!rows) return rows.faults();
  TrainingFitQuestion question{q.coefficients, q.leave_out};
  if (question.names.empty()) question.names = fitted_in_catalogue(training_coefficients(catalogue));
  context.progress("fitting");
  auto fit = fit_training(catalogue, *rows, question);
  if (!fit) return fit.faults();
  return make_answer<TrainingFit>(
      AnswerKind::answered, std::move(*fit), [](const TrainingFit& f) { return format_training_fit(f); },
      write_training_fit);
}

void write_power_fit(JsonWriter& json, const PowerFit& fit) {
  json.member("schema_version", 1).key("fits").begin_array();
  for (const auto& a : fit.architectures) {
    json.begin_object().member("record", "architecture:" + a.architecture).member("rows", a.rows);
    json.member("power_pct", a.power.median_pct).member("time_pct", a.sustained.median_pct);
    write_coefficients(json, a.coefficients);
    json.end_object();
  }
  json.end_array();
}

Result<Answer> calibrate_power(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  context.progress("fitting");
  auto fit = fit_power(catalogue, *q.power);
  if (!fit) return fit.faults();
  return make_answer<PowerFit>(
      AnswerKind::answered, std::move(*fit), [](const PowerFit& f) { return format_power_fit(f); }, write_power_fit);
}

Result<Answer> calibrate_serving(const Q& q, const Catalogue& catalogue, const QuestionContext& context) {
  const auto rows = load_measured_serving(context.files, *q.serving);
  if (!rows) return rows.faults();
  ServingFitQuestion question;
  question.names = q.coefficients;
  question.leave_out = q.leave_out;
  context.progress("fitting");
  auto fit = fit_serving(catalogue, *rows, question);
  if (!fit) return fit.faults();
  return make_answer<ServingFit>(
      AnswerKind::answered, std::move(*fit), [](const ServingFit& f) { return format_serving_fit(f); },
      write_serving_fit);
}

/// A field that the chosen measurements do not use is a fault: it would change nothing.
Check check_effects(const Q& q, const QuestionContext& context) {
  const auto idle = [&](const char* field, const char* of) {
    return context.fault(field, std::string("has no effect here: it is of ") + of, "leave it out");
  };
  if (q.kernels) {
    if (!q.coefficients.empty()) return idle("coefficients", "--training and --serving");
    if (q.leave_out) return idle("leave_out", "--training and --serving");
    return Done{};
  }
  if (q.collectives) return idle("collectives", "--kernels");
  if (!q.device.empty()) return idle("device", "--kernels");
  if (!q.law.empty()) return idle("law", "--kernels");
  if (q.out) return idle("out", "--kernels");
  if (q.power && !q.coefficients.empty()) return idle("coefficients", "--training and --serving");
  if (q.power && q.leave_out) return idle("leave_out", "--training and --serving");
  return Done{};
}

}  // namespace

const QuestionTable<CalibrateQuestion>& CalibrateQuestion::table() {
  static const auto table = [] {
    QuestionTable<Q> t("calibrate", "Fit coefficients to measurements; of kernels they are written, others printed");
    t.group("Measurements, one of")
        .optional("kernels", &Q::kernels, "Folder of DEVICE.TABLE.ENGINE-VERSION.csv[.gz]: laws of operators")
        .type("DIR");
    t.optional("power", &Q::power, "Folder of tables of products with power_w: what families of chips draw").type("DIR");
    t.optional("training", &Q::training, "Table of measured training runs").type("FILE.csv");
    t.optional("serving", &Q::serving, "Table of measured serving figures").type("FILE.csv");
    t.group("Of kernels")
        .optional("collectives", &Q::collectives, "CSV of collective sweeps, inside nodes and across")
        .type("FILE");
    t.optional("device", &Q::device, "Only these devices").alias("devices").commas();
    t.optional("law", &Q::law, "Only these laws").alias("laws").commas();
    t.optional("out", &Q::out, "Folder to write to").otherwise("calibration/ of the catalogue").type("DIR");
    t.group("Of training and serving")
        .optional("coefficients", &Q::coefficients, "Only these")
        .commas()
        .otherwise("those that the catalogue says are fitted");
    t.optional("leave_out", &Q::leave_out, "Fit again without each source and judge it by that");
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_calibrate(const CalibrateQuestion& question, const QuestionContext& context) {
  if (auto one = check_one_of(
          context, {{"kernels", &question.kernels}, {"power", &question.power}, {"training", &question.training}, {"serving", &question.serving}});
      !one) {
    return one.faults();
  }
  if (auto effects = check_effects(question, context); !effects) return effects.faults();
  auto catalogue = load_changed_catalogue(context, question);
  if (!catalogue) return catalogue.faults();
  if (question.kernels) return calibrate_kernels(question, *catalogue, context);
  if (question.power) return calibrate_power(question, *catalogue, context);
  return question.training ? calibrate_training(question, *catalogue, context)
                           : calibrate_serving(question, *catalogue, context);
}

Question calibrate_question() {
  AnswerFields fields = kernel_fit_fields();
  add_answer_fields(fields, "",
                    {{"fits[]/record", "text", "Power, training, serving: whose coefficients"},
                     {"fits[]/power_pct", "number", "Power: median error of the power"},
                     {"fits[]/time_pct", "number", "Power: median error of the time of busy products"},
                     {"fits[]/rows", "integer", "Used"},
                     {"fits[]/loss_before", "number", "Of the catalogue's coefficients"},
                     {"fits[]/loss", "number", "Of the fitted ones"},
                     {"fits[]/coefficients[]/name", "text", "Field of the record"},
                     {"fits[]/coefficients[]/before", "number", "Durations in seconds"},
                     {"fits[]/coefficients[]/fitted", "number", "Durations in seconds"},
                     {"fits[]/coefficients[]/lowest", "number", "Bound of the fit"},
                     {"fits[]/coefficients[]/highest", "number", "Bound of the fit"},
                     {"left_out[]/source", "text", "Judged by coefficients fitted without it"},
                     {"left_out[]/engine", "text", "Serving: record"},
                     {"left_out[]/rows", "integer", "Training"},
                     {"left_out[]/median_pct", "number", "Training: of the step time"},
                     {"left_out[]/mean_pct", "number", "Training: of the step time"},
                     {"left_out[]/bias_pct", "number", "Training: of the step time"},
                     {"left_out[]/tpot_pct", "number", "Serving: median"},
                     {"left_out[]/ttft_pct", "number", "Serving: median"},
                     {"left_out[]/throughput_pct", "number", "Serving: median"}});
  return make_question(answer_calibrate,
                       {{"--training tests/golden/inputs/measured_training.csv --coefficients sustained",
                         "one coefficient to three runs"}},
                       std::move(fields));
}

}  // namespace stargate
