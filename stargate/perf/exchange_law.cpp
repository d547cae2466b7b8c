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
constexpr double kNarrowBlock = 16;  // elements of 4 bits that share a scale of one byte
constexpr double kPlaceBytes = 64;   // touched for a copy's place in the receiver's buffer: counts, indices, weight

constexpr const char* kModeNames[] = {"fp8/low_latency/", "fp8/normal/", "any/two_sided/", "any/one_sided/"};
constexpr const char* kWayNames[] = {"dispatch", "combine", "prepare"};

double fourth(double x) { return (x * x) * (x * x); }

/// Places of `n` that a token with k experts in places drawn at random reaches.
double reached(double n, double k) { return n * (1 - std::pow(1 - 1 / n, k)); }

}  // namespace

ExchangeDevice exchange_device(const Accelerator& accelerator) {
  return {kernel_units(accelerator), accelerator.clock.base() * 1e-6, accelerator.scale_up_bandwidth.base() * 1e-6,
          accelerator.scale_out_bandwidth.base() * 1e-6};
}

double exchange_row_bytes(double hidden, double element_bytes, ExchangeWay way) {
  if (way == ExchangeWay::combine) return 2 * hidden;
  if (way == ExchangeWay::prepare) return kPlaceBytes;
  const double scales = element_bytes >= 2 ? 0 : element_bytes < 1 ? hidden / kNarrowBlock : 4 * hidden / kScaleBlock;
  return hidden * element_bytes + scales + kHeader;
}

double exchange_us(const ExchangeCoefficients& c, const ExchangeDevice& device, const ExchangeCall& call) {
  const double domains = std::max(1.0, std::ceil(call.ranks / call.per_domain));
  const double beyond = 1 - 1 / domains, others = 1 - 1 / std::max(1.0, std::min(call.ranks, call.per_domain));
  double inside = 0, across = 0, handled = 0, workers = device.units;
  if (is_rack_mode(call.mode)) {
    // A rank that has several of a token's experts gets it once; buffers have a place for each.
    const double copies = reached(call.ranks, call.top_k);
    const double places = call.mode == ExchangeMode::two_sided ? call.top_k : copies;
    inside = copies * others, handled = call.tokens * places * call.row_bytes;
  } else if (call.mode == ExchangeMode::low_latency) {
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
         c.hop_us * std::log2(domains) + c.rank_us * std::log2(std::max(1.0, call.ranks)) +
         std::sqrt(std::sqrt(terms));
}

std::string exchange_group_name(const ExchangeCall& call) {
  return std::string(kModeNames[static_cast<int>(call.mode)]) + kWayNames[static_cast<int>(call.way)] +
         (call.ranks > call.per_domain ? ".across" : "");
}

std::span<const ExchangeField> exchange_fields() {
  using C = ExchangeCoefficients;
  using F = ExchangeField;
  static constexpr std::array fields = {
      F{"launch_us", "us", "start, barrier and end", &C::launch_us, 10, 0.5, 200, F::any},
      F{"expert_us", "us", "for each 100 experts: counts to tell and to wait for", &C::expert_us, 1, 0.001, 20, F::any},
      F{"row_us", "us", "for each KiB of a row: the last one's way", &C::row_us, 0.3, 0.001, 20, F::any},
      F{"link_share", "1", "of one direction of the scale-up link", &C::link_share, 0.6, 0.02, 1, F::any},
      F{"unit_rate", "B/clock", "that a unit casts, copies or adds", &C::unit_rate, 5, 0.1, 100, F::any},
      F{"hop_us", "us", "for each doubling of domains", &C::hop_us, 10, 0.1, 100, F::between},
      F{"across_share", "1", "of a rank's network card", &C::across_share, 0.9, 0.05, 1, F::between},
      F{"rank_us", "us", "for each doubling of ranks of a rack", &C::rank_us, 1, 0.01, 50, F::inside_racks}};
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
