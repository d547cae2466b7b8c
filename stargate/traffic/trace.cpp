// One table of formats; the header chooses. Every faulty row is reported, up to a score of them.
#include "stargate/traffic/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "stargate/base/csv.hpp"
#include "stargate/traffic/length.hpp"
#include "stargate/traffic/trace_text.hpp"

namespace stargate {
namespace {

constexpr std::size_t kMostFaults = 20;
// Tokens of a block of the Mooncake trace: its hash_ids stand for 512 tokens each (its README).
constexpr std::int32_t kMooncakeBlock = 512;
constexpr double kLatestSecond = 3e9;  // a century

enum class Clock { date, seconds, milliseconds };

/// A known file: the columns of time, prompt and answer, an optional label, and how the time is written. Order matters:
/// the first whose columns are all there is taken.
struct Format {
  const char *name, *arrival, *prompt, *output, *label;
  Clock clock = Clock::seconds;
  bool may_lack_arrival = false;
};
constexpr Format kFormats[] = {
    {"Azure", "TIMESTAMP", "ContextTokens", "GeneratedTokens", "", Clock::date},
    {"BurstGPT", "Timestamp", "Request tokens", "Response tokens", "Model"},
    {"Vidur", "arrived_at", "num_prefill_tokens", "num_decode_tokens", "", Clock::seconds, true},
    {"ServeGen", "timestamp", "input_tokens", "output_tokens", "client_id"},
    {"Stargate", "arrival_s", "isl", "osl", "tenant"},
    {"Mooncake", "timestamp", "input_length", "output_length", "", Clock::milliseconds},
    {"Splitwise", "arrival_timestamp", "prompt_size", "token_size", ""},
    {"usage log", "created", "prompt_tokens", "completion_tokens", ""},
};

/// Files of other tools that hold no rows of this kind, told apart by a name that only they use.
struct ForeignFormat {
  const char *mark, *name, *why;
};
constexpr ForeignFormat kForeign[] = {
    {"\"conversations\"", "ShareGPT", "it holds texts without times or numbers of tokens"},
    {"\"request_start_ns\"", "AIPerf records", "their metrics are nested"},
    {"\"benchmarks\"", "GuideLLM", "its requests are nested in benchmarks"},
    {"\"input_lens\"", "vLLM's benchmark", "it holds one list a metric, not one object a request"},
    {"\"session_id\"", "Mooncake with sessions", "requests after a session's first have a delay instead of a time"},
};

std::string known_headers() {
  std::string text;
  for (const auto& f : kFormats) {
    text += fmt::format("{}{} ({},{},{})", text.empty() ? "" : "; ", f.name, f.arrival, f.prompt, f.output);
  }
  return "known: " + text;
}

/// Reads a text in one of the formats; stays with the format it chose.
class TraceReader {
 public:
  TraceReader(const std::string& file, std::string_view text) : text_(text) { trace_.file = file; }

  Result<RequestTrace> read() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
    const std::size_t first = text_.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return Diagnostic{trace_.file, 1, 0, "", "the trace is empty", "", ""};
    if (text_[first] == '{' || text_[first] == '[') {
      read_json();
    } else {
      read_csv();
    }
    if (!faults_.empty()) return std::move(faults_);
    if (trace_.rows.empty()) {
      return Diagnostic{trace_.file, 0, 0, "", "the trace holds no request with a prompt and an answer", "", ""};
    }
    finish();
    return std::move(trace_);
  }

 private:
  void fault(int line, std::string message, std::string hint = {}) {
    if (faults_.size() < kMostFaults) {
      faults_.push_back({trace_.file, line, 0, "", std::move(message), std::move(hint), ""});
    }
  }

  /// The first format whose columns are all there; columns that no format reads are passed over.
  void read_csv() {
    std::string_view rest = text_;
    int line = 1;
    std::vector<std::string_view> cells;
    std::string_view header = take_line(rest);
    for (; header.empty() && !rest.empty(); ++line) header = take_line(rest);
    split_cells(header, cells);
    for (auto name = cells.begin(); name != cells.end(); ++name) {
      if (std::find(std::next(name), cells.end(), *name) != cells.end() && !name->empty()) {
        return fault(line, fmt::format("the column '{}' is there twice", *name), "keep one of them");
      }
    }
    const auto column = [&](std::string_view name) -> std::size_t {
      return static_cast<std::size_t>(std::find(cells.begin(), cells.end(), name) - cells.begin());
    };
    const std::size_t none = cells.size();
    for (const auto& f : kFormats) {
      if (column(f.prompt) == none || column(f.output) == none) continue;
      if (column(f.arrival) == none && !f.may_lack_arrival) continue;
      format_ = &f;
      columns_ = {column(f.arrival), column(f.prompt), column(f.output), column(f.label)};
      trace_.has_arrivals = columns_.arrival != none;
      break;
    }
    if (format_ == nullptr) return fault(line, "the header is of no known trace", known_headers());
    while (!rest.empty()) {
      const std::string_view row = take_line(rest);
      ++line;
      if (row.empty()) continue;
      split_cells(row, cells);
      if (cells.size() != none) {
        fault(line, fmt::format("{} cells where the header has {}", cells.size(), none),
              cells.size() > none ? "write numbers without separators of thousands" : "");
        continue;
      }
      read_row(line, cells);
    }
  }

