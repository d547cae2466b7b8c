// The family of a chip, and what its kernels reach where nobody has measured the chip itself: launches and shares of
// the data sheet, from the literature. perf/literature_law.hpp turns them into times; measured coefficients
// (catalogue/calibration/) go before them and carry over within a family.
#pragma once

#include "stargate/catalogue/source.hpp"

namespace stargate {

/// The figures alone, as laws hold them.
struct KernelShares {
  Duration launch = 4 * microsecond;  ///< start and drain of one kernel in a captured graph
  double best_gemm = 0.8;             ///< best share of peak over shapes, where no measurement of the device exists
  double usual_shape = 0.92;          ///< rate of the shapes of models over that of the best shape in a sweep
  double k_half = 256;                ///< depth at which a tile's pipeline has half its rate lost to fill and drain
  double tile = 128;                  ///< rows and columns of an output tile (fewer rows when m is small)
  double memory_share = 0.88;         ///< of the peak bandwidth a stream reaches
  double expert_rate = 0.5;    ///< rate of the experts of a layer, many small products at once, to that of a plain one
  double expert_stream = 0.9;  ///< bandwidth at which their weights are read, to that of a plain stream
  double attention_forward = 0.6, attention_backward = 0.48;  ///< share of peak, long sequences
  Power running_power;                            ///< drawn while kernels run that do nothing
  double product_picojoules = 0;                  ///< of a 16-bit operation at full clock; 0: not known
  double stream_picojoules = 0;                   ///< of a byte to or from memory
};

/// One record of catalogue/architectures/. Its id is what Accelerator::architecture names.
struct Architecture : Record, KernelShares {
  std::string family;            ///< architectures of one name lend to each other: "tpu"; empty: alone
  bool from_whole_runs = false;  ///< its shares were found from published runs of its chips
  static const RecordTable<Architecture>& table();
};

}  // namespace stargate
