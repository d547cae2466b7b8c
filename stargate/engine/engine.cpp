// The public face; the work is Core's.
#include "stargate/engine/engine.hpp"

#include "stargate/engine/engine_core.hpp"

namespace stargate {

Engine::Engine(const EngineSpec& spec, const StepCost& cost, std::int32_t replica)
    : core_(std::make_unique<Core>(spec, cost, replica)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::submit(const Request& request) { core_->submit(request, nullptr); }
bool Engine::fits(const Request& request) const { return core_->fits(request); }
void Engine::submit_prefilled(const Request& request, const RequestRecord& so_far) { core_->submit(request, &so_far); }
void Engine::release(std::int64_t request_id, SimTime now) { core_->release(request_id, now); }
SimTime Engine::next_event() const { return core_->next_event(); }
void Engine::advance(SimTime until, EngineListener& listener) { core_->advance(until, listener); }
std::vector<Request> Engine::abandon() { return core_->abandon(); }
EngineLoad Engine::load() const { return core_->load(); }
std::int64_t Engine::prefix_match(const Request& request) const { return core_->prefix_match(request); }

}  // namespace stargate
