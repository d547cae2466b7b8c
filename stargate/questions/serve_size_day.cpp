// rate(h) = mean (1 + (p - 1) cos(2 pi h / 24)), p the peak over the mean: the mean is the peak over p, the trough
// 2 - p of it. Whole replicas are taken in the deployment's proportion.
#include "stargate/questions/serve_size_day.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

constexpr int kDayParts = 24 * 60;  // of the day

SizedDay day_sized_for(const std::string& name, double share_of_peak, const SizeRequest& request,
                       const SizeAnswer& answer) {
  const SizedFleet& fleet = *answer.sized();
  const Deployment& d = fleet.deployment;
  const int units = d.prefill ? std::gcd(d.main.replicas, d.prefill->replicas) : d.main.replicas;
  const double peak = fleet.capacity / (1 + fleet.headroom), mean = peak / request.peak_to_mean;
  SizedDay out;
  out.name = name, out.rate = share_of_peak * peak;
  const int used = std::min(units, static_cast<int>(std::ceil(out.rate / fleet.capacity * units - 1e-9)));
  const double share = static_cast<double>(used) / units, capacity = share * fleet.capacity;
  out.accelerators = static_cast<int>(std::lround(share * d.accelerators()));
  double served = 0, sent = 0;
  for (int i = 0; i < kDayParts; ++i) {
    const double angle = 2 * std::numbers::pi * (i + 0.5) / kDayParts;
    const double rate = mean * (1 + (request.peak_to_mean - 1) * std::cos(angle));
    served += std::min(rate, capacity) / kDayParts, sent += std::max(0.0, rate - capacity) / kDayParts;
  }
  const double tokens = fleet.output_per_accelerator * d.accelerators() / peak;  // of output, of a request
  out.busy = capacity > 0 ? served / capacity : 0, out.sent = sent / mean;
  out.own = share * answer.economy.rate * day;
  out.api = sent * day.in(second) * tokens * 1e-6 * *request.api_per_mtok * dollar;
  return out;
}

}  // namespace

std::vector<SizedDay> sized_days(const SizeRequest& request, const SizeAnswer& answer) {
  if (answer.sized() == nullptr || !request.api_per_mtok) return {};
  const double p = request.peak_to_mean;
  return {day_sized_for("peak", 1, request, answer), day_sized_for("mean", 1 / p, request, answer),
          day_sized_for("trough", (2 - p) / p, request, answer)};
}

std::string format_sized_days(const SizeRequest& request, const SizeAnswer& answer) {
  const auto days = sized_days(request, answer);
  if (days.empty()) return {};
  TextTable table({{"sized for", Align::left}, {"req/s"}, {"GPUs"}, {"busy"}, {"sent away"}, {"own $ a day"},
                   {"API $ a day"}, {"all $ a day"}});
  for (const auto& some : days) {
    table.add_row({some.name, fmt::format("{:.3g}", some.rate), fmt::format("{}", some.accelerators),
                   fmt::format("{:.0f} %", 100 * some.busy), fmt::format("{:.0f} %", 100 * some.sent),
                   fmt::format("{:.0f}", some.own.in(dollar)), fmt::format("{:.0f}", some.api.in(dollar)),
                   fmt::format("{:.0f}", some.total().in(dollar))});
  }
  return fmt::format("\nA day on {}, {}, its peak {:g} times its mean; the rest at an API of {:g} $ a million output "
                     "tokens\n",
                     answer.system->id, answer.mode_name(), request.peak_to_mean, *request.api_per_mtok) +
         table.format(2);
}

void write_sized_days(JsonWriter& json, const SizeRequest& request, const SizeAnswer& answer) {
  const auto days = sized_days(request, answer);
  if (days.empty()) return;
  json.key("days").begin_array();
  for (const auto& some : days) {
    json.begin_object().member("sized_for", some.name).member("requests_per_s", some.rate);
    json.member("accelerators", some.accelerators).member("busy", some.busy).member("sent_away", some.sent);
    json.member("own_usd_per_day", some.own.in(dollar)).member("api_usd_per_day", some.api.in(dollar)).end_object();
  }
  json.end_array();
}

AnswerFields sized_day_fields() {
  return {{"answers[]/days[]/sized_for", "text", "peak, mean or trough of the day"},
          {"answers[]/days[]/requests_per_s", "number", "Then"},
          {"answers[]/days[]/accelerators", "integer", "In whole replicas"},
          {"answers[]/days[]/busy", "number", "Of what they could serve, over the day"},
          {"answers[]/days[]/sent_away", "number", "Share of the day's requests that an API takes"},
          {"answers[]/days[]/own_usd_per_day", "number", "Of the accelerators"},
          {"answers[]/days[]/api_usd_per_day", "number", "Of the API"}};
}

}  // namespace stargate
