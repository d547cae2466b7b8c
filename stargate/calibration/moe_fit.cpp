// The structure (tile sizes and the rule that picks them, gates) is searched one choice at a time on a part of the
// rows, from a common start; the best is then fitted to all.
#include "stargate/calibration/moe_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "stargate/base/check.hpp"
#include "stargate/calibration/row_groups.hpp"

namespace stargate {
namespace {

constexpr double kFastest = 1.08;           // of the data-sheet rate: clocks may stand this much above those it assumes
constexpr double kDisturbed = 1.5;          // times what two larger calls of the same model and routing take
constexpr double kDisturbedOther = 2;       // and of others
constexpr std::size_t kRowsToChoose = 400;  // enough to choose a structure by
constexpr double kClearlyBetter = 0.995;    // of the loss, for another structure
constexpr double kHuber = 0.05;
constexpr const char* kAllGated = "all_gated";

/// The shape as the engine ran it: engines that run experts without a gate with one, do so for all models.
MoeShape ran_shape(const MoeRow& row, bool all_gated) {
  MoeShape shape = row.shape;
  shape.gated = shape.gated && (all_gated || !row.may_be_ungated);
  return shape;
}

/// Rows made ready: shapes as they ran, routing counted once.
struct Problem {
  std::vector<MoeShape> shapes;
  std::vector<RoutedLoad> loads;
  std::vector<double> measured;

  Problem(const std::vector<MoeRow>& all, bool all_gated, std::size_t most) {
    const std::size_t stride = std::max<std::size_t>(1, all.size() / most);
    for (std::size_t i = 0; i < all.size(); i += stride) {
      shapes.push_back(ran_shape(all[i], all_gated));
      loads.push_back(routed_load(shapes.back(), all[i].tokens, all[i].skew));
      measured.push_back(all[i].microseconds);
    }
  }
};

struct Solution {
  MoeCoefficients coefficients;
  double loss = std::numeric_limits<double>::infinity();
};

Solution solve_from(const Problem& problem, const MoeDevice& device, const MoeFormat& format,
                    const MoeCoefficients& start, int iterations) {
  std::vector<Parameter> parameters;
  for (const MoeField& f : moe_fields()) {
    parameters.push_back({f.name, f.unit, f.meaning, start.*f.member, f.lower, f.upper, true});
  }
  const auto with_values = [&](std::span<const double> values) {
    MoeCoefficients out = start;
    for (std::size_t j = 0; j < values.size(); ++j) out.*moe_fields()[j].member = values[j];
    return out;
  };
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const MoeCoefficients c = with_values(values);
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      predicted[i] = moe_time_us(c, device, format, problem.shapes[i], problem.loads[i]);
    }
  };
  const Fit fit = fit_parameters(parameters, predict, problem.measured, {},
                                 {.huber = kHuber, .max_iterations = iterations, .starts = 1});
  return {with_values(fit.values), fit.loss};
}

/// Structures that differ from `at` in one choice.
std::vector<MoeCoefficients> neighbours(const MoeCoefficients& at) {
  std::vector<MoeCoefficients> out;
  const auto add = [&](double MoeCoefficients::*member, std::initializer_list<double> values) {
    for (const double value : values) {
      MoeCoefficients other = at;
      other.*member = value;
      if (value != at.*member && other.tile_small <= other.tile_large) out.push_back(other);
    }
  };
  add(&MoeCoefficients::tile_rule, {0, 1, 2, 3});
  add(&MoeCoefficients::tile_large, {32, 64, 128, 256});
  add(&MoeCoefficients::tile_small, {8, 16, 32, 64, 128});
  add(&MoeCoefficients::tile_fill, {0.5, 1, 2, 4, 8});
  return out;
}

/// Steepest descent over single choices, at most three of them; it ends where none is clearly better.
Solution choose_structure(const Problem& problem, const MoeDevice& device, const MoeFormat& format,
                          const MoeCoefficients& start) {
  Solution best = solve_from(problem, device, format, start, 30);
  for (int round = 0; round < 3; ++round) {
    const MoeCoefficients at = best.coefficients;
    Solution better = best;
    for (const MoeCoefficients& structure : neighbours(at)) {
      const Solution other = solve_from(problem, device, format, structure, 12);
      if (other.loss < better.loss) better = other;
    }
    if (!(better.loss < kClearlyBetter * best.loss)) break;
    best = better;
  }
  return best;
}

using Group = RowGroup<MoeRow>;

/// "power_law_1.01" is 1.01, and so is "power_law_sampled_1.01"; "power_law_" before something that is no positive
/// number is 1; anything else is balanced.
double skew_of(const std::string& distribution) {
  const std::string prefix = "power_law_", sampled = "sampled_";
  if (distribution.rfind(prefix, 0) != 0) return 0;
  std::size_t at = prefix.size();
  if (distribution.compare(at, sampled.size(), sampled) == 0) at += sampled.size();
  const double skew = std::strtod(distribution.c_str() + at, nullptr);
  return skew > 0 ? skew : 1;
}

