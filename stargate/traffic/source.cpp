// Block ids are chains: each mixes the one before with the content and place of the block's tokens, so equal ids mean
// equal prefixes. The mixer is splitmix64's (Steele, Lea, Flood, OOPSLA 2014).
#include "stargate/traffic/source.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// A bijection that scatters all bits; not for secrets.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

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
          mix(blocks[block] * 0x100000001B3ULL + static_cast<std::uint64_t>((end - 1) % trace_.block_tokens)));
    }
  }
  const std::vector<std::string>& tenants() const override { return trace_.labels; }

 private:
  const RequestTrace& trace_;
  std::size_t at_ = 0;
};

}  // namespace

/// Of the last turn of a session only the shared parts may be seen again; of the others everything, the answer
/// included, for it is in the next turn's prompt. A block that the shared prefix ends in the middle of belongs to the
/// session.
void RequestSource::prefix_blocks(const IncomingRequest& request, std::int32_t block_tokens,
                                  std::vector<std::uint64_t>& out) const {
  out.clear();
  std::int64_t known = 0;
  for (const auto& part : request.parts) known += part.tokens;
  const std::int64_t all = std::int64_t{request.prompt_tokens} + request.output_tokens;
  const std::int64_t tokens = request.turn + 1 < request.turns ? all : std::min<std::int64_t>(known, all);
  const std::uint64_t own = mix(static_cast<std::uint64_t>(request.session));
  std::uint64_t chain = 0;
  for (std::int64_t end = block_tokens; end <= tokens; end += block_tokens) {
    // The content that ends the block; past the parts it is the session's.
    const bool shared = end <= request.parts[0].tokens;
    const std::uint64_t content = shared ? request.parts[0].content : own;
    chain = mix(chain ^ mix(content + static_cast<std::uint64_t>(end)));
    out.push_back(chain);
  }
}

std::unique_ptr<RequestSource> make_trace_source(const RequestTrace& trace) {
  return std::make_unique<TraceSource>(trace);
}

}  // namespace stargate
