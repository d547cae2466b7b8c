// Published cases (the catalogue's published_cases.yaml): what somebody measured or saw, and the whole question that
// asks for it here. Whatever a case says is answered by the command that a user runs.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/measured/validation_report.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

struct PublishedFigure {
  std::string path;      ///< in the answer's JSON: "fits", "memory/total_bytes"
  std::string text;      ///< as published: "65.97 GiB", "true"
  double published = 0;  ///< in the answer's unit; 0 or 1 of true and false
  bool is_yes_or_no = false;
};

struct PublishedCase {
  std::string name, source, note;  ///< of the case; id of a source; what the publication leaves open
  const Question* question;        ///< of the registry
  Document asked;                  ///< its fields
  std::vector<PublishedFigure> figures;
};

struct PredictedFigure {
  const PublishedCase* of;
  const PublishedFigure* figure;
  std::optional<double> predicted;  ///< empty: the answer has no such figure, as where a model does not fit
  std::string error_text() const;   ///< "+3.1 %", "right", "WRONG", "none"
  bool is_right(double tolerance) const;  ///< within this share; of yes and no: the same
};

struct CaseValidation {
  ValidationReport report;
  std::vector<PredictedFigure> figures;  ///< in the order of the file; they point at the cases judged
};

/// Faults, with their lines: no question, a source that is not in the catalogue, a figure that is no number.
Result<std::vector<PublishedCase>> load_published_cases(const FileReader& files, const std::string& path,
                                                        const Catalogue& catalogue);
/// Asks each question once. Faults: those of the questions.
Result<CaseValidation> validate_cases(const std::vector<PublishedCase>& cases, std::size_t worst,
                                      const QuestionContext& context);

std::string format_case_validation_text(const CaseValidation& validation);
void write_case_validation(JsonWriter& json, const CaseValidation& validation);
std::string format_case_validation_csv(const CaseValidation& validation);

}  // namespace stargate
