// One template serves both tables: a Side says which law, coefficients and structures belong to it.
#include "stargate/calibration/attention_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "stargate/base/check.hpp"
#include "stargate/calibration/fit_rows.hpp"

namespace stargate {
namespace {

constexpr std::size_t kSample = 250;         // rows to choose a structure on
constexpr std::size_t kFewestOfItsOwn = 40;  // a kind of call with fewer rows shares its kernel's plain group
constexpr std::size_t kFewest = 8;
constexpr double kUsualWidth = 128;  // the name of a group of all head widths
constexpr int kFinalists = 3;
constexpr double kDisturbed = 1.5;
constexpr double kPull = 0.1;  // of a row, towards each coefficient's usual value

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// The kernel under an engine's name for it; prefill calls of one token may go to a decode kernel.
std::string kernel_name(const std::string& source, bool prefill) {
  const std::string of_decode = prefill && contains(source, "decode") ? "_decode" : "";
  if (contains(source, "triton")) return "triton";
  if (contains(source, "fa4")) return "fa4";
  if (contains(source, "fa3") || source == "flash_attention") return "fa3";
  if (contains(source, "fa2") || contains(source, "flash_attn")) return "fa2";
  if (contains(source, "trtllm")) return "trtllm_gen" + of_decode;
  if (contains(source, "flashinfer")) return "flashinfer" + of_decode;
  if (contains(source, "torch_flow")) return "trtllm";
  return source;
}

bool is_narrow(const std::string& type) { return contains(type, "fp8") || contains(type, "int8"); }

/// Microseconds that no kernel can go below. Calls that nearly fit the last-level cache (1.5 times it) may read ten
/// times as fast as memory: benchmarks repeat a call.
double least_time(const AttentionRow& row, const AttentionDevice& device) {
  const AttentionCall& call = row.call;
  const bool narrow = row.name.narrow || row.name.narrow_cache;
  const double tokens = call.sequences * call.query;
  const double moved = call.cache_bytes() + 2 * tokens * call.heads * (call.score_dim + call.value_dim);
  const double times_cache = moved < 1.5 * device.cache ? 10 : 1;
  return std::max(call.flops() / (narrow ? device.narrow_peak : device.peak), moved / (times_cache * device.bandwidth));
}

/// Of two calls with the same heads and window.
bool asks_for_more(const AttentionCall& more, const AttentionCall& call) {
  return more.sequences >= call.sequences && more.query >= call.query && more.context >= call.context &&
         (more.sequences > call.sequences || more.context > call.context);
}

struct PrefillSide {
  using Coefficients = PrefillCoefficients;
  static constexpr const char *law = "prefill_attention", *table = "context_attention";
  static auto fields() { return prefill_fields(); }
  static auto read(const std::map<std::string, double>& values) { return read_prefill_coefficients(values); }
  static double time(const Coefficients& c, const AttentionDevice& device, const AttentionRow& row) {
    return prefill_attention_us(c, device, row.call, row.name.narrow);
  }
  static bool is_structure(double Coefficients::*m) {
    return m == &Coefficients::query_tile || m == &Coefficients::key_tile || m == &Coefficients::packing ||
           m == &Coefficients::beside;
  }
  /// Tiles that FlashAttention-like kernels have; packing of query heads makes no difference where each has its own
  /// keys.
  static std::vector<Coefficients> structures(const AttentionGroupName& name) {
    std::vector<Coefficients> out;
    const std::vector<double> packings =
        name.variant == AttentionVariant::one_head ? std::vector<double>{0} : std::vector<double>{0, 1, 2};
    const std::pair<double, double> tiles[] = {{64, 64},   {64, 128},  {128, 64},  {128, 128},
                                               {256, 64}, {256, 128}, {512, 512}, {1024, 1024}};  // the last two: TPU
    for (const auto& [query_tile, key_tile] : tiles) {
      for (const double packing : packings) {
        for (const double beside : {0, 1}) {
          Coefficients c;
          c.query_tile = query_tile, c.key_tile = key_tile, c.packing = packing, c.beside = beside;
          out.push_back(c);
        }
      }
    }
    return out;
  }
  /// Coefficients that the rows or the structure leave without effect stay at these values.
  static void settle(Coefficients& c, const std::vector<AttentionRow>& rows,
                     std::vector<double Coefficients::*>& fixed) {
    const auto any = [&](auto is) { return std::any_of(rows.begin(), rows.end(), is); };
    if (!any([](const auto& r) { return r.call.window > 0; })) {
      c.window_skip = 1, fixed.push_back(&Coefficients::window_skip);
    }
    if (!any([](const auto& r) { return r.call.query == 1; })) {
      c.single_us = 0, fixed.push_back(&Coefficients::single_us);
    }
  }
};

/// Encoders of images and sound: every token sees all of its own sequence, each head has keys of its own.
struct EncoderSide : PrefillSide {
  static constexpr const char *law = "encoder_attention", *table = "encoder_attention";
  static std::vector<Coefficients> structures(AttentionGroupName name) {
    name.variant = AttentionVariant::one_head;
    return PrefillSide::structures(name);
  }
  static void settle(Coefficients& c, const std::vector<AttentionRow>& rows,
                     std::vector<double Coefficients::*>& fixed) {
    PrefillSide::settle(c, rows, fixed);
    c.query_copies = c.kv_copies = c.single_us = 0;  // the kernel alone is timed
    for (const auto member : {&Coefficients::query_copies, &Coefficients::kv_copies, &Coefficients::single_us}) {
      fixed.push_back(member);
    }
  }
};

struct DecodeSide {
  using Coefficients = DecodeCoefficients;
  static constexpr const char *law = "decode_attention", *table = "generation_attention";
  static auto fields() { return decode_fields(); }
  static auto read(const std::map<std::string, double>& values) { return read_decode_coefficients(values); }
  static double time(const Coefficients& c, const AttentionDevice& device, const AttentionRow& row) {
    return decode_attention_us(c, device, row.call);
  }
  static bool is_structure(double Coefficients::*m) {
    using C = Coefficients;
    for (const auto s : {&C::query_tile, &C::key_tile, &C::resident, &C::fill, &C::grouped, &C::splits, &C::serial}) {
      if (m == s) return true;
    }
    return false;
  }
  /// Kernels with a job for each query head take 1 or 64 rows of it, others the query heads of a key head in tiles of
  /// the matrix units; without splits `fill` has no meaning.
  static std::vector<Coefficients> structures(const AttentionGroupName& name) {
    const bool alone = name.variant == AttentionVariant::one_head || name.variant == AttentionVariant::unsplit;
    std::vector<Coefficients> out;
    const auto add = [&](double query_tile, bool splits, bool serial) {
      for (const double key_tile : {64, 256}) {
        for (const auto& [resident, fill] : {std::pair{1, 1}, {2, 1}, {2, 2}, {4, 1}, {4, 4}}) {
          if (!splits && fill > 1) continue;
          Coefficients c;
          c.query_tile = query_tile, c.key_tile = key_tile, c.resident = resident, c.fill = fill;
          c.grouped = alone ? 0 : 1, c.splits = splits ? 1 : 0, c.serial = serial ? 1 : 0;
          out.push_back(c);
        }
      }
    };
    if (alone) {
      for (const double query_tile : {1, 64}) add(query_tile, true, false), add(query_tile, false, false);
    } else {
      add(16, true, false), add(16, true, true), add(64, true, false);
    }
    return out;
  }
  /// As on the prefill side; regroup_us belongs to FlashAttention-2's plain kernels alone.
  static void settle(Coefficients& c, const std::vector<AttentionRow>& rows,
                     std::vector<double Coefficients::*>& fixed) {
    const auto fix = [&](double Coefficients::*m, double value) { c.*m = value, fixed.push_back(m); };
    const auto windowed = [](const auto& r) { return r.call.window > 0; };
    if (std::none_of(rows.begin(), rows.end(), windowed)) fix(&Coefficients::window_skip, 1);
    const AttentionGroupName& name = rows.front().name;
    const bool regroups =
        attention_kernel(name.kernel) == AttentionKernel::fa2 && name.variant == AttentionVariant::plain;
    if (!regroups) fix(&Coefficients::regroup_us, 0);
    if (c.splits == 0) fix(&Coefficients::max_splits, 1), fix(&Coefficients::merge_us, 0);
  }
};

template <class Coefficients>
struct Candidate {
  double loss = std::numeric_limits<double>::infinity();
  Coefficients coefficients;
};

/// 1 at a coefficient's usual value: a row of little weight that settles what the other rows do not.
double off_usual(const Parameter& p, double value) {
  return std::exp(p.logarithmic ? std::log(value / p.start) / std::log(p.upper / p.lower)
                                : (value - p.start) / (p.upper - p.lower));
}

/// The coefficients are fitted with the structure held. The rows are followed by one artificial row a coefficient,
/// which is measured as 1 and predicted as off_usual: a weak pull to the usual value (ridge), so that a coefficient on
/// which the rows say nothing stays there and does not wander to a bound.
template <class Side>
Candidate<typename Side::Coefficients> fit_structure(typename Side::Coefficients structure,
                                                     const std::vector<AttentionRow>& rows,
                                                     const AttentionDevice& device, int iterations) {
  using Coefficients = typename Side::Coefficients;
  std::vector<double Coefficients::*> fixed, searched;
  Side::settle(structure, rows, fixed);
  std::vector<Parameter> parameters;
  for (const auto& f : Side::fields()) {
    if (Side::is_structure(f.member) || std::find(fixed.begin(), fixed.end(), f.member) != fixed.end()) continue;
    searched.push_back(f.member);
    parameters.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, f.lower > 0});
  }
  std::vector<double> measured;
  for (const auto& row : rows) measured.push_back(row.microseconds);
  std::vector<double> weights(rows.size(), 1);
  measured.resize(rows.size() + parameters.size(), 1);
  weights.resize(measured.size(), kPull);
  const auto with = [&](std::span<const double> values) {
    Coefficients c = structure;
    for (std::size_t j = 0; j < searched.size(); ++j) c.*searched[j] = values[j];
    return c;
  };
  const auto predict = [&](std::span<const double> values, std::span<double> predicted) {
    const Coefficients c = with(values);
    for (std::size_t i = 0; i < rows.size(); ++i) predicted[i] = Side::time(c, device, rows[i]);
    for (std::size_t j = 0; j < values.size(); ++j) predicted[rows.size() + j] = off_usual(parameters[j], values[j]);
  };
  FitSettings settings;
  settings.max_iterations = iterations;
  const Fit fit = fit_parameters(parameters, predict, measured, weights, settings);
  return {fit.loss, with(fit.values)};
}

