// What all sources have in common, and the source that reads a trace.
#include "stargate/traffic/source.hpp"

#include <algorithm>

#include "stargate/traffic/prefix_chain.hpp"

namespace stargate {
namespace {

/// Reads the trace in place; nothing is copied.
class TraceSource final : public RequestSource {
 public:
  explicit TraceSource(const RequestTrace& trace) : trace_(trace) {}

  bool next(IncomingRequest& out) override {
    if (at_ == trace_.rows.size()) return false;
    const TraceRow& row = trace_.rows[at_];
    out = {};
    out.arrival = row.arrival;
    out.number = out.row = out.session = static_cast<std::int64_t>(at_++);
    out.prompt_tokens = row.prompt_tokens, out.output_tokens = row.output_tokens;
    out.tenant = row.label;
    return true;
  }
  bool follow(const IncomingRequest&, SimTime, IncomingRequest&) override { return false; }

  /// The trace's own blocks, cut to the size asked for: every piece of an equal block is equal.
  void prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                     std::vector<std::uint64_t>& out) const override {
    out.clear();
    if (trace_.block_tokens == 0) return;
    const auto blocks = trace_.blocks_of(trace_.rows[static_cast<std::size_t>(request.row)]);
    const std::int64_t tokens =
        std::min<std::int64_t>(request.prompt_tokens, static_cast<std::int64_t>(blocks.size()) * trace_.block_tokens);
    for (std::int64_t end = block_tokens; end <= tokens; end += block_tokens) {
      const auto block = static_cast<std::size_t>((end - 1) / trace_.block_tokens);
      out.push_back(
          mix_prefix(blocks[block] * 0x100000001B3ULL + static_cast<std::uint64_t>((end - 1) % trace_.block_tokens)));
    }
  }
  const std::vector<std::string>& tenants() const override { return trace_.labels; }

 private:
  const RequestTrace& trace_;
  std::size_t at_ = 0;
};

}  // namespace

void RequestSource::prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                                  std::vector<std::uint64_t>& out) const {
  chain_prefix_blocks(request, block_tokens, {}, out);
}

std::unique_ptr<RequestSource> make_trace_source(const RequestTrace& trace) {
  return std::make_unique<TraceSource>(trace);
}

}  // namespace stargate
