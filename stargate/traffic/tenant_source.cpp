// Tenants who send at their own rhythm. Every draw of a tenant comes from a stream named after it and the purpose;
// draws of later turns are keyed by the session and the turn, so that the order in which answers come cannot change
// them.
#include <algorithm>
#include <cmath>
#include <optional>

#include "stargate/traffic/prefix_chain.hpp"

namespace stargate {
namespace {

constexpr double kMostTurns = 1e6;

/// FNV-1a of a tenant's name: what its shared prefix is known by.
std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

struct Lengths {
  std::int32_t prompt = 1, output = 1;
};

/// A row of the sample gives both, so that their correlation stays; the distributions are drawn independently.
Lengths draw_lengths(const TenantTraffic& spec, RandomStream& stream) {
  if (spec.lengths != nullptr) {
    const auto& rows = spec.lengths->rows;
    const TraceRow& row = rows[static_cast<std::size_t>(stream.uniform() * static_cast<double>(rows.size()))];
    return {row.prompt_tokens, row.output_tokens};
  }
  const std::int32_t prompt = spec.prompt.draw(stream);
  return {prompt, spec.output.draw(stream)};
}

/// The state of one tenant's streams. First turns come from its arrivals; a closed loop starts as many clients as it
/// has, at time 0, and each follows its own answers.
class Tenant {
 public:
  Tenant(const TenantTraffic& spec, std::int32_t index, std::uint64_t seed)
      : spec_(spec),
        index_(index),
        seed_(seed),
        content_(name_hash(spec.name)),
        arrivals_(spec.arrivals, RandomStream(seed, 0, spec.name + "/arrivals")),
        lengths_(seed, 0, spec.name + "/lengths"),
        turns_(seed, 0, spec.name + "/turns"),
        turn_name_(spec.name + "/turn") {
    if (!closed()) arrival_ = arrivals_.next();
  }

  bool closed() const { return spec_.concurrency > 0; }
  /// Of the first turn to come.
  SimTime arrival() const { return arrival_; }
  bool may_start() const { return !closed() || clients_ < spec_.concurrency; }

  void first_turn(IncomingRequest& out) {
    ++clients_;
    start(arrival_, out);
    if (!closed()) arrival_ = arrivals_.next();
  }

  /// A session from its beginning.
  void start(SimTime arrival, IncomingRequest& out) {
    out = {};
    out.arrival = arrival;
    out.tenant = index_, out.priority = spec_.priority;
    out.session = (static_cast<std::int64_t>(index_) << 40) | sessions_++;
    out.turns = draw_turns();
    const Lengths lengths = draw_lengths(spec_, lengths_);
    out.parts[0] = {content_, spec_.shared_prefix};
    const std::int32_t context = spec_.session.has_context ? spec_.session.context.draw(lengths_) : 0;
    set_prompt(out, context, lengths);
  }

  /// The stream is made anew from (seed, turn, session): draws do not depend on when the answer came.
  void next_turn(const IncomingRequest& done, SimTime time, IncomingRequest& out) {
    RandomStream stream(seed_ + static_cast<std::uint64_t>(done.turn + 1) * 0x9E3779B97F4A7C15ULL,
                        static_cast<std::uint32_t>(done.session), turn_name_);
    out = done;
    ++out.turn;
    const double think = spec_.session.think_s > 0 ? spec_.session.think_s * stream.exponential() : 0;
    out.arrival = time + think * second;
    // Everything said so far comes before the new turn.
    const std::int32_t said = done.prompt_tokens - done.parts[0].tokens + done.output_tokens;
    set_prompt(out, said, draw_lengths(spec_, stream));
  }

 private:
  void set_prompt(IncomingRequest& out, std::int32_t session_tokens, Lengths lengths) {
    out.parts[1] = {static_cast<std::uint64_t>(out.session), session_tokens};
    const std::int64_t prompt = std::int64_t{spec_.shared_prefix} + session_tokens + lengths.prompt;
    out.prompt_tokens = static_cast<std::int32_t>(std::min<std::int64_t>(prompt, kLongestRequest));
    out.output_tokens = lengths.output;
  }

  std::int32_t draw_turns() {
    if (spec_.session.turns <= 1) return 1;
    // Geometric on 1, 2, ... by inversion: P(more) = 1 - 1/mean.
    const double more = std::log1p(-1 / spec_.session.turns);
    return 1 + static_cast<std::int32_t>(std::min(kMostTurns, std::floor(std::log(turns_.uniform()) / more)));
  }

  TenantTraffic spec_;
  std::int32_t index_;
  std::uint64_t seed_, content_;
  ArrivalStream arrivals_;
  RandomStream lengths_, turns_;
  std::string turn_name_;
  SimTime arrival_;
  std::int64_t sessions_ = 0, clients_ = 0;
};

class TenantSource final : public RequestSource {
 public:
  TenantSource(const std::vector<TenantTraffic>& tenants, const TrafficLimit& limit, std::uint64_t seed)
      : requests_(limit.requests),
        until_(limit.duration_s >= 0 ? SimTime::at(limit.duration_s * second) : SimTime::never()) {
    for (const auto& tenant : tenants) {
      tenants_.emplace_back(tenant, static_cast<std::int32_t>(tenants_.size()), seed);
      names_.push_back(tenant.name);
    }
  }

