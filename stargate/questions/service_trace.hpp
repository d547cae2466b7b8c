// A simulated service as a timeline: a process for each engine with its steps (a run of equal ones as one slice) and
// counters of what waits, runs and is cached, and one with the requests, each from arrival to its last token.
#pragma once

#include "stargate/base/perfetto.hpp"
#include "stargate/serving/service_simulation.hpp"

namespace stargate {

class ServiceTrace {
 public:
  explicit ServiceTrace(const SimulatedService& spec);

  void finished(const IncomingRequest& request, const RequestRecord& record) {
    requests_.push_back({request.number, record});
  }
  void ran(int engine, const StepRun& run);
  /// The file; nothing may be added after.
  std::string take();

 private:
  struct Served {
    std::int64_t number;   ///< of the request
    RequestRecord record;  ///< its times
  };
  static std::uint64_t process_track(int process) { return 1 + 8 * static_cast<std::uint64_t>(process); }
  void add_request(const Served& served, std::uint64_t lane);

  PerfettoTrace trace_;
  std::vector<Served> requests_;  ///< written when all lanes are known
  int engines_;                   ///< tracks of engines stand above those of requests
};

}  // namespace stargate