/// All structures on a sample first, few iterations each; the best three on all rows decide.
template <class Side>
typename Side::Coefficients fit_rows(const std::vector<AttentionRow>& rows, const AttentionDevice& device) {
  std::vector<AttentionRow> sample;
  const std::size_t stride = std::max<std::size_t>(1, rows.size() / kSample);
  for (std::size_t i = 0; i < rows.size(); i += stride) sample.push_back(rows[i]);
  std::vector<Candidate<typename Side::Coefficients>> tried;
  for (const auto& structure : Side::structures(rows.front().name)) {
    tried.push_back(fit_structure<Side>(structure, sample, device, 12));
  }
  std::stable_sort(tried.begin(), tried.end(), [](const auto& a, const auto& b) { return a.loss < b.loss; });
  Candidate<typename Side::Coefficients> best;
  for (std::size_t i = 0; i < std::min<std::size_t>(kFinalists, tried.size()); ++i) {
    const auto final = fit_structure<Side>(tried[i].coefficients, rows, device, 40);
    if (final.loss < best.loss) best = final;
  }
  return best.coefficients;
}

void widen_all(std::map<std::string, ShapeRange>& ranges, const AttentionCall& call) {
  const std::pair<const char*, double> shapes[] = {{"sequences", call.sequences}, {"query", call.query},
                                                   {"context", call.context},     {"heads", call.heads},
                                                   {"kv_heads", call.kv_heads},   {"window", call.window}};
  for (const auto& [name, value] : shapes) widen(ranges, name, value);
}