  /// The earliest first turn of all tenants; a linear look, as tenants are few.
  bool next(IncomingRequest& out) override {
    if (finished()) return false;
    Tenant* first = nullptr;
    for (auto& tenant : tenants_) {
      if (tenant.may_start() && (first == nullptr || tenant.arrival() < first->arrival())) first = &tenant;
    }
    if (first == nullptr || too_late(first->arrival())) return false;
    first->first_turn(out);
    out.number = given_++;
    return true;
  }

  /// The next turn of the conversation; after its last one a closed loop's client begins another.
  bool follow(const IncomingRequest& done, SimTime time, IncomingRequest& out) override {
    if (finished()) return false;
    Tenant& tenant = tenants_[static_cast<std::size_t>(done.tenant)];
    if (done.turn + 1 < done.turns) {
      tenant.next_turn(done, time, out);
    } else if (tenant.closed() && !too_late(time)) {
      tenant.start(time, out);
    } else {
      return false;
    }
    out.number = given_++;
    return true;
  }

  /// The ids of what all of a tenant's prompts begin with are kept.
  void prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                     std::vector<std::uint64_t>& out) const override {
    if (beginnings_.empty()) beginnings_.resize(tenants_.size());
    Beginning& shared = beginnings_[static_cast<std::size_t>(request.tenant)];
    if (shared.block_tokens != block_tokens) {
      shared = {block_tokens, {}};
      extend_prefix_chain(request.parts[0].content, block_tokens, request.parts[0].tokens, shared.ids);
    }
    chain_prefix_blocks(request, block_tokens, shared.ids, out);
  }
  const std::vector<std::string>& tenants() const override { return names_; }

 private:
  struct Beginning {
    std::int32_t block_tokens = 0;
    std::vector<std::uint64_t> ids;
  };
  bool finished() const { return requests_ >= 0 && given_ >= requests_; }
  bool too_late(SimTime time) const { return time >= until_; }

  std::int64_t requests_, given_ = 0;
  SimTime until_;
  std::vector<Tenant> tenants_;
  std::vector<std::string> names_;
  mutable std::vector<Beginning> beginnings_;  ///< by tenant, once asked for
};

}  // namespace

Result<std::unique_ptr<RequestSource>> make_tenant_source(const std::vector<TenantTraffic>& tenants,
                                                          const TrafficLimit& limit, std::uint64_t seed) {
  Diagnostics faults;
  const auto fault = [&](const std::string& path, const std::string& message) {
    faults.push_back({"", 0, 0, path, message, "", ""});
  };
  if (tenants.empty()) fault("tenants", "traffic needs at least one tenant");
  if (limit.requests < 0 && limit.duration_s < 0)
    fault("duration", "traffic without end: give a number of requests or a duration");
  for (const auto& tenant : tenants) {
    if (tenant.concurrency == 0) {
      if (auto check = check_arrivals(tenant.arrivals); !check.ok()) {
        for (auto f : check.faults()) fault(tenant.name + "." + f.path, f.message);
      }
    }
    if (!(tenant.session.turns >= 1 && tenant.session.turns <= kMostTurns)) {
      fault(tenant.name + ".turns", "must be from 1 to a million");
    }
    if (!(tenant.session.think_s >= 0)) fault(tenant.name + ".think", "must not be negative");
    if (tenant.shared_prefix < 0) fault(tenant.name + ".shared_prefix", "must not be negative");
  }
  if (!faults.empty()) return faults;
  return std::unique_ptr<RequestSource>(std::make_unique<TenantSource>(tenants, limit, seed));
}

double mean_request_rate(const TenantTraffic& tenant) { return tenant.arrivals.rate * tenant.session.turns; }

TenantMeans mean_lengths(const TenantTraffic& tenant) {
  const SessionSpec& session = tenant.session;
  double prompt = tenant.prompt.mean(), output = tenant.output.mean();
  if (tenant.lengths != nullptr) {
    const TraceSummary summary = summarise_trace(*tenant.lengths);
    prompt = summary.isl, output = summary.osl;
  }
  // Turn k (from 0) repeats the shared prefix, the documents and k turns. Of N turns, geometric with mean m, the mean
  // of k over all turns sent is E[N (N-1) / 2] / E[N] = m - 1.
  const double before = session.turns - 1;
  const double context = session.has_context ? session.context.mean() : 0;
  TenantMeans means;
  means.osl = output;
  means.isl = tenant.shared_prefix + context + prompt + before * (prompt + output);
  const double first_turns = 1 / session.turns;  // share of turns that bring their documents for the first time
  const double cached = tenant.shared_prefix + (1 - first_turns) * context + before * (prompt + output);
  means.cached_share = cached / means.isl;
  return means;
}

}  // namespace stargate
