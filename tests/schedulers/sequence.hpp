// A small language for schedulers: send these, assert these batches. One statement a line, # begins a comment.
//   engine KIND [name=value]...            vllm, sglang, trtllm or static; fields of EngineSpec, blocks=N of the pool
//   send NAME at=MS prompt=N output=N [priority=N] [prefix=x,y,...]     a name for each block of the prompt's beginning
//   step [xN] [preempts NAME...] [prompts NAME:TOKENS...] [decodes NAME...]      the next step, or the next N alike
//   end                                    nothing runs any more
// A step takes 1 ms.
#pragma once

#include <string>
#include <vector>

#include "stargate/engine/engine.hpp"

namespace stargate::scheduler_tests {

struct SequenceFault {
  int line = 0;
  std::string message;
};
/// Runs one text; the first batch that is not as asserted, or a line that cannot be read.
std::vector<SequenceFault> run_sequence(const std::string& text);

}  // namespace stargate::scheduler_tests