/// Rows of each group; kinds of calls with few rows go to the plain group of their kernel, and all widths of a kernel
/// measured on few rows to one: the law has the width in it.
std::map<std::string, std::vector<AttentionRow>> group_rows(const std::vector<AttentionRow>& rows) {
  const auto all_widths = [](AttentionGroupName name) {
    name.variant = AttentionVariant::plain, name.head_dim = kUsualWidth;
    return name;
  };
  std::map<std::string, std::size_t> count, of_kernel;
  for (const auto& row : rows) ++count[row.name.text()], ++of_kernel[all_widths(row.name).text()];
  std::map<std::string, std::vector<AttentionRow>> groups;
  for (AttentionRow row : rows) {
    const bool few = of_kernel[all_widths(row.name).text()] < kFewestOfItsOwn;
    if (count[row.name.text()] < kFewestOfItsOwn) row.name.variant = AttentionVariant::plain;
    if (few) row.name = all_widths(row.name);
    groups[row.name.text()].push_back(row);
  }
  return groups;
}

template <class Side>
CalibratedGroup fit_group(const std::string& name, const std::vector<AttentionRow>& rows,
                          const AttentionDevice& device) {
  CalibratedGroup group;
  group.law = Side::law, group.precision = name;
  const auto broken = broken_attention_rows(rows, device);
  std::vector<AttentionRow> used, held_out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!broken[i].empty()) {
      ++group.skipped[broken[i]];
      continue;
    }
    (i % 4 == 3 ? held_out : used).push_back(rows[i]);
    if (i % 4 != 3) widen_all(group.fitted_on, rows[i].call);
  }
  if (used.size() < kFewest) return group;
  const auto c = fit_rows<Side>(used, device);
  for (const auto& f : Side::fields()) group.coefficients[f.name] = c.*f.member;
  const auto time_of = [&](const AttentionRow& row) { return Side::time(c, device, row); };
  group.used = errors_of(used, time_of), group.held_out = errors_of(held_out, time_of);
  return group;
}

