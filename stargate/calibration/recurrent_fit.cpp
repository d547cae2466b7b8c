// Groups of the tables of recurrent layers, rows left out by rule, and the fit of each kernel.
#include "stargate/calibration/recurrent_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "stargate/base/check.hpp"
#include "stargate/calibration/row_fit.hpp"

namespace stargate {
namespace {

constexpr double kFastest = 1.08;        // of the data-sheet rate: clocks may stand this much above those it assumes
constexpr double kDisturbed = 2;         // times what two larger calls take
constexpr double kClearlyBetter = 0.99;  // of the loss, for another structure
constexpr double kHuber = 0.05;
// What fits in the cache has an edge, and a search stays on its side; 0: nothing is found in it.
constexpr std::array kCacheStarts = {0.0, 0.7, 0.15};

/// What a table calls its kernels. `name` is how the source begins, `variant` what sets a group apart.
struct Source {
  const char *table, *name;
  RecurrentKernel kernel;
  const char* variant;
};
constexpr std::array kSources = {
    Source{"gdn", "chunk_gated_delta_rule_flashinfer", RecurrentKernel::scan, "flashinfer"},
    Source{"gdn", "chunk_gated_delta_rule", RecurrentKernel::scan, "triton"},
    Source{"gdn", "fused_recurrent_gated_delta_rule", RecurrentKernel::step, "triton"},
    Source{"gdn", "causal_conv1d_fn", RecurrentKernel::convolution, "default"},
    Source{"gdn", "causal_conv1d_update", RecurrentKernel::convolution_step, "default"},
    Source{"kda", "chunk_kda", RecurrentKernel::scan, "triton"},
    Source{"kda", "flashkda_fwd", RecurrentKernel::scan, "flashkda"},
    Source{"kda", "fused_kda_decode_mtp", RecurrentKernel::fused_step, "verify"},
    Source{"kda", "fused_kda_decode", RecurrentKernel::fused_step, "default"},
    Source{"kda", "kda_fused_decode", RecurrentKernel::fused_step, "default"},
    Source{"kda", "fused_recurrent_kda_packed_decode", RecurrentKernel::step, "triton"},
    Source{"kda", "fused_recurrent_kda", RecurrentKernel::step, "verify"},
    Source{"kda", "fused_sigmoid_gating_delta_rule_update", RecurrentKernel::step, "verify"},
    Source{"kda", "causal_conv1d_fn", RecurrentKernel::convolution, "default"},
    Source{"kda", "causal_conv1d_update", RecurrentKernel::convolution_step, "default"},
    Source{"mamba2", "mamba_chunk_scan_combined", RecurrentKernel::scan, "triton"},
    Source{"mamba2", "causal_conv1d_fn", RecurrentKernel::convolution, "default"},
    Source{"mamba2", "causal_conv1d_update", RecurrentKernel::convolution_step, "default"}};

/// Tables that time something else than their columns say, as their collectors state.
struct Unfit {
  const char *device, *table, *engine, *version;  ///< an empty one is any
  enum { convolutions, prompts, prompt_convolutions } what;
  const char* reason;
};
constexpr std::array kUnfit = {
    Unfit{"", "gdn", "trtllm", "", Unfit::convolutions, "the convolution timed is over the keys' channels only"},
    Unfit{"a100_sxm", "gdn", "sglang", "0.5.10", Unfit::convolutions,
          "the convolution timed is over the keys' channels only"},
    Unfit{"", "kda", "vllm", "", Unfit::prompt_convolutions, "the time is the host's: 0.4 ms for any shape"},
    Unfit{"h200_sxm", "gdn", "sglang", "0.5.14", Unfit::prompts,
          "the collection was disturbed: prompts slower than on an H100"}};

bool is_about(const Unfit& unfit, RecurrentKernel kernel) {
  const bool prompt_convolution = kernel == RecurrentKernel::convolution;
  switch (unfit.what) {
    case Unfit::convolutions:
      return prompt_convolution || kernel == RecurrentKernel::convolution_step;
    case Unfit::prompts:
      return prompt_convolution || kernel == RecurrentKernel::scan;
    case Unfit::prompt_convolutions:
      return prompt_convolution;
  }
  return false;
}

std::string unfit_reason(const KernelTable& table, const RecurrentCall& call) {
  const auto is = [](const char* wanted, const std::string& name) { return *wanted == '\0' || name == wanted; };
  for (const Unfit& unfit : kUnfit) {
    if (is(unfit.device, table.device) && is(unfit.table, table.table) && is(unfit.engine, table.engine) &&
        is(unfit.version, table.version) && is_about(unfit, call.kernel)) {
      return unfit.reason;
    }
  }
  return {};
}

RecurrentRule rule_of(const std::string& table) {
  return table == "gdn" ? RecurrentRule::delta : table == "kda" ? RecurrentRule::channel_delta
                                                                : RecurrentRule::state_space;
}

/// The shape of a row. TensorRT-LLM keeps the states of decoding sequences in 16 bits, the others in 32.
RecurrentCall call_of(const KernelTable& table, std::size_t i, RecurrentKernel kernel) {
  const auto number = [&](const char* column) { return table.number(column)[i]; };
  RecurrentCall call;
  call.rule = rule_of(table.table), call.kernel = kernel;
  call.sequences = number("batch_size"), call.query = number("seq_len"), call.conv_kernel = number("d_conv");
  if (call.rule == RecurrentRule::state_space) {
    call.key_heads = number("n_groups"), call.key_dim = number("d_state");
    call.value_heads = number("nheads"), call.value_dim = number("head_dim");
  } else {
    call.key_heads = number("num_k_heads"), call.key_dim = number("head_k_dim");
    call.value_heads = number("num_v_heads"), call.value_dim = number("head_v_dim");
  }
  const bool step = kernel == RecurrentKernel::step || kernel == RecurrentKernel::fused_step;
  if (table.engine == "trtllm" && step) call.state_bytes = 2;
  return call;
}

/// Those to search: without the cache's where nothing is found in it.
std::vector<RecurrentField> fields_of(RecurrentKernel kernel, const RecurrentCoefficients& c) {
  std::vector<RecurrentField> out;
  for (const auto& field : recurrent_fields()) {
    if (c.*field.member > 0 && has_recurrent_field(kernel, c.one_kernel > 0, field)) out.push_back(field);
  }
  return out;
}

FieldSolution<RecurrentCoefficients> solve_from(const std::vector<RecurrentRow>& rows, const RecurrentDevice& device,
                                                const RecurrentCoefficients& start) {
  const auto time = [&](const RecurrentCoefficients& c, const RecurrentRow& row) {
    return recurrent_us(c, device, row.call);
  };
  return fit_fields(start, fields_of(rows.front().call.kernel, start), rows, time, {.huber = kHuber, .starts = 1});
}

using Group = RowGroup<RecurrentRow>;

RowGroups<RecurrentRow> recurrent_groups(const KernelTable& table, const Accelerator& device) {
  RowGroups<RecurrentRow> groups;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::string& source = table.text("kernel_source")[i];
    const auto found = std::find_if(kSources.begin(), kSources.end(), [&](const Source& s) {
      return table.table == s.table && source.starts_with(s.name);
    });
    if (found == kSources.end()) continue;
    const RecurrentRow row{call_of(table, i, found->kernel), table.number("latency_ms")[i] * 1e3};
    Group& group = groups[recurrent_group_name(row.call.rule, found->kernel) + "." + found->variant];
    group.rows.push_back(i);
    group.calls.push_back(row);
  }
  for (auto& [name, group] : groups) {
    group.reasons = broken_recurrent_rows(group.calls, recurrent_device(device));
    for (std::size_t j = 0; j < group.calls.size(); ++j) {
      if (group.reasons[j].empty()) group.reasons[j] = unfit_reason(table, group.calls[j].call);
    }
  }
  return groups;
}

class RecurrentFit final : public RowFit<RecurrentRow> {
 public:
  std::string law() const override { return "recurrent"; }
  bool accepts(const KernelTable& table) const override {
    return table.table == "gdn" || table.table == "kda" || table.table == "mamba2";
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const auto& f : recurrent_fields()) out.push_back(parameter_of(f));
    for (const auto& f : recurrent_structure_fields()) out.push_back(parameter_of(f, true));
    return out;
  }
  std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const override {
    std::vector<Call> out(table.rows, {{}, {}, "the law has no place for this kernel"});
    for (const auto& [name, group] : recurrent_groups(table, device)) {
      for (std::size_t j = 0; j < group.rows.size(); ++j) {
        Call& call = out[group.rows[j]];
        call = {{}, name, group.reasons[j]};
        if (!call.reason.empty()) continue;
        Operator op;
        op.kind = OperatorKind::recurrent, op.part = OperatorPart::attention_core;
        op.recurrent = group.calls[j].call;
        call.operators.push_back(op);
      }
    }
    return out;
  }

