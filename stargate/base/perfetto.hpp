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
  /// Of describe_track or describe_process.
  std::uint64_t track = 0;
  /// Since the beginning of the trace; end >= start.
  std::uint64_t start_ns = 0, end_ns = 0;
  std::string name;  ///< shown on the slice
  /// Static text (not owned): the viewer can filter by it.
  const char* category = "";
  /// Shown when a slice is clicked. Negative values mean "not known" and are left out.
  std::vector<std::pair<const char*, std::int64_t>> annotations;
  /// Numbers of arrows that leave this slice and that arrive at it: equal numbers in two slices are joined.
  std::vector<std::uint64_t> starts_flows, ends_flows;
};

/// Tracks are named by numbers of the caller's, unique in the trace. Whoever describes a track does so before its first
/// slice. Slices of one track may nest but not cross; they may be added in any order of time.
class PerfettoTrace {
 public:
  /// `process` is the number the viewer shows; `rank` orders the processes from the top, lowest first.
  void describe_process(std::uint64_t track, std::uint64_t process, const std::string& name, std::uint64_t rank);
  /// `parent` is the track of a process, or of another track under which this one is shown; `rank` orders siblings.
  void describe_track(std::uint64_t track, std::uint64_t parent, const std::string& name, std::uint64_t rank);
  /// A track that shows a curve instead of slices; add_count gives its points, each held until the next.
  void describe_counter(std::uint64_t track, std::uint64_t parent, const std::string& name);
  /// Written at once: memory is that of the file's bytes, and a long name costs its text once and a number after that.
  void add_slice(const PerfettoSlice& slice);
  /// `value` in whatever the counter's name says; `at_ns` in nanoseconds since the beginning of the trace.
  void add_count(std::uint64_t track, std::uint64_t at_ns, double value);
  /// The bytes of the file, to be written as they are ("trace.pftrace"). Empties the trace.
  std::string take() { return std::move(bytes_); }

 private:
  class Packet;

  std::string bytes_;
  std::map<std::string, std::uint64_t> names_;  ///< interned
  bool first_ = true;
};

}  // namespace stargate