template <class Side>
class AttentionFit final : public LawFit {
 public:
  std::string law() const override { return Side::law; }
  bool accepts(const KernelTable& table) const override { return table.table == Side::table; }

  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const auto& f : Side::fields()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, f.lower > 0, Side::is_structure(f.member)});
    }
    return out;
  }

  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    std::vector<CalibratedGroup> out;
    const AttentionDevice facts = attention_device(device);
    for (const auto& [name, rows] : group_rows(read_attention_rows(table))) {
      CalibratedGroup group = fit_group<Side>(name, rows, facts);
      if (group.coefficients.empty()) continue;
      group.device = device.id, group.engine = table.engine, group.version = table.version;
      out.push_back(std::move(group));
    }
    return out;
  }

  std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const override {
    const auto rows = read_attention_rows(table);
    const auto broken = broken_attention_rows(rows, attention_device(device));
    std::vector<Call> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Operator op;
      op.kind = OperatorKind::attention, op.part = OperatorPart::attention_core, op.attention = rows[i].call;
      out.push_back({{}, rows[i].name.text(), broken[i]});
      if (broken[i].empty()) out.back().operators = {op};
    }
    return out;
  }

  /// A row whose own group is not among `groups` takes the one of least distance by name, as a question about a kernel
  /// that nobody measured does.
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    std::vector<AttentionGroupName> names;
    std::vector<typename Side::Coefficients> coefficients;
    for (const auto& group : groups) {
      names.push_back(parse_attention_group(group.precision));
      coefficients.push_back(Side::read(group.coefficients));
    }
    const AttentionDevice facts = attention_device(device);
    const auto rows = read_attention_rows(table);
    const auto broken = broken_attention_rows(rows, facts);
    std::map<std::string, std::size_t> nearest;  // by the name of the rows' own group
    std::vector<Prediction> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const AttentionGroupName& wanted = rows[i].name;
      Prediction p{std::numeric_limits<double>::quiet_NaN(), wanted.text(), broken[i]};
      if (broken[i].empty() && names.empty()) p.reason = "no calibrated group";
      if (p.reason.empty()) {
        const auto [it, is_new] = nearest.try_emplace(wanted.text(), 0);
        const auto nearer = [&](const auto& a, const auto& b) { return a.distance(wanted) < b.distance(wanted); };
        if (is_new)
          it->second = static_cast<std::size_t>(std::min_element(names.begin(), names.end(), nearer) - names.begin());
        p.milliseconds = 1e-3 * Side::time(coefficients[it->second], facts, rows[i]);
        p.group = groups[it->second].precision;
      }
      out.push_back(std::move(p));
    }
    return out;
  }
};

