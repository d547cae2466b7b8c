// A day whose rate is a cosine, sized for its peak, its mean or its trough, what comes on top sent to somebody's API.
#pragma once

#include "stargate/questions/serve_size_report.hpp"

namespace stargate {

struct SizedDay {
  std::string name;      ///< "peak", "mean", "trough"
  double rate = 0;       ///< requests a second that it is sized for
  int accelerators = 0;  ///< in whole replicas
  double busy = 0;       ///< of what they could serve, over the day
  double sent = 0;       ///< share of the day's requests that goes elsewhere
  Money own, api;        ///< a day
  Money total() const { return own + api; }
};

/// The sized rate is the day's peak. None where nothing is sized, or no API's price was given.
std::vector<SizedDay> sized_days(const SizeRequest& request, const SizeAnswer& answer);

std::string format_sized_days(const SizeRequest& request, const SizeAnswer& answer);
/// Member "days" of the answer's object.
void write_sized_days(JsonWriter& json, const SizeRequest& request, const SizeAnswer& answer);
AnswerFields sized_day_fields();

}  // namespace stargate
