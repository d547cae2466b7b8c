// What `train search` is to make least or most, from its flags. For one number of accelerators time, cost and
// tokens by a date want the same layout, the fastest; they differ in how they choose among several numbers.
#pragma once

#include <optional>

#include "stargate/app/command_train.hpp"
#include "stargate/app/goodput_question.hpp"
#include "stargate/app/train_report.hpp"
#include "stargate/training/search.hpp"

namespace stargate {

enum class TrainObjective { time, cost, energy, tokens_by };

struct SearchGoal {
  TrainObjective objective = TrainObjective::time;
  Duration horizon;    ///< tokens_by: from the start to the date
  std::string by;      ///< tokens_by: the date or duration as written
  bool dated = false;  ///< `by` is a date
  std::string price;   ///< of an accelerator, as written; empty: rent or ownership

  std::string when() const { return (dated ? "by " : "in ") + by; }
};
Result<SearchGoal> make_search_goal(const TrainSearchFlags& flags);

/// The best layout on one number of accelerators.
struct CountAnswer {
  TrainingJob job;
  SearchReport search;
  HourPrice price;
  std::optional<LayoutAnswer> best;
  double effective = 1;           ///< tokens_by: share of the time in steps that last (goodput)
  Tokens tokens;                  ///< tokens_by: in all
  std::int64_t accelerators = 0;  ///< tokens_by: with spares
};

/// Faults: a price that is none, a fleet without failure rates.
Result<CountAnswer> answer_count(const Catalogue& catalogue, const TrainingJob& job, const SearchLimits& limits,
                                 const SearchGoal& goal);

/// Less is better.
double goal_value(const SearchGoal& goal, const CountAnswer& answer);
/// Where `other` of the ranking stands behind the best: "2.10 % slower, pipeline bubble 350 ms more".
std::string why_it_lost(const SearchGoal& goal, const LayoutAnswer& best, const LayoutAnswer& other);

}  // namespace stargate