/// Where a law's tables have their calls.
struct MoeTables {
  const char* law;    ///< of the coefficients
  const char* table;  ///< in file names
  bool a_rank;        ///< num_tokens is of one rank, not of all that share the experts
};
constexpr MoeTables kExperts{"moe", "moe", false};
constexpr MoeTables kExchanged{"moe_exchange", "dsv4_megamoe_module", true};

MoeRow row_of(const KernelTable& table, std::size_t i, bool nongated_kernel, bool a_rank) {
  const auto number = [&](const char* name) { return table.number(name)[i]; };
  MoeRow row;
  row.tokens = number("num_tokens") * (a_rank ? number("moe_ep_size") : 1);
  row.model_inter = number("inter_size"), row.tensor_ranks = number("moe_tp_size");
  row.shape = {number("hidden_size"), row.model_inter / std::max(1.0, row.tensor_ranks),
               number("num_experts"), number("topk"),
               number("moe_ep_size"), !nongated_kernel};
  row.skew = skew_of(table.text("distribution")[i]);
  row.microseconds = number("latency_ms") * 1e3;
  // Nemotron 3: 22 of 512 latent experts, or 2688 x 1856; squared ReLU, no gate.
  row.may_be_ungated = row.shape.top_k == 22 || (row.shape.hidden == 2688 && row.model_inter == 1856);
  return row;
}

std::map<std::string, Group> groups_of(const KernelTable& table, const Accelerator& device, const MoeTables& of) {
  std::map<std::string, Group> groups;
  const auto& dtypes = table.text("moe_dtype");
  const auto& sources = table.text("kernel_source");
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::string name = moe_group_name(dtypes[i], sources[i]);
    if (find_moe_format(name) == nullptr) continue;
    Group& group = groups[name];
    group.rows.push_back(i);
    group.calls.push_back(row_of(table, i, sources[i].find("nongated") != std::string::npos, of.a_rank));
  }
  for (auto& [name, group] : groups) {
    const MoeFormat& format = *find_moe_format(name);
    group.reasons = broken_moe_rows(group.calls, moe_device(device, format), format);
  }
  return groups;
}

CalibratedGroup fit_group(const std::string& name, const Group& group, const KernelTable& table,
                          const Accelerator& device, const char* law) {
  CalibratedGroup out;
  const auto shapes_of = [](const MoeRow& row) {
    const MoeShape& s = row.shape;
    return std::array{std::pair{"tokens", row.tokens}, std::pair{"hidden", s.hidden}, std::pair{"inter", s.inter},
                      std::pair{"experts", s.experts}, std::pair{"top_k", s.top_k}, std::pair{"ranks", s.ranks},
                      std::pair{"skew", row.skew}};
  };
  const auto [used, held_out] = split_rows(group, shapes_of, out);
  const MoeFormat& format = *find_moe_format(name);
  const MoeDevice facts = moe_device(device, format);
  const MoeFitted fitted = fit_moe_rows(used, facts, format);
  out.law = law, out.device = device.id, out.engine = table.engine, out.version = table.version;
  out.precision = name;
  out.coefficients = write_moe_coefficients(fitted.coefficients);
  out.coefficients[kAllGated] = fitted.all_gated ? 1 : 0;
  const auto time_of = [&](const MoeRow& row) {
    const MoeShape shape = ran_shape(row, fitted.all_gated);
    return moe_time_us(fitted.coefficients, facts, format, shape, routed_load(shape, row.tokens, row.skew));
  };
  out.used = errors_of(used, time_of), out.held_out = errors_of(held_out, time_of);
  return out;
}

class MoeFit final : public LawFit {
 public:
  explicit MoeFit(const MoeTables& tables) : tables_(tables) {}
  std::string law() const override { return tables_.law; }
  bool accepts(const KernelTable& table) const override {
    const auto numbers = {"num_tokens",  "hidden_size", "inter_size", "topk",
                          "num_experts", "moe_tp_size", "moe_ep_size"};
    return table.table == tables_.table && table.texts.contains("moe_dtype") && table.texts.contains("distribution") &&
           table.texts.contains("kernel_source") &&
           std::all_of(numbers.begin(), numbers.end(), [&](const char* n) { return table.numbers.contains(n); });
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const MoeField& f : moe_fields()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, true});
    }
    for (const MoeField& f : moe_structure_fields()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, true, true});
    }
    out.push_back({kAllGated, "1", "1: experts of models without a gate were run with one", 0, 0, 1, false, true});
    return out;
  }
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    return fit_groups(groups_of(table, device, tables_), [&](const std::string& name, const Group& group) {
      return fit_group(name, group, table, device, tables_.law);
    });
  }
  std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const override;
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override;

 private:
  MoeTables tables_;
};

