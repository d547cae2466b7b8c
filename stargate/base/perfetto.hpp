// A trace for ui.perfetto.dev: processes with tracks of slices and counters, in Perfetto's protobuf (field numbers of
// its public protos, google/perfetto protos/perfetto/trace).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stargate {

/// Something that takes a while, on a track. Times in nanoseconds.
struct PerfettoSlice {
  std::uint64_t track = 0;
  std::uint64_t start_ns = 0, end_ns = 0;
  std::string name;
  const char* category = "";
  std::vector<std::pair<const char*, std::int64_t>> annotations;
  std::vector<std::uint64_t> starts_flows, ends_flows;
};

/// Tracks are named by numbers of the caller's, unique in the trace.
class PerfettoTrace {
 public:
  void describe_process(std::uint64_t track, std::uint64_t process, const std::string& name, std::uint64_t rank);
  void describe_track(std::uint64_t track, std::uint64_t parent, const std::string& name, std::uint64_t rank);
  void describe_counter(std::uint64_t track, std::uint64_t parent, const std::string& name);
  void add_slice(const PerfettoSlice& slice);
  void add_count(std::uint64_t track, std::uint64_t at_ns, double value);
  std::string take() { return std::move(bytes_); }

 private:
  class Packet;

  std::string bytes_;
  std::map<std::string, std::uint64_t> names_;  ///< interned
  bool first_ = true;
};

}  // namespace stargate
