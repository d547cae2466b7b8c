// Rates are scaled, nothing else.
#include "stargate/sizing/trial_traffic.hpp"

namespace stargate {
namespace {

constexpr std::uint64_t kRound = 0x9E3779B97F4A7C15;  // sets the prompts of one round apart from those of the others

class RepeatedTrace final : public RequestSource {
 public:
  RepeatedTrace(const RequestTrace& trace, double rate, std::int64_t requests)
      : trace_(trace), left_(requests), source_(make_trace_source(trace_)) {
    const double rows = static_cast<double>(trace.rows.size()), last = trace.rows.back().arrival.seconds();
    stretch_ = rows / (rate * last);
    round_s_ = rows / rate;
  }

  bool next(IncomingRequest& out) override {
    if (left_-- <= 0) return false;
    if (!source_->next(out)) {
      ++round_;
      source_ = make_trace_source(trace_);
      if (!source_->next(out)) return false;
    }
    out.arrival = SimTime::at((out.arrival.seconds() * stretch_ + static_cast<double>(round_) * round_s_) * second);
    out.number = given_++;
    return true;
  }
  bool follow(const IncomingRequest&, SimTime, IncomingRequest&) override { return false; }
  void prefix_blocks(const IncomingRequest& request, std::int32_t tokens,
                     std::vector<std::uint64_t>& out) const override {
    source_->prefix_blocks(request, tokens, out);
    const auto round = static_cast<std::uint64_t>(request.number) / trace_.rows.size();
    for (auto& id : out) id ^= round * kRound;
  }
  const std::vector<std::string>& tenants() const override { return source_->tenants(); }

 private:
  const RequestTrace& trace_;
  std::int64_t left_, given_ = 0, round_ = 0;
  double stretch_ = 1, round_s_ = 0;
  std::unique_ptr<RequestSource> source_;
};

}  // namespace

/// One factor for all tenants; the same seed gives the same lengths and the same gaps but for it.
TrafficMaker tenants_at_rate(std::vector<TenantTraffic> tenants, std::uint64_t seed) {
  double all = 0;
  for (const auto& tenant : tenants) all += mean_request_rate(tenant);
  return [tenants = std::move(tenants), all, seed](double rate, std::int64_t requests) {
    auto at_rate = tenants;
    for (auto& tenant : at_rate) tenant.arrivals.rate *= rate / all;
    auto source = make_tenant_source(at_rate, {requests, -1}, seed);
    STARGATE_CHECK(source.ok(), "the traffic has been checked");
    return std::move(*source);
  };
}

void set_traffic(FleetQuestion& question, const PlainTraffic& traffic) {
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.rate = 1, tenant.arrivals.cv = traffic.cv;
  tenant.prompt = traffic.prompt.shortened(traffic.prefix), tenant.output = traffic.output;
  tenant.shared_prefix = traffic.prefix;
  question.serving.workload = {traffic.prompt.mean(), traffic.output.mean(), traffic.prefix / traffic.prompt.mean()};
  question.mean_output = traffic.output.mean();
  question.traffic.make = tenants_at_rate({tenant}, traffic.seed);
}

TrafficMaker trace_at_rate(const RequestTrace& trace) {
  return
      [&trace](double rate, std::int64_t requests) { return std::make_unique<RepeatedTrace>(trace, rate, requests); };
}

}  // namespace stargate
