// From the fields of a question to a job and a layout, for every question about training.
#pragma once

#include <memory>

#include "stargate/questions/published_mfu.hpp"
#include "stargate/questions/training_fields.hpp"
#include "stargate/training/search.hpp"

namespace stargate {

/// A job points into its catalogue.
struct AskedJob {
  std::unique_ptr<Catalogue> catalogue;
  std::string expected_error;  ///< in words
  std::string published_text;  ///< what published runs of its kind reach, in words
  std::optional<PublishedMfu> published;  ///< empty: none known
  TrainingJob job;             ///< on the first of the numbers of accelerators
};
/// `changed`: with the changes of `set` and `without`, or as the catalogue is written. Faults: a model or system that
/// is not there, changes that name nothing, a recipe that does not go with the model.
Result<AskedJob> load_asked_job(const TrainingFields& fields, const QuestionContext& context, bool changed = true);

/// The fault of a comparison of nothing; empty when something is changed or nothing is to be compared.
Diagnostics check_comparison(const ChangeFields& fields, bool compare, const QuestionContext& context);

/// The lines that begin an answer; `gpus` in words.
std::string describe_job(const TrainingFields& fields, const AskedJob& asked, const std::string& gpus);

/// Sizes not given are 1, data parallelism what is left of the accelerators. Faults: unknown modules to recompute.
Result<TrainingLayout> make_layout(const TrainingFields& fields, const QuestionContext& context);

/// What limits a search beside the sizes that are fixed; 0: no limit.
struct SearchBounds {
  int top = 5;
  int max_tp = 0, max_pp = 0, max_vpp = 0, max_cp = 0, max_ep = 0, max_micro_batch_size = 0;
};
/// The grid of a search: sizes given are fixed.
Result<SearchLimits> make_search_limits(const TrainingFields& fields, const SearchBounds& bounds,
                                        SearchObjective objective, const QuestionContext& context);

}  // namespace stargate
