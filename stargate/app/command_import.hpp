// `stargate import`: a layout written for Megatron-LM, torchtitan or NeMo as a command of ours.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ImportFlags {
  std::string file, model, system;
  std::int64_t gpus = 0;
};

void import_file(Session& session, const ImportFlags& flags);

}  // namespace stargate