/// Both products of a layer's experts on one rank and the rows between them, as perf/layer_operators.cpp counts them.
std::vector<Operator> expert_operators(const MoeRow& row, Precision precision) {
  const MoeShape& s = row.shape;
  const double experts = s.experts / s.ranks, rows = row.tokens * s.top_k / s.ranks;
  const double reached = std::clamp(experts * (1 - std::pow(1 - s.top_k / s.experts, row.tokens)), 1.0, experts);
  const double width = (s.gated ? 2 : 1) * s.inter;
  Operator first;
  first.precision = precision, first.part = OperatorPart::experts, first.groups = reached;
  first.m = rows / reached, first.n = width, first.k = s.hidden;
  first.experts.tokens = row.tokens;
  Operator second = first;
  second.n = s.hidden, second.k = s.inter;
  Operator between;
  between.kind = OperatorKind::element_wise, between.traffic = Bytes::from_base(2 * rows * (width + s.inter));
  return {first, between, second};
}

std::vector<LawFit::Call> MoeFit::calls(const KernelTable& table, const Accelerator& device) const {
  std::vector<Call> out(table.rows, {{}, {}, "the law has no such format"});
  for (const auto& [name, group] : groups_of(table, device, tables_)) {
    const MoeFormat& format = *find_moe_format(name);
    const bool mixed = format.weight_bytes < 0.9 * format.activation_bytes;
    for (std::size_t j = 0; j < group.rows.size(); ++j) {
      Call& call = out[group.rows[j]];
      call = {{}, name, group.reasons[j]};
      if (call.reason.empty() && mixed) call.reason = "weights narrower than the product: no operator of this format";
      if (call.reason.empty()) call.operators = expert_operators(group.calls[j], format.precision);
    }
  }
  return out;
}

std::vector<LawFit::Prediction> MoeFit::predict(const KernelTable& table, const Accelerator& device,
                                                const std::vector<CalibratedGroup>& groups) const {
  const Unpredicted unpredicted{"the law has no such format", "no coefficients of this format"};
  return predict_groups(table, groups_of(table, device, tables_), groups, unpredicted,
                        [&](const std::string& name, const std::map<std::string, double>& coefficients) {
                          const MoeFormat& format = *find_moe_format(name);
                          const auto gated = coefficients.find(kAllGated);
                          const bool all_gated = gated != coefficients.end() && gated->second > 0;
                          return [&format, all_gated, facts = moe_device(device, format),
                                  c = read_moe_coefficients(coefficients)](const MoeRow& row) {
                            const MoeShape shape = ran_shape(row, all_gated);
                            return moe_time_us(c, facts, format, shape, routed_load(shape, row.tokens, row.skew));
                          };
                        });
}

/// Whether a call asks for no less than another: no fewer tokens, no smaller experts, spread over no more ranks. On
/// several ranks more skew loads the busiest more; on one, skew only leaves experts without rows.
bool asks_no_less(const MoeRow& other, const MoeRow& row) {
  const MoeShape &a = other.shape, &b = row.shape;
  return other.tokens >= row.tokens && a.hidden >= b.hidden && a.inter >= b.inter && a.top_k >= b.top_k &&
         a.experts >= b.experts && a.ranks <= b.ranks &&
         (other.skew == row.skew || (b.ranks <= 1 ? other.skew <= row.skew : other.skew >= row.skew));
}

bool is_same_model(const MoeRow& a, const MoeRow& b) {
  return a.shape.hidden == b.shape.hidden && a.model_inter == b.model_inter && a.shape.experts == b.shape.experts &&
         a.shape.top_k == b.shape.top_k;
}

/// For rows of another model or routing, what they ask is compared with less confidence: they must be that much faster.
bool is_clearly_no_less(const MoeRow& other, const MoeRow& row) {
  const bool alike = other.skew == row.skew && is_same_model(other, row);
  return asks_no_less(other, row) && (alike || other.microseconds * kDisturbedOther < row.microseconds);
}