 protected:
  RowGroups<RecurrentRow> groups_of(const KernelTable& table, const Accelerator& device) const override {
    return recurrent_groups(table, device);
  }
  Shapes shapes_of(const RecurrentRow& row) const override {
    return {{"sequences", row.call.sequences}, {"query", row.call.query}, {"value_heads", row.call.value_heads}};
  }
  std::map<std::string, double> fit_rows(const std::string&, const std::vector<RecurrentRow>& rows,
                                         const Accelerator& device) const override {
    const auto coefficients = fit_recurrent_rows(rows, recurrent_device(device));
    const RecurrentKernel kernel = rows.front().call.kernel;
    std::map<std::string, double> out;
    for (const auto& f : fields_of(kernel, coefficients)) out[f.name] = coefficients.*f.member;
    if (kernel != RecurrentKernel::scan) return out;
    for (const auto& f : recurrent_structure_fields()) out[f.name] = coefficients.*f.member;
    return out;
  }
  TimeOf time_of(const std::map<std::string, double>& coefficients, const Accelerator& device) const override {
    return [c = read_recurrent_coefficients(coefficients), facts = recurrent_device(device)](const RecurrentRow& row) {
      return recurrent_us(c, facts, row.call);
    };
  }
  Unpredicted unpredicted() const override {
    return {"the law has no place for this kernel", "no coefficients of this kernel"};
  }
};

