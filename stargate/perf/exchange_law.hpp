// How long tokens take to their experts on other ranks, or back, as libraries written for it do it (DeepEP, and
// TensorRT-LLM's inside a rack), one rank:
//   t      = launch + expert experts / 100 + row bytes of a row / 1024 + hop log2(domains) + rank log2(ranks)
//            + (inside^4 + across^4 + work^4)^(1/4)
//   inside = tokens copies bytes / (link_share link),  across likewise over the rank's network card
//   work   = bytes handled / (workers unit_rate clock)
// Low latency: each copy straight to its expert's rank, top_k copies a token; the units, or as many as there are
// experts, cast and send. Normal: a token once to each domain and there once to each rank that has one of its experts,
// D (1 - (1 - 1/D)^top_k) of D places; `units` of the device are given to it. Two-sided, inside a rack only: top_k
// copies by all units through buffers of the receiver, behind a kernel that tells all ranks how many come; one-sided:
// once to each rank, straight into its memory.
// After DeepSeek-AI, "DeepSeek-V3" (2024), 3.2.2, and its library DeepEP.
#pragma once

#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

enum class ExchangeMode { low_latency, normal, two_sided, one_sided };
inline constexpr int kExchangeModeCount = 4;
/// To the experts, back from them, and what tells the ranks before (two-sided only).
enum class ExchangeWay { dispatch, combine, prepare };
inline constexpr int kExchangeWayCount = 3;

/// Facts of a device the law needs.
struct ExchangeDevice {
  double units = 1;    ///< as in kernel_units.hpp
  double clock = 0;    ///< clocks a microsecond
  double link = 0;     ///< bytes a microsecond of the scale-up link, per direction
  double network = 0;  ///< of a rank's own card, per direction
};
ExchangeDevice exchange_device(const Accelerator& accelerator);

/// One way of one layer's exchange.
struct ExchangeCall {
  ExchangeMode mode = ExchangeMode::normal;
  ExchangeWay way = ExchangeWay::dispatch;
  double tokens = 0, hidden = 0;      ///< tokens of one rank
  double top_k = 1, experts = 1;      ///< of the model
  double ranks = 1, per_domain = 1;   ///< of those, in one scale-up domain
  double row_bytes = 0;               ///< of a token on the wire
  double units = 20;                  ///< given to a normal exchange
};

/// Fitted by `stargate calibrate`. A share of zero: the term is not there.
struct ExchangeCoefficients {
  double launch_us = 10, expert_us = 1, row_us = 0.3, link_share = 0.6, unit_rate = 5;
  double hop_us = 10, across_share = 0.9, rank_us = 0;
};

struct ExchangeField {
  const char *name, *unit, *meaning;
  double ExchangeCoefficients::*member;
  double start, lower, upper;
  enum { any, between, inside_racks } where;  ///< only between domains; only of modes that stay inside a rack
};
std::span<const ExchangeField> exchange_fields();
ExchangeCoefficients read_exchange_coefficients(const std::map<std::string, double>& values);

/// "fp8/low_latency/dispatch", and ".across" where ranks are in several domains; "any/two_sided/prepare".
std::string exchange_group_name(const ExchangeCall& call);

/// Microseconds.
double exchange_us(const ExchangeCoefficients& c, const ExchangeDevice& device, const ExchangeCall& call);

/// Bytes of a row out, in `element_bytes` (8 bits with a scale for each 128 of them, 4 with one for each 16), back, in
/// 16 bits, or of a copy's place before.
double exchange_row_bytes(double hidden, double element_bytes, ExchangeWay way);
/// Whether the mode is of a library that runs only where one memory is seen by a whole rack.
constexpr bool is_rack_mode(ExchangeMode mode) { return mode >= ExchangeMode::two_sided; }

}  // namespace stargate
