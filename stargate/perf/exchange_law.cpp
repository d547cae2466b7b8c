// Evaluation of the law of expert exchange; equations and coefficients are in exchange_law.hpp.
#include "stargate/perf/exchange_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kHeader = 16;      // bytes before a row: whose token it is
constexpr double kScaleBlock = 128;  // elements of 8 bits that share a scale of 4 bytes

double fourth(double x) { return (x * x) * (x * x); }

/// Places of `n` that a token with k experts in places drawn at random reaches.
double reached(double n, double k) { return n * (1 - std::pow(1 - 1 / n, k)); }

}  // namespace

ExchangeDevice exchange_device(const Accelerator& accelerator) {
  return {kernel_units(accelerator), accelerator.clock.base() * 1e-6, accelerator.scale_up_bandwidth.base() * 1e-6,
          accelerator.scale_out_bandwidth.base() * 1e-6};
}

double exchange_row_bytes(double hidden, double element_bytes, bool combine) {
  if (combine) return 2 * hidden;
  return hidden * element_bytes + (element_bytes < 2 ? 4 * hidden / kScaleBlock : 0) + kHeader;
}

double exchange_us(const ExchangeCoefficients& c, const ExchangeDevice& device, const ExchangeCall& call) {
  const double domains = std::max(1.0, std::ceil(call.ranks / call.per_domain));
  const double beyond = 1 - 1 / domains, others = 1 - 1 / std::max(1.0, std::min(call.ranks, call.per_domain));
  double inside = 0, across = 0, handled = 0, workers = 1;
  if (call.mode == ExchangeMode::low_latency) {
    across = call.top_k * beyond, inside = (call.top_k - across) * others;
    handled = call.tokens * 2 * call.hidden, workers = std::min(device.units, call.experts);
  } else {
    const double copies = reached(call.ranks, call.top_k);
    across = domains > 1 ? reached(domains, call.top_k) * beyond : 0, inside = copies * others;
    handled = call.tokens * copies * call.row_bytes, workers = std::min(device.units, call.units);
  }
  const double bytes = call.tokens * call.row_bytes;
  const double terms = fourth(inside * bytes / (c.link_share * device.link)) +
                       (across > 0 ? fourth(across * bytes / (c.across_share * device.network)) : 0) +
                       fourth(handled / (workers * c.unit_rate * device.clock));
  return c.launch_us + c.expert_us * call.experts / 100 + c.row_us * call.row_bytes / 1024 +
         c.hop_us * std::log2(domains) + std::sqrt(std::sqrt(terms));
}

std::string exchange_group_name(const ExchangeCall& call) {
  return std::string("fp8/") + (call.mode == ExchangeMode::low_latency ? "low_latency/" : "normal/") +
         (call.combine ? "combine" : "dispatch") + (call.ranks > call.per_domain ? ".across" : "");
}

std::span<const ExchangeField> exchange_fields() {
  using C = ExchangeCoefficients;
  static constexpr std::array fields = {
      ExchangeField{"launch_us", "us", "start, barrier and end", &C::launch_us, 10, 0.5, 200, false},
      ExchangeField{"expert_us", "us", "for each 100 experts: counts to tell and to wait for", &C::expert_us, 1, 0.001,
                    20, false},
      ExchangeField{"row_us", "us", "for each KiB of a row: the last one's way", &C::row_us, 0.3, 0.001, 20, false},
      ExchangeField{"link_share", "1", "of one direction of the scale-up link", &C::link_share, 0.6, 0.02, 1, false},
      ExchangeField{"unit_rate", "B/clock", "that a unit casts, copies or adds", &C::unit_rate, 5, 0.1, 100, false},
      ExchangeField{"hop_us", "us", "for each doubling of domains", &C::hop_us, 10, 0.1, 100, true},
      ExchangeField{"across_share", "1", "of a rank's network card", &C::across_share, 0.9, 0.05, 1, true}};
  return fields;
}

ExchangeCoefficients read_exchange_coefficients(const std::map<std::string, double>& values) {
  ExchangeCoefficients out;
  for (const ExchangeField& field : exchange_fields()) {
    if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
  }
  return out;
}

}  // namespace stargate
