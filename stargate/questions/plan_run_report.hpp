// What `plan run` tells: its figures, and their forms as text, JSON and CSV.
#pragma once

#include "stargate/planner/run_in_time.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// Of one service over the horizon; Mtok.
struct RunSummary {
  double promised = 0, delivered = 0, low = 0, missing_usd = 0;  ///< low: one draw of ten in each quarter
  RunMissing missing;
};
RunSummary summary_of(const std::vector<RunQuarter>& quarters, std::size_t service);

/// The plan made again with more capacity for its promises.
struct RunMargin {
  std::vector<double> margins;  ///< by service, over the peak it was built for
  std::vector<RunQuarter> quarters;
  double value = 0;             ///< of the plan, dollars
  int plans = 0;                ///< made until then
  bool closed = false;          ///< within the tolerance
};

struct RunAnswer {
  std::string study, file;
  std::int64_t draws = 0;
  double tolerance = 0;
  std::vector<std::string> services, sites;        ///< ids
  std::vector<std::vector<std::string>> users;     ///< regions, by service
  std::vector<bool> trains;                        ///< by service
  double value = 0;                                ///< of the plan, dollars
  std::vector<RunQuarter> quarters;
  std::optional<RunMargin> margin;
};

std::string run_text(const RunAnswer& answer);
void write_run(JsonWriter& json, const RunAnswer& answer);
AnswerFields run_answer_fields();
std::string run_services_csv(const RunAnswer& answer);
std::string run_sites_csv(const RunAnswer& answer);

}  // namespace stargate
