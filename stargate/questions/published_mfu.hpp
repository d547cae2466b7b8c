// What people get: MFU of published training runs, by accelerator, format and kind of model
// (catalogue/published_mfu.yaml, which tools/published_mfu.py makes of the rows of `stargate validate --training`).
// Stands beside a predicted layout, which may use everything a framework can do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stargate/questions/question.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

/// Of runs whose whole configuration is stated, a configuration once. Shares of the dense peak in the format, model
/// operations as StepReport::mfu counts them: the lower quarter lies below `low`, the upper above `high`.
struct PublishedMfu {
  double low = 0, median = 0, high = 0;
  int runs = 0;
  std::vector<std::string> sources;  ///< keys of PublishedMfus::sources
  static const RecordTable<PublishedMfu>& table();
};
struct PublishedMfus {
  std::map<std::string, PublishedMfu> runs;    ///< by "h100-sxm bf16 dense"
  std::map<std::string, std::string> sources;  ///< title by key
  static const RecordTable<PublishedMfus>& table();
};

/// Nothing where the catalogue has no such file: one of the user's own. Faults: the file's, a source it does not name.
Result<PublishedMfus> load_published_mfu(const QuestionContext& context);

/// "h100-sxm bf16 dense" of a job.
std::string published_mfu_key(const TrainingJob& job);
/// "half of 71 published runs of dense models on h100-sxm in bf16 reach 38 to 47 % MFU (median 42 %)".
std::string format_published_mfu(const PublishedMfus& published, const TrainingJob& job);
/// Member "published_mfu"; left out where there are no such runs.
void write_published_mfu(JsonWriter& json, const std::optional<PublishedMfu>& published);
const AnswerFields& published_mfu_fields();

}  // namespace stargate
