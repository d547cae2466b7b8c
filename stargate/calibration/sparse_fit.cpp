// Models of the tables, their rows as walks of a layer, and the fit.
#include "stargate/calibration/sparse_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "stargate/base/check.hpp"
#include "stargate/calibration/row_fit.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/layer_operators.hpp"

namespace stargate {
namespace {

constexpr double kFastest = 1.08;        // of the data-sheet rate: clocks may stand this much above those it assumes
constexpr double kDisturbed = 2;         // times what two larger calls take
// Times what its own arithmetic and the products before it take, of half of a group's rows: reference code, where an
// engine has no kernel for the chip.
constexpr double kFallBack = 20;
constexpr double kClearlyBetter = 0.99;  // of the loss, for another structure
constexpr double kHuber = 0.05;
constexpr std::size_t kRowsToChoose = 400;  // enough to choose a structure by
constexpr const char* kUnfitBlocks = "prompts are the host's time, decoding copies the whole index: says the collector";
constexpr std::array kHeadTiles = {64.0, 128.0, 16.0, 1.0};

/// A model by the end of its name, as its configuration has it; heads are a row's.
struct TableModel {
  const char* name;
  int hidden, heads;
  AttentionShape shape;
};

AttentionShape latent_shape(int q_rank, int nope, int value, int index_heads) {
  AttentionShape a;
  a.kind = AttentionKind::latent;
  a.q_lora_rank = q_rank, a.kv_lora_rank = 512, a.nope_dim = nope, a.rope_dim = 64, a.head_dim = nope + 64;
  a.value_dim = value, a.index_heads = index_heads, a.index_dim = 128, a.index_topk = 2048;
  return a;
}

AttentionShape compressed_shape(int q_rank, int output_groups, int topk) {
  AttentionShape a;
  a.kind = AttentionKind::latent, a.shared_vector = true, a.kv_heads = 1;
  a.head_dim = a.value_dim = 512, a.rope_dim = 64, a.kv_lora_rank = a.nope_dim = 448;
  a.q_lora_rank = q_rank, a.output_lora_rank = 1024, a.output_groups = output_groups, a.window = 128;
  a.index_heads = 64, a.index_dim = 128, a.index_topk = topk;
  return a;
}

AttentionShape block_shape(int heads, int kv_heads, int head_dim, int index_heads) {
  AttentionShape a;
  a.heads = heads, a.kv_heads = kv_heads, a.head_dim = a.value_dim = head_dim;
  a.index_heads = index_heads, a.index_dim = 128, a.index_topk = 2048;
  return a;
}

const TableModel* find_table_model(const std::string& name) {
  static const std::vector<TableModel> models{{"DeepSeek-V3.2", 7168, 128, latent_shape(1536, 128, 128, 64)},
                                              {"GLM-5", 6144, 64, latent_shape(2048, 192, 256, 32)},
                                              {"DeepSeek-V4-Flash", 4096, 64, compressed_shape(1024, 8, 512)},
                                              {"DeepSeek-V4-Pro", 7168, 128, compressed_shape(1536, 16, 1024)},
                                              {"MiniMax-M3", 6144, 64, block_shape(64, 4, 128, 4)}};
  const auto found = std::find_if(models.begin(), models.end(), [&](const TableModel& m) {
    return name.find(std::string("/") + m.name) != std::string::npos;
  });
  return found == models.end() ? nullptr : &*found;
}

struct Block {
  Model model;
  LayerShape layer;
  AttentionBatch batch;
};

/// The walk's input for a row; false where the law has no place for it.
bool read_block(const KernelTable& table, std::size_t i, Block& block) {
  const TableModel* known = find_table_model(table.text("model")[i]);
  if (known == nullptr) return false;
  block.model.hidden = known->hidden;
  auto& a = block.layer.attention;
  a = known->shape;
  a.heads = static_cast<int>(table.number("num_heads")[i]);
  if (a.kind == AttentionKind::full) a.kv_heads = std::max(1, known->shape.kv_heads * a.heads / known->heads);
  if (a.shared_vector) {
    a.output_groups = std::max(1, known->shape.output_groups * a.heads / known->heads);
    a.compress_ratio = static_cast<int>(table.number("compress_ratio")[i]);
    if (a.compress_ratio != 4) a.index_heads = a.index_dim = a.index_topk = 0;
  }
  if (table.has("op_name") && table.text("op_name")[i].ends_with("_skip_indexer")) a.index_heads = 0;
  auto& batch = block.batch;
  batch.sequences = table.number("batch_size")[i], batch.query = table.number("isl")[i];
  batch.context = batch.query + table.number("step")[i];
  batch.decode = table.table.ends_with("generation_module");
  const std::string& cache = table.text("kv_cache_dtype")[i];
  batch.kv_precision = cache.starts_with("fp8") ? Precision::fp8 : Precision::bf16;
  return batch.sequences >= 1 && batch.query >= 1 && table.text("mla_dtype")[i] == "bfloat16";
}

/// Short prompts are attended to without the index by some engines: another kernel.
bool is_dense(const std::string& source) { return source.find("dense_mha") != std::string::npos; }

std::string variant_of(const std::string& source) {
  for (const char* word : {"flashmla_kv", "flashmla_sparse", "flashmla", "flashinfer", "trtllm", "fa3"}) {
    std::string lower = source;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower.find(word) != std::string::npos) return word;
  }
  return "default";
}

using Group = RowGroup<SparseRow>;

bool asks_no_less(const SparseRow& other, const SparseRow& row) {
  return other.call.sequences >= row.call.sequences && other.call.heads >= row.call.heads &&
         other.call.query >= row.call.query && other.call.context >= row.call.context &&
         other.call.index_heads >= row.call.index_heads && other.projections_us >= row.projections_us;
}

double least_us(const SparseRow& row, const SparseDevice& device) {
  return row.call.index_flops() / device.narrow_peak + row.call.attention_flops() / device.peak;
}

bool is_fall_back(const std::vector<SparseRow>& rows, const SparseDevice& device) {
  const auto slow = std::count_if(rows.begin(), rows.end(), [&](const SparseRow& row) {
    return row.microseconds > kFallBack * (least_us(row, device) + row.projections_us + row.launches_us);
  });
  return 2 * slow > static_cast<std::ptrdiff_t>(rows.size());
}

std::vector<std::string> broken_rows(const std::vector<SparseRow>& rows, const SparseDevice& device) {
  std::vector<std::string> reasons(rows.size());
  if (is_fall_back(rows, device)) reasons.assign(rows.size(), "a fall-back without a kernel was timed");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SparseRow& row = rows[i];
    if (!reasons[i].empty()) continue;
    if (!(row.microseconds > 0)) reasons[i] = "no time or no shape";
    else if (least_us(row, device) > row.microseconds * kFastest) reasons[i] = "faster than the matrix units can be";
  }
  const auto by_time = sort_by_time(rows, [&](std::size_t i) { return reasons[i].empty(); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (reasons[i].empty() && is_disturbed(by_time, rows[i], kDisturbed, asks_no_less)) {
      reasons[i] = "disturbed: well over the time of two calls that ask for no less";
    }
  }
  return reasons;
}

struct BlockField {
  const char *name, *unit, *meaning;
  double BlockCoefficients::*member;
  double start, lower, upper;
  explicit BlockField(const SparseField& f)
      : name(f.name), unit(f.unit), meaning(f.meaning), member(f.member), start(f.start), lower(f.lower),
        upper(f.upper) {}
  constexpr BlockField(const char* n, const char* u, const char* m, double BlockCoefficients::*at, double from,
                       double low, double high)
      : name(n), unit(u), meaning(m), member(at), start(from), lower(low), upper(high) {}
};
constexpr BlockField kLaunchShare = {"launch_share",
                                     "1",
                                     "of the lone launches of the block's projections, in the block measured",
                                     &BlockCoefficients::launch_share,
                                     0.5,
                                     0.01,
                                     2};

/// Those to search; 0 is a term the group does not have.
std::vector<SparseField> fields_of(const SparseCoefficients& c) {
  std::vector<SparseField> out;
  for (const auto& field : sparse_fields()) {
    if (c.*field.member > 0) out.push_back(field);
  }
  return out;
}

/// Whether rows can tell: decoding reads index keys for few products and scores, prompts the other way round.
bool can_tell(const SparseField& field, const SparseRow& row, bool index) {
  const std::string name = field.name;
  if (name == "memory_share") return index && row.call.decode;
  if (name == "select_us") return index;
  if (name == "index_share") return index && !row.call.decode;
  return true;
}

double row_us(const BlockCoefficients& c, const SparseDevice& device, const SparseRow& row) {
  return std::max(c.host_us,
                  row.projections_us + c.launch_share * row.launches_us + sparse_us(c, device, row.call));
}

FieldSolution<BlockCoefficients> solve_from(const std::vector<SparseRow>& rows, std::size_t stride,
                                            const SparseDevice& device, const BlockCoefficients& start) {
  std::vector<BlockField> fields;
  for (const SparseField& f : fields_of(start)) fields.emplace_back(f);
  fields.push_back(kLaunchShare);
  std::vector<SparseRow> taken;
  for (std::size_t i = 0; i < rows.size(); i += stride) taken.push_back(rows[i]);
  const auto time = [&](const BlockCoefficients& c, const SparseRow& row) { return row_us(c, device, row); };
  return fit_fields(start, fields, taken, time, {.huber = kHuber, .starts = 1});
}

BlockCoefficients read_block(const std::map<std::string, double>& values) {
  BlockCoefficients out{read_sparse_coefficients(values)};
  if (const auto share = values.find(kLaunchShare.name); share != values.end()) out.launch_share = share->second;
  return out;
}

class SparseFit final : public RowFit<SparseRow> {
 public:
  explicit SparseFit(const Catalogue& catalogue) : catalogue_(catalogue) {}
  std::string law() const override { return "sparse_attention"; }
  bool accepts(const KernelTable& table) const override {
    const auto is_of = [&](const char* family) { return table.table.starts_with(family); };
    return (is_of("dsa_") || is_of("dsv4_csa_") || is_of("dsv4_hca_") || is_of("msa_")) &&
           (table.table.ends_with("context_module") || table.table.ends_with("generation_module"));
  }
  std::unique_ptr<LawFit> asking(const Catalogue& catalogue) const override {
    return std::make_unique<SparseFit>(catalogue);
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const auto& f : sparse_fields()) out.push_back(parameter_of(f));
    out.push_back(parameter_of(kLaunchShare));
    out.push_back(parameter_of(sparse_structure_field(), true));
    return out;
  }