/// Tuning tables fill in what nobody ran: one figure, the same to its last digit, under several numbers of tokens.
/// Where they begin at the fewest of a shape the tuner padded them up, and the most of them were run; else the fewest
/// were.
void mark_copied(const std::vector<MoeRow>& rows, std::vector<std::string>& reasons) {
  const auto shape_of = [](const MoeRow& r) {
    return std::tuple(r.shape.hidden, r.shape.inter, r.shape.experts, r.shape.top_k, r.shape.ranks, r.tensor_ranks,
                      r.skew);
  };
  struct Range {
    double low, high;
  };
  std::map<decltype(shape_of(rows.front())), Range> all;  // tokens of a shape
  std::map<std::pair<decltype(shape_of(rows.front())), double>, Range> alike;  // of a shape and figure
  const auto widen_by = [](auto& ranges, const auto& key, double tokens) {
    Range& range = ranges.try_emplace(key, Range{tokens, tokens}).first->second;
    range = {std::min(range.low, tokens), std::max(range.high, tokens)};
  };
  for (const MoeRow& row : rows) {
    widen_by(all, shape_of(row), row.tokens);
    widen_by(alike, std::pair(shape_of(row), row.microseconds), row.tokens);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Range whole = all.at(shape_of(rows[i])), same = alike.at({shape_of(rows[i]), rows[i].microseconds});
    const bool padded = same.low == whole.low && same.high < whole.high;
    if (reasons[i].empty() && rows[i].tokens != (padded ? same.high : same.low)) {
      reasons[i] = "the figure of another number of tokens to its last digit: copied";
    }
  }
}

std::string broken_reason(const MoeRow& row, const MoeDevice& device, const MoeFormat& format) {
  const MoeShape& s = row.shape;
  if (!(row.microseconds > 0) || !(row.tokens >= 1) || !(s.hidden >= 1) || !(s.inter >= 1) || !(s.top_k >= 1) ||
      !(s.ranks >= 1) || !(s.experts >= s.ranks)) {
    return "no time or no shape";
  }
  if (!(device.peak > 0)) return "the device has no rate for this format";
  // The least a rank can do: an even share of the rows, two matrices; half the experts that routing lets it expect.
  const double flops = 2 * row.tokens * s.top_k / s.ranks * 2 * s.hidden * s.inter;
  if (flops > row.microseconds * device.peak * kFastest) return "faster than the matrix units can be";
  const double experts = 0.5 * routed_load(s, row.tokens, row.skew).reached;
  const double bytes = experts * 2 * s.hidden * s.inter * format.weight_bytes - device.cache;
  if (bytes > row.microseconds * device.bandwidth) return "faster than the memory can be, its cache taken off";
  return {};
}

}  // namespace

std::string moe_group_name(const std::string& dtype, const std::string& kernel_source) {
  std::string name = dtype == "bfloat16" ? "bf16" : dtype == "int4_wo" ? "int4_weight" : dtype;
  std::string kernel = "default";
  for (const char* word : {"triton", "marlin", "cutlass", "trtllm"}) {
    if (kernel_source.find(word) != std::string::npos) {
      kernel = word;
      break;
    }
  }
  for (const char* word : {"mxfp4_flashinfer", "nongated", "modular", "monolithic", "situ"}) {
    if (kernel_source.find(word) != std::string::npos) kernel += std::string("_") + word;
  }
  return name + "." + kernel;
}

std::vector<std::string> broken_moe_rows(const std::vector<MoeRow>& rows, const MoeDevice& device,
                                         const MoeFormat& format) {
  std::vector<std::string> reasons(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) reasons[i] = broken_reason(rows[i], device, format);
  mark_copied(rows, reasons);
  const auto by_time = sort_by_time(rows, [&](std::size_t i) { return reasons[i].empty(); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (reasons[i].empty() && is_disturbed(by_time, rows[i], kDisturbed, is_clearly_no_less)) {
      reasons[i] = "disturbed: well over the time of two calls that ask for no less";
    }
  }
  return reasons;
}

/// Where a model without a gate is among the rows, both readings are tried, as tables do not say which was run.
MoeFitted fit_moe_rows(const std::vector<MoeRow>& rows, const MoeDevice& device, const MoeFormat& format) {
  STARGATE_CHECK(!rows.empty(), "a fit needs rows");
  MoeCoefficients start;
  start.launch_us = std::clamp(0.8 * shortest_time(rows), 1.0, 300.0);
  const bool any_ungated = std::any_of(rows.begin(), rows.end(), [](const MoeRow& r) { return r.may_be_ungated; });
  bool all_gated = false;
  Solution best = choose_structure(Problem(rows, false, kRowsToChoose), device, format, start);
  if (any_ungated) {
    const Solution gated = choose_structure(Problem(rows, true, kRowsToChoose), device, format, start);
    all_gated = gated.loss < best.loss;
    if (all_gated) best = gated;
  }
  const Problem all(rows, all_gated, rows.size() + 1);
  return {solve_from(all, device, format, best.coefficients, 60).coefficients, all_gated};
}

std::unique_ptr<LawFit> make_moe_fit() { return std::make_unique<MoeFit>(kExperts); }
std::unique_ptr<LawFit> make_exchanged_moe_fit() { return std::make_unique<MoeFit>(kExchanged); }

}  // namespace stargate
