// Who may come in and who waits: rate limits by tenant, and the requests the gateway holds until a replica has room.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "stargate/fleet/fleet_spec.hpp"
#include "stargate/sim/time.hpp"

namespace stargate {

/// A token bucket. What is larger than the bucket passes when it is full and leaves a debt. A bucket of less than one
/// is taken as one, so that a single request may pass. Starts full. Without a rate it never refuses.
class TokenBucket {
 public:
  explicit TokenBucket(const RateLimit& limit) : limit_(limit), level_(limit.burst) {}
  /// Whether `amount` would pass at `now`; times must not go back. Fills the bucket up to `now` and takes nothing.
  bool has(SimTime now, double amount);
  /// May leave a debt, which the bucket fills first.
  void take(double amount) { level_ -= amount; }

 private:
  RateLimit limit_;
  double level_;  ///< tokens in the bucket; negative: in debt
  SimTime last_;  ///< when it was last filled
};

/// Both limits of each tenant: a request passes both or takes from neither.
class RateLimiter {
 public:
  explicit RateLimiter(const std::vector<FleetTenant>& tenants);
  /// `tokens`: of prompt and answer together. `tenant` is an index of the fleet's tenants; times must not go back.
  bool admit(int tenant, SimTime now, std::int64_t tokens);

 private:
  std::vector<TokenBucket> requests_, tokens_;  ///< by tenant
};

/// Requests that wait, a line a tenant; the smallest priority first, then who came first.
class HeldRequests {
 public:
  /// `slot` is the caller's number of the request.
  struct Held {
    int slot = 0;               ///< of the caller's table
    std::int32_t priority = 0;  ///< smaller first
    SimTime arrival;            ///< at the gateway
  };
  /// One line a tenant, by index.
  explicit HeldRequests(std::size_t tenants) : lines_(tenants) {}

  void add(int tenant, const Held& held) { lines_[static_cast<std::size_t>(tenant)].push_back(held), ++count_; }
  /// Sent back by a failed replica: goes before what came later.
  void add_first(int tenant, const Held& held) { lines_[static_cast<std::size_t>(tenant)].push_front(held), ++count_; }
  bool waits(int tenant) const { return !lines_[static_cast<std::size_t>(tenant)].empty(); }
  std::int64_t count() const { return count_; }
  std::int64_t count(int tenant) const {
    return static_cast<std::int64_t>(lines_[static_cast<std::size_t>(tenant)].size());
  }
  /// Tries the first of each line in turn until no line's first can go. `send(tenant, slot)` says whether it went. So a
  /// tenant whose first request has no replica does not hold up the others, and keeps its own order.
  void send_out(const std::function<bool(int, int)>& send);

 private:
  std::vector<std::deque<Held>> lines_;  ///< by tenant, each in order
  std::int64_t count_ = 0;               ///< in all lines
};

}  // namespace stargate
