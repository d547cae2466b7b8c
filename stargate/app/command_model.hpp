// `stargate model`: what a model is made of and what its tokens cost.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

/// A model of the catalogue or a config.json: parameters, active parameters, bytes, cache and operations a token,
/// layers.
void show_model(Session& session, const std::string& model, bool json);

}  // namespace stargate
