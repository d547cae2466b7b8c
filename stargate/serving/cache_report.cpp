// Block arithmetic of vLLM (v1/core/kv_cache_utils.py, kv_cache_interface.py, models/deepseek_v4) and of SGLang's pools
// (model_executor/pool_configurator). V4's is checked against the log of vllm#44376: 6.66 GiB for 30,000 tokens with
// 16,384 in flight, 13,528 tokens in 5.44 GiB.
#include "stargate/serving/cache_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/serving/stage.hpp"

namespace stargate {
namespace {

constexpr int kBlock = 16;             // tokens
constexpr int kCompressedBlock = 256;  // of V4's compressed layers
constexpr int kWindowBlock = 64;       // of its windows
constexpr int kUnstatedLength = 32768;

bool is_recurrent(const AttentionShape& a) {
  return a.kind == AttentionKind::linear || a.kind == AttentionKind::state_space;
}
bool has_window(const AttentionShape& a) { return a.kind == AttentionKind::sliding && a.window > 0; }

/// Of the stage with most layers that keep anything.
ServingStage fullest_stage(const Replica& replica) {
  const auto stages = serving_stages(*replica.model, replica.layout.pp);
  return *std::max_element(stages.begin(), stages.end(),
                           [](const auto& a, const auto& b) { return a.layers() < b.layers(); });
}

/// Layers of one kind: how many, and the bytes of a token (of a recurrent one the whole state).
struct LayerKind {
  int layers = 0, window = 0;
  bool recurrent = false;
  double bytes = 0;
};

std::vector<LayerKind> layer_kinds(const Replica& replica) {
  const Model& model = *replica.model;
  const ServingStage stage = fullest_stage(replica);
  std::vector<LayerKind> kinds;
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    const auto& a = model.shapes[i].attention;
    if (stage.of_shape[i] == 0 || a.kind == AttentionKind::none) continue;
    const bool recurrent = is_recurrent(a);
    const int window = has_window(a) ? a.window : 0;
    const double length = window > 0 ? window : 1;
    const double bytes =
        layer_sequence_bytes(model.shapes[i], replica.layout.tp, replica.precision.kv, length).base() / length;
    const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const LayerKind& k) {
      return k.recurrent == recurrent && k.window == window && (recurrent || k.bytes == bytes);
    });
    if (same != kinds.end()) {
      same->layers += stage.of_shape[i];
      same->bytes = std::max(same->bytes, bytes);
    } else {
      kinds.push_back({stage.of_shape[i], window, recurrent, bytes});
    }
  }
  return kinds;
}

/// A pool of equal blocks and how many of them a request takes.
struct BlockPool {
  double block_bytes = 0, request_blocks = 0, groups = 1;
  int block = kBlock;  ///< tokens of one group in a block
};

double blocks(double tokens, int block) { return std::ceil(tokens / block); }
/// Of a window, with the tokens in flight before what has left it is given back; one more where it straddles blocks.
double window_blocks(int window, double in_flight, double length, int block) {
  return blocks(std::min(window - 1 + in_flight, length), block) + 1;
}

BlockPool grouped_pool(const std::vector<LayerKind>& kinds, double length, double in_flight) {
  BlockPool pool;
  double token = 0, state = 0;
  int least = std::numeric_limits<int>::max(), most = 0;
  for (const auto& k : kinds) {
    (k.recurrent ? state : token) = std::max(k.recurrent ? state : token, k.bytes);
    least = std::min(least, k.layers), most = std::max(most, k.layers);
  }
  const int group = most < 1.5 * least ? most : least;
  // A page of attention is raised until it holds a state, and all pages are equal.
  if (token > 0 && state > 0) pool.block = kBlock * static_cast<int>(std::max(1.0, blocks(state / token, kBlock)));
  pool.block_bytes = group * std::max(token * pool.block, state);
  pool.groups = 0;
  for (const auto& k : kinds) {
    const double groups = std::ceil(static_cast<double>(k.layers) / group);
    pool.groups += groups;
    pool.request_blocks += groups * (k.recurrent    ? 1
                                     : k.window > 0 ? window_blocks(k.window, in_flight, length, pool.block)
                                                    : blocks(length, pool.block));
  }
  return pool;
}

