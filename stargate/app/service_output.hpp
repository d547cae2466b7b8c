// A simulated service as text and as JSON.
#pragma once

#include <string>

#include "stargate/app/simulate_question.hpp"

namespace stargate {

std::string format_service_text(const SimulationQuestion& question, const ServiceReport& report);
std::string format_service_json(const SimulationQuestion& question, const ServiceReport& report);

/// A line a request, as it leaves: what `--requests-csv` writes.
std::string request_csv_header();
void append_request_csv(std::string& out, const IncomingRequest& request, const RequestRecord& record);

}  // namespace stargate
