// Fits the law of recurrent layers to tables `gdn`, `kda` and `mamba2`, a row of which is one kernel. Heads are of one
// rank, seq_len the new tokens of each sequence. A group is a rule, a kernel and whose kernel it is
// ("bf16/gdn/scan.flashinfer"). Rows left out by rule: no time or shape; a kernel the law has no place for; faster than
// the chip can be; disturbed, which is over twice what two calls take that ask for no less; tables known to time
// something else than their name says (the list is in the .cpp).
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/recurrent_law.hpp"

namespace stargate {

struct RecurrentRow {
  RecurrentCall call;       ///< of one rank
  double microseconds = 0;  ///< of one call, as measured
};

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_recurrent_rows(const std::vector<RecurrentRow>& rows, const RecurrentDevice& device);

/// Coefficients from all rows given (none held out), which are of one kernel.
RecurrentCoefficients fit_recurrent_rows(const std::vector<RecurrentRow>& rows, const RecurrentDevice& device);

/// Law "recurrent".
std::unique_ptr<LawFit> make_recurrent_fit();

}  // namespace stargate
