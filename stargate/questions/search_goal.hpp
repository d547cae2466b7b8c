// What a search is to make least or most, from its fields. For one number of accelerators time, cost and
// tokens by a date want the same layout, the fastest; they differ in how they choose among several numbers.
#pragma once

#include <optional>

#include "stargate/questions/goodput_terms.hpp"
#include "stargate/questions/layout_answer.hpp"
#include "stargate/questions/training_job.hpp"

namespace stargate {

enum class TrainObjective { time, cost, energy, tokens_by };

/// Fields of a question that searches.
struct SearchFields : SearchBounds {
  std::string objective = "time";  ///< "time", "cost", "energy", or tokens by a date
  std::string start;               ///< of training, for a goal with a date
  std::optional<MoneyRate> price;  ///< of an accelerator hour
};

template <class Q>
void add_search_fields(QuestionTable<Q>& t) {
  t.group("The search")
      .optional("objective", &Q::objective, "time, cost, energy, or tokens-by and a date or time such as 90d")
      .words(2)
      .optional("start", &Q::start, "Day the job starts, where tokens-by has a date")
      .type("DATE")
      .optional("price", &Q::price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership", not_negative)
      .type("PRICE")
      .optional("top", &Q::top, "Best sets of parallel sizes to show",
                {.at_least = 1.0, .above = {}, .at_most = 1000.0});
  const auto limit = [&](const char* name, int SearchBounds::*member, const char* sentence) {
    t.optional(name, member, sentence, parallel_size).otherwise("");
  };
  limit("max_tp", &SearchBounds::max_tp, "Largest tensor parallel size; else the scale-up domain");
  limit("max_pp", &SearchBounds::max_pp, "Largest pipeline parallel size");
  limit("max_vpp", &SearchBounds::max_vpp, "Most virtual stages a rank");
  limit("max_cp", &SearchBounds::max_cp, "Largest context parallel size");
  limit("max_ep", &SearchBounds::max_ep, "Largest expert parallel size");
  limit("max_micro_batch_size", &SearchBounds::max_micro_batch_size, "Largest micro-batch");
}

struct SearchGoal {
  TrainObjective objective = TrainObjective::time;  ///< what `best` is best in
  Duration horizon;                                 ///< tokens_by: from the start to the date
  std::string by;                                   ///< tokens_by: the date or duration as written
  bool dated = false;                               ///< `by` is a date
  std::optional<MoneyRate> price;                   ///< of an accelerator; else rent or ownership

  std::string when() const { return (dated ? "by " : "in ") + by; }
};
/// Faults: an objective of no such name, tokens-by without a date or a duration, a date before the start.
Result<SearchGoal> make_search_goal(const SearchFields& fields, const QuestionContext& context);
/// The goal of a single search: cost and tokens by a date want the fastest layout too.
SearchObjective search_objective(const SearchGoal& goal);

/// The best layout on one number of accelerators.
struct CountAnswer {
  TrainingJob job;                   ///< on this number of accelerators
  SearchReport search;               ///< layouts on that many
  HourPrice price;                   ///< of one accelerator
  std::optional<LayoutAnswer> best;  ///< empty: nothing fits or meets the goal
  double effective = 1;              ///< tokens_by: share of the time in steps that last (goodput)
  Tokens tokens;                     ///< tokens_by: in all
  std::int64_t accelerators = 0;     ///< tokens_by: with spares
};

/// A job and where it is asked about.
struct CountQuestion {
  const Catalogue& catalogue;
  const TrainingJob& job;
  const SearchLimits& limits;
};
/// Faults: a fleet without failure rates.
Result<CountAnswer> answer_count(const CountQuestion& question, const SearchGoal& goal, const QuestionContext& context);

/// Less is better.
double goal_value(const SearchGoal& goal, const CountAnswer& answer);
/// Where `other` of the ranking stands behind the best: "2.10 % slower, pipeline bubble 350 ms more".
std::string why_it_lost(const SearchGoal& goal, const LayoutAnswer& best, const LayoutAnswer& other);

}  // namespace stargate