 protected:
  RowGroups<SparseRow> groups_of(const KernelTable& table, const Accelerator& device) const override {
    const auto laws = product_laws(table, device);
    RowGroups<SparseRow> groups;
    for (std::size_t i = 0; i < table.rows; ++i) {
      Block block;
      const std::string& source = table.text("kernel_source")[i];
      if (!read_block(table, i, block) || is_dense(source)) continue;
      const std::string& type = table.text("gemm_type")[i];
      const DeviceLaw& law = laws.at(type);
      SparseRow row;
      row.microseconds = table.number("latency_ms")[i] * 1e3;
      ComputePrecision precision;
      precision.linear = type == "bfloat16" ? Precision::bf16 : type == "nvfp4" ? Precision::fp4 : Precision::fp8;
      const double tokens = block.batch.sequences * block.batch.query;
      visit_token_operators(block.model, block.layer, {}, precision, tokens, block.batch.decode,
                            [&](const Operator& op) {
                              if (op.part == OperatorPart::norm) return;  // of the residual, which blocks leave out
                              const OperatorTime time = law.operator_parts(op);
                              row.launches_us += time.launch.in(microsecond);
                              row.projections_us += (time.total() - time.launch).in(microsecond);
                            });
      visit_attention_operators(block.model, block.layer, {}, block.batch,
                                [&](const Operator& op) { row.call = op.sparse; });
      const bool wide = block.batch.kv_precision == Precision::bf16;
      Group& group = groups[sparse_group_name(row.call, wide) + "." + variant_of(source)];
      group.rows.push_back(i);
      group.calls.push_back(row);
    }
    const bool unfit = table.table.starts_with("msa_") && table.engine == "trtllm";
    for (auto& [name, group] : groups) {
      group.reasons = broken_rows(group.calls, sparse_device(device));
      if (unfit) group.reasons.assign(group.rows.size(), kUnfitBlocks);
    }
    return groups;
  }
  Shapes shapes_of(const SparseRow& row) const override {
    return {{"sequences", row.call.sequences}, {"query", row.call.query}, {"context", row.call.context},
            {"heads", row.call.heads}};
  }
  std::map<std::string, double> fit_rows(const std::string&, const std::vector<SparseRow>& rows,
                                         const Accelerator& device) const override {
    const BlockCoefficients c = fit_sparse_rows(rows, sparse_device(device));
    std::map<std::string, double> out;
    for (const auto& f : sparse_fields()) out[f.name] = c.*f.member;
    out[kLaunchShare.name] = c.launch_share;
    out[sparse_structure_field().name] = c.head_tile;
    return out;
  }
  TimeOf time_of(const std::map<std::string, double>& coefficients, const Accelerator& device) const override {
    return [c = read_block(coefficients), facts = sparse_device(device)](const SparseRow& row) {
      return row_us(c, facts, row);
    };
  }
  Unpredicted unpredicted() const override {
    return {"the law has no such model or format", "no coefficients of this format"};
  }

