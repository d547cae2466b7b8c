// What the answers about serving rest on, in a few milliseconds: figures of a machine under a model, each of which is
// part of every such answer. A size or a simulation takes seconds to minutes; that it uses a change is mostly told by
// these (unused_changes.hpp). Links between accelerators are left out: an answer may do without them.
#pragma once

#include "stargate/questions/serving_fields.hpp"

namespace stargate {

struct ServedMachine {
  const Catalogue& catalogue;
  const System& system;
  const Model& model;
  const ServingMachine& machine;
  const EngineSetup& setup;
  ServingPrecision precision;  ///< of weights and cache
};

/// Times of decoding and of a prompt on one accelerator, memory, power, price and the engine's overheads, as text.
std::string serving_figures(const ServedMachine& served, const HourPrice& price);

}  // namespace stargate
