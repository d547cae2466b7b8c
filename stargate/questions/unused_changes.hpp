// A change that no part of an answer uses looks like an answer ("more bandwidth brings nothing") and is none. Which
// those are is found by asking: once more without each change, and the same answer means that it acted on nothing.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

/// The question, whose answer ends with a line for each of its changes (`set`, `without`) that no part of it uses; in
/// its JSON they are `unused_changes`. Costs an answer more for each change, so it is for questions answered in a
/// second. The question must take its changes from asked_changes (changes.hpp).
Question tell_unused_changes(Question question);

}  // namespace stargate