/// DeepSeek-V4 in vLLM: pages of compressed vectors, of index keys and of windows side by side in slots. Entries of a
/// page are rounded up to whole rows of the vector without its scales.
BlockPool compressed_pool(const Replica& replica, double length, double in_flight) {
  const Model& model = *replica.model;
  const ServingStage stage = fullest_stage(replica);
  BlockPool pool{0, 0, 1, kCompressedBlock};
  double pages = 0, layers = 0, most = 0;
  int window = 0;
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    const auto& a = model.shapes[i].attention;
    const double count = stage.of_shape[i];
    if (count == 0 || !a.shared_vector) continue;
    const double vector = sparse_vector_bytes(a, replica.precision.kv), row = a.kv_lora_rank + 2.0 * a.rope_dim;
    const auto page = [&](double bytes) { return std::ceil(bytes / row) * row; };
    layers += count, window = a.window;
    if (pages == 0) pages = page(kWindowBlock * vector);
    if (a.compress_ratio == 0) continue;
    most = std::max(most, count);
    const int entries = std::max(1, kCompressedBlock / a.compress_ratio);
    if (a.index_heads > 0) {
      pages += page(entries * index_key_bytes(a, replica.precision.kv));
    } else {
      pages += page(entries * vector);
    }
    // The compressor's running state: windows of one ratio, of two where they overlap (ratio 4).
    const bool overlaps = a.compress_ratio == 4;
    pool.request_blocks += window_blocks(overlaps ? 2 * a.compress_ratio : a.compress_ratio, in_flight, length,
                                         overlaps ? 4 : 8);
  }
  const double window_groups = std::max(1.0, std::round(layers / std::max(1.0, most)));
  pool.block_bytes = std::ceil(layers / window_groups) * pages;
  pool.request_blocks += blocks(length, kCompressedBlock);
  pool.request_blocks += window_groups * window_blocks(window, in_flight, length, kWindowBlock);
  return pool;
}

bool is_compressed(const Model& model) {
  return std::any_of(model.shapes.begin(), model.shapes.end(),
                     [](const LayerShape& layer) { return layer.attention.shared_vector; });
}

}  // namespace

Bytes rank_state_bytes(const Replica& replica) {
  double bytes = 0;
  for (const auto& k : layer_kinds(replica)) bytes += k.recurrent ? k.layers * k.bytes : 0;
  return Bytes::from_base(bytes);
}

CachePools cache_pools(const Replica& replica, Bytes room) {
  const double share = replica.engine.memory_rules().state_pool_share;
  const Bytes state = share > 0 ? rank_state_bytes(replica) : Bytes{};
  if (!(state > Bytes{})) return {room, std::numeric_limits<double>::infinity()};
  const Bytes growing = room / (1 + share);
  return {growing, std::floor((room - growing) / state)};
}

CacheReport cache_report(const Replica& replica, Bytes room, int max_model_len) {
  const MemoryRules& rules = replica.engine.memory_rules();
  CacheReport out;
  out.max_model_len = max_model_len > 0              ? max_model_len
                      : replica.model->max_position > 0 ? replica.model->max_position
                                                        : kUnstatedLength;
  const double length = out.max_model_len;
  const CachePools pools = cache_pools(replica, room);
  const auto kinds = layer_kinds(replica);
  const bool compressed = is_compressed(*replica.model);
  if (rules.sliding_cache != SlidingCache::grouped || (kinds.size() < 2 && !compressed)) {
    out.request = rank_sequence_bytes(replica, length);
    const Bytes growing = rank_sequence_bytes(replica, 2 * length) - out.request;
    out.requests = out.request > Bytes{} ? std::max(0.0, pools.growing / out.request) : 0;
    out.tokens = growing > Bytes{} ? std::max(0.0, pools.growing / growing) * length : 0;
    return out;
  }
  const double in_flight = replica.engine.max_num_batched_tokens * rules.tokens_in_flight;
  const BlockPool pool =
      compressed ? compressed_pool(replica, length, in_flight) : grouped_pool(kinds, length, in_flight);
  out.request = Bytes::from_base(pool.block_bytes * pool.request_blocks);
  const double count = std::max(0.0, std::floor(room.base() / pool.block_bytes));
  out.requests = count / pool.request_blocks;
  out.tokens = rules.capacity_by_requests || compressed ? out.requests * length
                                                        : std::floor(count / pool.groups) * pool.block;
  return out;
}

}  // namespace stargate
