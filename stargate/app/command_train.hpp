// `stargate train`: step time, memory and MFU of a layout, or the best layout there is.
#pragma once

#include "stargate/app/session.hpp"
#include "stargate/app/training_recipe_flags.hpp"

namespace stargate {

struct TrainFlags {
  std::string model, system;
  std::int64_t gpus = 0, global_batch_size = 1024, seq_length = 8192;
  std::string precision = "bf16", recompute = "none";
  // A layout is given when any of these is; zero means not given.
  int tp = 0, pp = 0, vpp = 0, dp = 0, cp = 0, ep = 0, etp = 0, micro_batch_size = 0, zero = -1;
  bool sequence_parallel = false, ends_as_layers = false, uneven_pipeline = false;
  int shard_size = 0, recompute_layers = 0;
  std::string recompute_modules;
  double offload_activations = 0;
  RecipeFlags recipe;
  bool memory = false;     ///< a table of the memory of a layout
  std::string schedule;    ///< of the layout, or the only one searched; empty: as usual
  std::string trace_file;  ///< .pftrace (Perfetto) or .json (Chrome) of one step; empty: none
  ChangeFlags changes;
  bool json = false;
};

void train(Session& session, const TrainFlags& flags);

}  // namespace stargate