std::vector<AttentionRow> read_encoder_rows(const KernelTable& table) {
  std::vector<AttentionRow> rows(table.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto number = [&](const char* column) { return table.number(column)[i]; };
    AttentionCall& call = rows[i].call;
    call.causal = false;
    call.sequences = number("batch_size"), call.query = call.context = number("isl");
    call.heads = call.kv_heads = number("num_heads"), call.score_dim = call.value_dim = number("head_dim");
    AttentionGroupName& name = rows[i].name;
    name.kernel = kernel_name(table.text("kernel_source")[i], true), name.head_dim = call.score_dim;
    rows[i].microseconds = 1e3 * number("latency_ms");
  }
  return rows;
}

}  // namespace

std::vector<AttentionRow> read_attention_rows(const KernelTable& table) {
  if (table.table == EncoderSide::table) return read_encoder_rows(table);
  const bool prefill = table.table == PrefillSide::table;
  const auto &kernel = table.text("kernel_source"), &attention = table.text("attn_dtype"),
             &cache = table.text("kv_cache_dtype");
  const auto &sequences = table.number("batch_size"), &query = table.number("isl"), &past = table.number("step");
  const auto &heads = table.number("num_heads"), &kv_heads = table.number("num_key_value_heads");
  const auto &head_dim = table.number("head_dim"), &milliseconds = table.number("latency_ms");
  const std::vector<double> everything(table.rows, 0);
  const auto& window = table.has("window_size") ? table.number("window_size") : everything;
  std::vector<AttentionRow> rows(table.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    AttentionCall& call = rows[i].call;
    call.sequences = sequences[i], call.query = query[i], call.context = query[i] + past[i];
    call.heads = heads[i], call.kv_heads = kv_heads[i], call.score_dim = call.value_dim = head_dim[i];
    call.window = std::max(0.0, window[i]);
    call.kv_precision = is_narrow(cache[i]) ? Precision::fp8 : Precision::bf16;
    AttentionGroupName& name = rows[i].name;
    name.narrow = is_narrow(attention[i]), name.narrow_cache = is_narrow(cache[i]);
    name.kernel = kernel_name(kernel[i], prefill), name.head_dim = head_dim[i];
    name.variant = prefill ? prefill_variant(call) : decode_variant(attention_kernel(name.kernel), call);
    rows[i].microseconds = 1e3 * milliseconds[i];
  }
  return rows;
}

/// Disturbed: at least two calls of the same group, heads and window ask for more and yet take less than two thirds of
/// the time. One could itself be wrong.
std::vector<std::string> broken_attention_rows(const std::vector<AttentionRow>& rows, const AttentionDevice& device) {
  using Heads = std::tuple<std::string, double, double, double>;
  const auto heads_of = [](const AttentionRow& r) {
    return Heads{r.name.text(), r.call.heads, r.call.kv_heads, r.call.window};
  };
  std::map<Heads, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].microseconds > 0) alike[heads_of(rows[i])].push_back(i);
  }
  std::vector<std::string> reasons(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const AttentionRow& row = rows[i];
    if (!(row.microseconds > 0)) {
      reasons[i] = "no time measured";
    } else if (row.microseconds < least_time(row, device)) {
      reasons[i] = "faster than the device can be";
    } else {
      int faster = 0;
      for (const std::size_t j : alike[heads_of(row)]) {
        if (rows[j].microseconds * kDisturbed < row.microseconds && asks_for_more(rows[j].call, row.call)) ++faster;
      }
      if (faster >= 2) reasons[i] = "disturbed: half slower than calls that ask for more";
    }
  }
  return reasons;
}

std::unique_ptr<LawFit> make_prefill_attention_fit() { return std::make_unique<AttentionFit<PrefillSide>>(); }
std::unique_ptr<LawFit> make_encoder_attention_fit() { return std::make_unique<AttentionFit<EncoderSide>>(); }
std::unique_ptr<LawFit> make_decode_attention_fit() { return std::make_unique<AttentionFit<DecodeSide>>(); }

}  // namespace stargate
