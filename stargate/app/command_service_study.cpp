// The study is read, run and printed; rows of requests are gathered only when a file for them is named.
#include "stargate/app/command_service_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "stargate/finance/accelerator_price.hpp"
#include "stargate/service/service_study.hpp"

namespace stargate {
namespace {

constexpr const char* kRequestHeader =
    "request,tenant,session,turn,outcome,arrival_s,first_token_s,last_token_s,isl,osl,cached,replica,region,retries\n";

void add_request_row(std::string& rows, const FleetRequestRecord& r) {
  rows +=
      fmt::format("{},{},{},{},{},{:.6f},{:.6f},{:.6f},{},{},{},{},{},{}\n", r.number, r.tenant, r.session, r.turn,
                  request_outcome_name(r.outcome), r.arrival.seconds(), r.first_token.seconds(), r.last_token.seconds(),
                  r.prompt_tokens, r.output_tokens, r.cached_tokens, r.replica, r.region, r.retries);
}

}  // namespace

void simulate_service_study(Session& session, const ServiceStudyFlags& flags) {
  auto changes = parse_changes(flags.changes);
  if (!changes) return session.fail(changes.faults());
  auto catalogue = load_catalogue(session.files, session.catalogue_folder, changes->catalogue);
  if (!catalogue) return session.fail(catalogue.faults());
  auto study = load_service_study(session.files, flags.study, *catalogue, changes->study);
  if (!study) return session.fail(study.faults());
  ServiceStudyOptions options;
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  options.progress = [](const std::string& text) { Session::progress(text); };
  options.price = [&](const System& system) { return accelerator_hour_price(*catalogue, system).mid; };
  if (!flags.price.empty()) {
    auto price = parse_quantity<Dim{.second = -1, .dollar = 1}>(flags.price);
    if (const auto* fault = std::get_if<QuantityFault>(&price)) {
      return session.fail("--price " + flags.price + ": " + fault->message);
    }
    options.price = [given = std::get<MoneyRate>(price)](const System&) { return given; };
  }
  std::string rows = kRequestHeader;
  if (!flags.requests_csv.empty()) {
    options.on_request = [&](const FleetRequestRecord& record) { add_request_row(rows, record); };
  }
  const auto answer = run_service_study(*catalogue, *study, options);
  if (!answer) return session.fail(answer.faults());
  if (!answer->served) session.exit_code = kExitAnswerIsNo;
  if (!flags.requests_csv.empty()) {
    session.write(flags.requests_csv, rows);
  }
  flags.json ? session.print_data(format_service_json(*study, *answer))
             : session.print_text(format_service_report(*study, *answer));
}

}  // namespace stargate
