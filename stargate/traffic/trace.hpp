// Requests somebody measured: read from the files the field publishes, told apart by their header.
//   Azure       TIMESTAMP,ContextTokens,GeneratedTokens                      date and time
//   BurstGPT    Timestamp,Model,Request tokens,Response tokens,...           seconds; a label a model
//   Vidur       arrived_at,num_prefill_tokens,num_decode_tokens              seconds; arrived_at may be absent
//   ServeGen    timestamp,input_tokens,output_tokens (CSV or JSON objects)   seconds
//   Stargate    arrival_s,isl,osl,...                                        seconds
//   Mooncake    {"timestamp", "input_length", "output_length", "hash_ids"}   milliseconds; blocks of 512 tokens
//   Splitwise   arrival_timestamp,prompt_size,token_size,...                 seconds
//   usage logs  {"created", "usage": {"prompt_tokens", "completion_tokens"}} seconds
// Other tools' files are refused by name.
// Other columns are passed over. Rows without a prompt or an answer (refused requests) are left out and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/file_reader.hpp"
#include "stargate/sim/time.hpp"

namespace stargate {

/// Compact: traces have tens of millions of rows.
struct TraceRow {
  SimTime arrival;                                    ///< from the first row's
  std::int32_t prompt_tokens = 1, output_tokens = 1;  ///< at least 1 each: other rows are left out
  std::int32_t label = 0;                             ///< of RequestTrace::labels
  std::uint32_t blocks = 0, first_block = 0;          ///< of RequestTrace::block_ids
};

struct RequestTrace {
  /// Where it was read, and which of the formats above.
  std::string file, format;
  std::vector<TraceRow> rows;            ///< in order of arrival
  std::vector<std::uint64_t> block_ids;  ///< equal ids: the same tokens after the same tokens
  std::int32_t block_tokens = 0;         ///< of one block; 0 when the trace says nothing of prefixes
  std::vector<std::string> labels;       ///< models or clients named by the file, at least one
  /// False for a Vidur trace without times: only its lengths can be used.
  bool has_arrivals = true;
  std::int64_t left_out = 0;  ///< rows without prompt or answer

  std::span<const std::uint64_t> blocks_of(const TraceRow& row) const {
    return {block_ids.data() + row.first_block, row.blocks};
  }
};

/// Faults: a file that cannot be read, an empty one, a header of no known format (with those there are), another tool's
/// file, rows with cells that are no numbers or times (at most 20 are told), no row with a prompt and an answer. Rows
/// are sorted by time and the clock starts at the first. Memory: 32 bytes a row, and 8 for each block id.
Result<RequestTrace> load_trace(const FileReader& files, const std::string& file);
/// The same from text; `file` is for messages.
Result<RequestTrace> parse_trace(const std::string& file, std::string_view text);

/// A part of the trace, faster or slower.
struct TraceScale {
  /// Seconds of the trace's own time that are passed over.
  double from_s = 0;
  std::optional<double> until_s;  ///< of the trace's own time
  std::optional<double> rate;     ///< mean requests a second wanted; the gaps keep their proportions
};
/// A fault when nothing is left, or when a rate is asked of rows that all come at once. `trace` is changed in place:
/// rows outside the window go, the first that is left arrives at 0.
Check scale_trace(RequestTrace& trace, const TraceScale& scale);

/// What a steady state needs to know of a trace.
struct TraceSummary {
  double requests = 0, duration_s = 0;  ///< rows; from the first to the last
  double rate = 0;                      ///< mean, a second
  double peak_rate = 0;                 ///< mean of the busiest minute
  double isl = 0, osl = 0;              ///< mean tokens of prompts and answers
  double cached_share = 0;              ///< of prompt tokens whose block came before, with a cache that never forgets
};
/// The trace must hold a row. isl and osl are means in tokens; rates are requests a second, the mean over the span from
/// the first row to the last.
TraceSummary summarise_trace(const RequestTrace& trace);

}  // namespace stargate