 private:
  /// The laws of products that rows of a table need, by format of the weights.
  std::map<std::string, DeviceLaw> product_laws(const KernelTable& table, const Accelerator& device) const {
    std::map<std::string, DeviceLaw> laws;
    for (const std::string& type : table.text("gemm_type")) {
      if (laws.contains(type)) continue;
      laws.emplace(type, DeviceLaw(device, catalogue_, KernelChoice{table.engine, type == "fp8_block", false}));
    }
    return laws;
  }

  const Catalogue& catalogue_;
};

}  // namespace

BlockCoefficients fit_sparse_rows(const std::vector<SparseRow>& rows, const SparseDevice& device) {
  STARGATE_CHECK(!rows.empty(), "a fit needs rows");
  const std::size_t stride = std::max<std::size_t>(1, rows.size() / kRowsToChoose);
  const bool index = std::any_of(rows.begin(), rows.end(), [](const SparseRow& r) { return r.call.index_heads > 0; });
  FieldSolution<BlockCoefficients> best;
  best.loss = std::numeric_limits<double>::infinity();
  for (const double tile : kHeadTiles) {
    for (const bool host : {false, true}) {
      if (host && rows.front().call.decode) continue;  // decoding was timed in captured graphs
      BlockCoefficients c;
      for (const auto& f : sparse_fields()) c.*f.member = f.start;
      c.launch_us = std::clamp(0.3 * shortest_time(rows), 2.0, 300.0);
      c.host_us = host ? shortest_time(rows) : 0;
      c.head_tile = tile;
      for (const auto& f : sparse_fields()) {
        if (!can_tell(f, rows.front(), index)) c.*f.member = 0;
      }
      const auto other = solve_from(rows, stride, device, c);
      if (other.loss < kClearlyBetter * best.loss) best = other;
    }
  }
  best = solve_from(rows, 1, device, best.coefficients);
  // A rate that a search leaves at its upper bound is a limit the rows do not show.
  bool dropped = false;
  for (const auto& f : fields_of(best.coefficients)) {
    const bool rate = std::string(f.name).ends_with("_share"), selects = std::string(f.name) == "select_us";
    const double value = best.coefficients.*f.member;
    if (!(rate && value > 0.98 * f.upper) && !(selects && value < 1.02 * f.lower)) continue;
    best.coefficients.*f.member = 0, dropped = true;
  }
  return dropped ? solve_from(rows, 1, device, best.coefficients).coefficients : best.coefficients;
}

std::unique_ptr<LawFit> make_sparse_fit(const Catalogue& catalogue) { return std::make_unique<SparseFit>(catalogue); }

}  // namespace stargate