  void read_row(int line, const std::vector<std::string_view>& cells) {
    TraceRow row;
    if (trace_.has_arrivals && !read_arrival(line, cells[columns_.arrival], row.arrival)) return;
    if (!read_tokens(line, cells[columns_.prompt], row.prompt_tokens)) return;
    if (!read_tokens(line, cells[columns_.output], row.output_tokens)) return;
    if (columns_.label < cells.size()) row.label = label_of(cells[columns_.label]);
    keep(row);
  }

  bool read_arrival(int line, std::string_view cell, SimTime& out) {
    if (format_->clock == Clock::date) {
      const auto time = parse_timestamp(cell);
      if (!time) return fault(line, fmt::format("'{}' is no time such as 2023-11-16 18:15:46.68", cell)), false;
      out.ns = *time;
      return true;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) value = -1;
    return convert_arrival(line, cell, value, out);
  }

  /// Shared by CSV and JSON: a number of seconds or milliseconds from 0 to a century.
  bool convert_arrival(int line, std::string_view cell, double value, SimTime& out) {
    const double unit = format_->clock == Clock::milliseconds ? 1e6 : 1e9;
    if (!(value >= 0 && value * unit <= kLatestSecond * 1e9)) {
      return fault(line, fmt::format("{}: '{}' is no arrival in {}", format_->arrival, cell,
                                     unit < 1e9 ? "milliseconds" : "seconds")),
             false;
    }
    out.ns = std::llround(value * unit);
    return true;
  }

  bool read_tokens(int line, std::string_view cell, std::int32_t& out) {
    double value = -1;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) value = -1;
    return convert_tokens(line, cell, value, out);
  }

  bool convert_tokens(int line, std::string_view cell, double value, std::int32_t& out) {
    if (!(value >= 0 && value <= kLongestRequest && value == std::floor(value))) {
      return fault(line, fmt::format("'{}' is no number of tokens", cell)), false;
    }
    out = static_cast<std::int32_t>(value);
    return true;
  }

  /// Numbers labels in the order they first appear.
  std::int32_t label_of(std::string_view name) {
    const auto [at, added] = labels_.try_emplace(std::string(name), static_cast<std::int32_t>(labels_.size()));
    if (added) trace_.labels.push_back(at->first);
    return at->second;
  }

  /// A request refused or without an answer tells nothing about service times; its blocks go with it.
  void keep(const TraceRow& row) {
    if (row.prompt_tokens == 0 || row.output_tokens == 0) {
      ++trace_.left_out;
      trace_.block_ids.resize(trace_.block_ids.size() - row.blocks);
    } else {
      trace_.rows.push_back(row);
    }
  }

  /// True, with a fault, when the file is known to be another tool's.
  bool is_foreign() {
    const std::string_view head = text_.substr(0, 20'000);
    for (const auto& f : kForeign) {
      if (head.find(f.mark) == std::string_view::npos) continue;
      fault(1, fmt::format("is a file of {}, which is not read: {}", f.name, f.why),
            "write one object a request, or CSV; " + known_headers());
      return true;
    }
    return false;
  }

  /// One object a request, in lines or in a list; the first one decides the format.
  void read_json() {
    if (is_foreign()) return;
    JsonObjects objects(text_);
    std::vector<JsonMember> members;
    std::vector<std::uint64_t> list;
    const auto find = [&](std::string_view name) -> const JsonMember* {
      for (const auto& m : members) {
        if (m.name == name && m.number) return &m;
      }
      return nullptr;
    };
    while (objects.next(members, list)) {
      if (format_ == nullptr) {
        for (const auto& f : kFormats) {
          if (find(f.arrival) != nullptr && find(f.prompt) != nullptr && find(f.output) != nullptr) format_ = &f;
        }
        if (format_ == nullptr) return fault(objects.line(), "the members are of no known trace", known_headers());
      }
      const auto *arrival = find(format_->arrival), *prompt = find(format_->prompt), *output = find(format_->output);
      if (arrival == nullptr || prompt == nullptr || output == nullptr) {
        fault(objects.line(),
              fmt::format("a request needs {}, {} and {}", format_->arrival, format_->prompt, format_->output));
        continue;
      }
      TraceRow row;
      if (!convert_arrival(objects.line(), fmt::format("{}", *arrival->number), *arrival->number, row.arrival) ||
          !convert_tokens(objects.line(), fmt::format("{}", *prompt->number), *prompt->number, row.prompt_tokens) ||
          !convert_tokens(objects.line(), fmt::format("{}", *output->number), *output->number, row.output_tokens)) {
        continue;
      }
      row.first_block = static_cast<std::uint32_t>(trace_.block_ids.size());
      row.blocks = static_cast<std::uint32_t>(list.size());
      if (!list.empty()) trace_.block_tokens = kMooncakeBlock;
      trace_.block_ids.insert(trace_.block_ids.end(), list.begin(), list.end());
      keep(row);
    }
    if (objects.fault() != nullptr) fault(objects.line(), objects.fault());
  }

  /// Sorts by time (stable, as rows of one time keep the file's order) and sets the clock to the first.
  void finish() {
    trace_.format = format_->name;
    if (trace_.labels.empty()) trace_.labels.push_back("all");
    std::stable_sort(trace_.rows.begin(), trace_.rows.end(),
                     [](const TraceRow& a, const TraceRow& b) { return a.arrival < b.arrival; });
    const SimTime first = trace_.rows.front().arrival;
    for (auto& row : trace_.rows) row.arrival.ns -= first.ns;
  }

  struct Columns {
    std::size_t arrival = 0, prompt = 0, output = 0, label = 0;
  };
  std::string_view text_;
  const Format* format_ = nullptr;
  Columns columns_;
  RequestTrace trace_;
  std::map<std::string, std::int32_t> labels_;
  Diagnostics faults_;
};

}  // namespace