bool asks_no_less(const RecurrentRow& other, const RecurrentRow& row) {
  return other.call.sequences >= row.call.sequences && other.call.query >= row.call.query &&
         other.call.value_heads >= row.call.value_heads && other.call.key_heads >= row.call.key_heads &&
         other.call.value_dim >= row.call.value_dim && other.call.key_dim >= row.call.key_dim;
}

std::string broken_reason(const RecurrentRow& row, const RecurrentDevice& device) {
  const RecurrentCall& call = row.call;
  if (!(row.microseconds > 0) || !(call.tokens() >= 1) || !(call.channels() >= 1)) return "no time or no shape";
  if (call.flops() > row.microseconds * device.peak * kFastest) return "faster than the matrix units can be";
  // Inputs may be left in the cache by the call before, and outputs in it for the next.
  if (call.bytes() - 2 * device.cache > row.microseconds * device.bandwidth * kFastest) {
    return "faster than the memory can be, its cache taken off";
  }
  return {};
}

}  // namespace

std::vector<std::string> broken_recurrent_rows(const std::vector<RecurrentRow>& rows, const RecurrentDevice& device) {
  std::vector<std::string> reasons(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) reasons[i] = broken_reason(rows[i], device);
  const auto by_time = sort_by_time(rows, [&](std::size_t i) { return reasons[i].empty(); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (reasons[i].empty() && is_disturbed(by_time, rows[i], kDisturbed, asks_no_less)) {
      reasons[i] = "disturbed: well over the time of two calls that ask for no less";
    }
  }
  return reasons;
}

RecurrentCoefficients fit_recurrent_rows(const std::vector<RecurrentRow>& rows, const RecurrentDevice& device) {
  STARGATE_CHECK(!rows.empty(), "a fit needs rows");
  const RecurrentKernel kernel = rows.front().call.kernel;
  FieldSolution<RecurrentCoefficients> best;
  best.loss = std::numeric_limits<double>::infinity();
  const auto try_from = [&](double states, double one_kernel, double cache) {
    RecurrentCoefficients start;
    for (const auto& f : recurrent_fields()) start.*f.member = f.start;
    start.launch_us = std::clamp(0.8 * shortest_time(rows), 0.5, 400.0);
    start.chunk_states = states, start.one_kernel = one_kernel, start.cache_share = cache;
    for (const auto& f : recurrent_fields()) {
      if (!has_recurrent_field(kernel, one_kernel > 0, f)) start.*f.member = 0;
    }
    const auto other = solve_from(rows, device, start);
    if (other.loss < kClearlyBetter * best.loss) best = other;
  };
  for (const double cache : kCacheStarts) {
    try_from(0, 0, cache);
    if (kernel == RecurrentKernel::scan) try_from(1, 0, cache), try_from(0, 1, cache);
  }
  // A term that a search leaves at next to nothing is one the kernel does not have.
  bool dropped = false;
  for (const auto& f : fields_of(kernel, best.coefficients)) {
    const bool optional = std::string(f.name).ends_with("_us") && std::string(f.name) != "launch_us";
    if (!optional || best.coefficients.*f.member > 2 * f.lower) continue;
    best.coefficients.*f.member = 0, dropped = true;
  }
  return dropped ? solve_from(rows, device, best.coefficients).coefficients : best.coefficients;
}

std::unique_ptr<LawFit> make_recurrent_fit() { return std::make_unique<RecurrentFit>(); }

}  // namespace stargate
