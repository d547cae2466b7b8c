// Where a simulation's requests come from, one at a time, so that a day of ten million never lies in memory: a trace as
// it was, or tenants who send at their own rhythm. What a request sets off when it is answered (the next turn of a
// conversation, the next request of a benchmark's client) is asked of the source too.
#pragma once

#include <array>
#include <memory>

#include "stargate/traffic/arrivals.hpp"
#include "stargate/traffic/length.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

/// A stretch of a prompt. Stretches of the same content at the same place of a prompt, after the same stretches, hold
/// the same tokens: what a prefix cache can find again.
struct PromptPart {
  /// Equal numbers mean equal content, within one source.
  std::uint64_t content = 0;
  std::int32_t tokens = 0;  ///< of this stretch
};

/// One request as it reaches a gateway. prompt_tokens counts everything in the prompt, the parts included.
struct IncomingRequest {
  SimTime arrival;                                    ///< at the gateway
  std::int64_t number = 0;                            ///< counts up in the order the source gives requests out
  std::int32_t prompt_tokens = 1, output_tokens = 1;  ///< at least 1 each
  std::int32_t tenant = 0, priority = 0;              ///< a smaller priority goes first, as in vLLM
  std::int64_t session = 0;                           ///< requests of a conversation share it
  /// Of its conversation, from 0; how many the conversation will have.
  std::int32_t turn = 0, turns = 1;
  /// Shared by the tenant (instructions, tools), then of the session (documents, what was said so far). What is left of
  /// the prompt is new.
  std::array<PromptPart, 2> parts{};
  std::int64_t row = -1;  ///< of the trace it comes from
};

/// Deterministic: the same source asked in the same order gives the same requests. Used by one thread.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// The next request in order of arrival among those that wait for no other; false when there is none.
  virtual bool next(IncomingRequest& out) = 0;
  /// `done` was answered, or refused, at `time`: the request that sets off, if any. It never arrives before `time`.
  /// False when nothing follows. To be asked once for each request, or a conversation ends early.
  virtual bool follow(const IncomingRequest& done, SimTime time, IncomingRequest& out) = 0;
  /// Ids of the full blocks of `block_tokens` of its prompt, and of its answer when the session goes on, as far as they
  /// may be seen again. Equal ids: equal tokens after equal tokens.
  virtual void prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                             std::vector<std::uint64_t>& out) const;
  /// Names by IncomingRequest::tenant. Fixed for the life of the source.
  virtual const std::vector<std::string>& tenants() const = 0;
};

/// The trace's rows as they came. It outlives the source. Each row is a session of its own; answers set nothing off.
/// Prefix blocks follow the trace's own ids, where it has any.
std::unique_ptr<RequestSource> make_trace_source(const RequestTrace& trace);

/// How a conversation goes on. One turn: requests of their own. Turn k of a session sends the shared prefix, the
/// documents, all that was said in the turns before, and new tokens.
struct SessionSpec {
  double turns = 1;    ///< mean; geometric, at least 1
  double think_s = 0;  ///< mean pause between an answer and the next turn; exponential
  LengthDistribution context = LengthDistribution::fixed(1);  ///< documents put before the first turn
  bool has_context = false;                                   ///< whether `context` is drawn
};

/// One kind of user.
struct TenantTraffic {
  std::string name;
  std::int32_t priority = 0;                                    ///< of all its requests
  ArrivalSpec arrivals;                                         ///< of first turns
  LengthDistribution prompt = LengthDistribution::fixed(1024);  ///< new tokens of a turn
  LengthDistribution output = LengthDistribution::fixed(256);   ///< tokens of an answer
  std::int32_t shared_prefix = 0;  ///< tokens before everything, the same in all of its requests
  SessionSpec session;             ///< single requests by default
  /// Above 0: this many clients, each of which sends the next request when it has been answered; `arrivals` is not
  /// used.
  std::int64_t concurrency = 0;
  /// Not owned; outlives the source.
  const RequestTrace* lengths = nullptr;  ///< rows whose pair of lengths is drawn instead of `prompt` and `output`
};

/// Both may be given: whichever is reached first ends the traffic. Sessions that have begun go on to their end unless
/// the number of requests is reached.
struct TrafficLimit {
  std::int64_t requests = -1;  ///< in all; -1: no limit
  double duration_s = -1;      ///< no first turn begins later; -1: no limit
};

/// Tenants side by side; each has streams of its own, so adding one changes no other. Fails when neither limit is set.
/// Other faults: no tenant, arrivals that fail check_arrivals, turns outside 1 to a million, negative pauses or
/// prefixes; their path begins with the tenant's name. `seed` alone decides the draws.
Result<std::unique_ptr<RequestSource>> make_tenant_source(const std::vector<TenantTraffic>& tenants,
                                                          const TrafficLimit& limit, std::uint64_t seed);

/// First turns a second times turns a session. Requests a second, over a whole day; of a closed loop of clients it
/// means nothing.
double mean_request_rate(const TenantTraffic& tenant);
/// Means over the turns of a session: prompt tokens, output tokens, share of the prompt that earlier turns and other
/// requests have sent before.
struct TenantMeans {
  double isl = 0, osl = 0, cached_share = 0;
};
TenantMeans mean_lengths(const TenantTraffic& tenant);

}  // namespace stargate