Result<RequestTrace> parse_trace(const std::string& file, std::string_view text) {
  return TraceReader(file, text).read();
}

Result<RequestTrace> load_trace(const FileReader& files, const std::string& file) {
  auto text = files.read(file);
  if (!text) return text.faults();
  return parse_trace(file, *text);
}

/// Gaps are stretched by one factor: mean rate of the window over the one wanted.
Check scale_trace(RequestTrace& trace, const TraceScale& scale) {
  if (scale.until_s && *scale.until_s <= scale.from_s) {
    return Diagnostic{trace.file, 0, 0, "", "the window ends before it begins", "", ""};
  }
  const double until = scale.until_s ? *scale.until_s * 1e9 : 9e18;
  std::erase_if(trace.rows, [&](const TraceRow& row) {
    const auto at = static_cast<double>(row.arrival.ns);
    return at < scale.from_s * 1e9 || at >= until;
  });
  if (trace.rows.empty()) {
    return Diagnostic{trace.file, 0, 0, "", "no request arrives in the window", "the first comes at 0 s", ""};
  }
  const std::int64_t first = trace.rows.front().arrival.ns;
  const auto span = static_cast<double>(trace.rows.back().arrival.ns - first);
  double stretch = 1;
  if (scale.rate) {
    if (!(span > 0)) {
      return Diagnostic{trace.file, 0, 0, "", "all requests come at once: there are no gaps to stretch to a rate",
                        "",         ""};
    }
    stretch = static_cast<double>(trace.rows.size() - 1) / (span * 1e-9) / *scale.rate;
  }
  if (!(span * stretch < kLatestSecond * 1e9)) {
    return Diagnostic{trace.file, 0, 0, "", "at that rate the trace would last longer than a century", "", ""};
  }
  for (auto& row : trace.rows) row.arrival.ns = std::llround(static_cast<double>(row.arrival.ns - first) * stretch);
  return Done{};
}

/// The share found in a cache: the unbroken run of blocks seen before, at most all but the last token, which an engine
/// computes to have logits. The busiest minute is that of the calendar of the trace, not a sliding one.
TraceSummary summarise_trace(const RequestTrace& trace) {
  constexpr std::int64_t slice = 60'000'000'000;
  TraceSummary out;
  double cached = 0;
  std::set<std::uint64_t> seen;
  std::int64_t begin = 0;
  double in_minute = 0, busiest = 0;
  for (const auto& row : trace.rows) {
    out.isl += row.prompt_tokens, out.osl += row.output_tokens;
    double known = 0;
    bool unbroken = true;
    for (const auto id : trace.blocks_of(row)) {
      if (seen.insert(id).second) unbroken = false;
      if (unbroken) known += trace.block_tokens;
    }
    cached += std::min(known, row.prompt_tokens - 1.0);
    if (row.arrival.ns >= begin + slice) begin = row.arrival.ns / slice * slice, in_minute = 0;
    busiest = std::max(busiest, ++in_minute);
  }
  out.requests = static_cast<double>(trace.rows.size());
  out.duration_s = trace.rows.back().arrival.seconds();
  out.cached_share = cached / out.isl;
  out.isl /= out.requests, out.osl /= out.requests;
  out.rate = out.duration_s > 0 ? (out.requests - 1) / out.duration_s : 0;
  out.peak_rate = out.duration_s > 60 ? std::max(out.rate, busiest / 60) : out.rate;
  return out;
}

}  // namespace stargate
