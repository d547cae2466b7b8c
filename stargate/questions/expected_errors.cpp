// One small file, read when a question is asked.
#include "stargate/questions/expected_errors.hpp"

namespace stargate {

const RecordTable<ServingErrors>& ServingErrors::table() {
  using E = ServingErrors;
  static const auto table = RecordTable<E>("serving errors", "Medians over measured runs of an engine's record.")
                                .optional("tpot", &E::tpot, "Of TPOT.", not_negative)
                                .optional("ttft", &E::ttft, "Of TTFT.", not_negative)
                                .optional("throughput", &E::throughput, "Of tokens a second.", not_negative)
                                .required("rows", &E::rows, "Figures judged.", not_negative);
  return table;
}

const RecordTable<TrainingErrors>& TrainingErrors::table() {
  using E = TrainingErrors;
  static const auto table = RecordTable<E>("training errors", "The median over measured runs.")
                                .required("step_time", &E::step_time, "Of the time of a step.", not_negative)
                                .required("rows", &E::rows, "Runs judged.", not_negative);
  return table;
}

const RecordTable<ExpectedErrors>& ExpectedErrors::table() {
  using E = ExpectedErrors;
  static const auto table = RecordTable<E>("expected errors", "How far predictions were from measured runs.")
                                .optional("serving", &E::serving, "By the id of the engine's record.")
                                .optional("training", &E::training, "Of training.");
  return table;
}

Result<ExpectedErrors> load_expected_errors(const QuestionContext& context) {
  const std::string path = context.catalogue_folder + "/expected_errors.yaml";
  const auto text = context.files.read(path);
  if (!text) return ExpectedErrors{};
  auto document = parse_yaml(path, *text);
  if (!document) return document.faults();
  return read_record<ExpectedErrors>(*document);
}

std::string format_serving_errors(const ExpectedErrors& errors, const std::string& engine_record) {
  const auto found = errors.serving.find(engine_record);
  std::string out;
  if (found != errors.serving.end()) {
    const auto add = [&](const char* what, const std::optional<double>& error) {
      if (error) out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", what, 100 * *error);
    };
    add("TPOT", found->second.tpot), add("TTFT", found->second.ttft), add("throughput", found->second.throughput);
  }
  if (out.empty()) return "not known: no measured runs of these versions";
  return fmt::format("half of {} measured figures are within {}", found->second.rows, out);
}

std::string format_training_errors(const ExpectedErrors& errors) {
  if (!errors.training) return "not known";
  return fmt::format("half of {} measured runs are within {:.0f} %", errors.training->rows,
                     100 * errors.training->step_time);
}

}  // namespace stargate
