// `stargate train`: step time, memory and MFU of a layout. `stargate train search`: the best layout there is, which
// `train` answers with too when it is given none.
#pragma once

#include "stargate/app/session.hpp"
#include "stargate/app/training_recipe_flags.hpp"

namespace stargate {

struct TrainFlags {
  std::string model, system;
  std::int64_t gpus = 0, global_batch_size = 1024, seq_length = 8192;
  std::vector<std::int64_t> gpu_counts;       ///< a search may compare several; `gpus` is the first
  std::string precision = "bf16", recompute;  ///< recompute empty: none, or searched
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
  bool compare = false;  ///< the answer as written beside the changed one
  bool json = false;
};

/// Of `train search`, whose job and fixed sizes are those of TrainFlags.
struct TrainSearchFlags {
  std::vector<std::string> objective{"time"};  ///< time, cost, energy, or tokens-by and a date or duration
  std::string start;                           ///< of the job, where tokens-by has a date
  std::string price;                           ///< of an accelerator; empty: rent or ownership
  int top = 5;
  int max_tp = 0, max_pp = 0, max_vpp = 0, max_cp = 0, max_ep = 0, max_micro_batch_size = 0;  ///< 0: no limit
  std::string csv_file;
};

void train(Session& session, const TrainFlags& flags);
void train_search(Session& session, const TrainFlags& flags, const TrainSearchFlags& search);

}  // namespace stargate
