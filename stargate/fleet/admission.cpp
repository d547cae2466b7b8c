// Buckets are filled when they are asked; lines of waiting requests are tried head by head.
#include "stargate/fleet/admission.hpp"

#include <algorithm>

namespace stargate {

bool TokenBucket::has(SimTime now, double amount) {
  if (limit_.rate <= 0) return true;
  // A bucket below one could never let a request pass.
  const double full = std::max(limit_.burst, 1.0);
  level_ = std::min(full, level_ + (now - last_).in(second)*limit_.rate);
  last_ = now;
  return level_ >= std::min(amount, full);
}

RateLimiter::RateLimiter(const std::vector<FleetTenant>& tenants) {
  for (const auto& tenant : tenants) {
    requests_.emplace_back(tenant.requests);
    tokens_.emplace_back(tenant.tokens);
  }
}

bool RateLimiter::admit(int tenant, SimTime now, std::int64_t tokens) {
  TokenBucket &requests = requests_[static_cast<std::size_t>(tenant)], &all = tokens_[static_cast<std::size_t>(tenant)];
  const auto amount = static_cast<double>(tokens);
  // Both are asked before either is charged: a request refused by one limit does not use up the other.
  if (!requests.has(now, 1) || !all.has(now, amount)) return false;
  requests.take(1), all.take(amount);
  return true;
}

/// The most urgent first among the lines; a line whose first could not go is passed over until the next call.
void HeldRequests::send_out(const std::function<bool(int, int)>& send) {
  std::vector<bool> blocked(lines_.size(), false);
  while (count_ > 0) {
    int next = -1;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (blocked[i] || lines_[i].empty()) continue;
      if (next < 0) {
        next = static_cast<int>(i);
        continue;
      }
      const Held &a = lines_[i].front(), &b = lines_[static_cast<std::size_t>(next)].front();
      if (a.priority != b.priority ? a.priority < b.priority : a.arrival < b.arrival) next = static_cast<int>(i);
    }
    if (next < 0) return;
    auto& line = lines_[static_cast<std::size_t>(next)];
    if (send(next, line.front().slot)) {
      line.pop_front(), --count_;
    } else {
      blocked[static_cast<std::size_t>(next)] = true;
    }
  }
}

}  // namespace stargate
