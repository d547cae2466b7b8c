// Laws between devices and between formats: what is at least as good in every figure is never slower, and what is
// stored in fewer bits never takes longer.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "shipped.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/dominance.hpp"

using namespace stargate;

namespace {

constexpr double kRounding = 1 + 1e-9;

struct NamedOperator {
  std::string name;
  Operator op;
};

Operator product(Precision precision, double m, double n, double k) {
  Operator op;
  op.precision = precision, op.m = m, op.n = n, op.k = k;
  return op;
}

Operator attention(double sequences, double query, double context, bool latent, Precision cache) {
  Operator op;
  op.kind = OperatorKind::attention;
  op.attention = {.sequences = sequences, .query = query, .context = context, .heads = 32, .kv_heads = 8,
                  .score_dim = 128, .value_dim = 128, .window = 0, .shared_kv = false, .kv_precision = cache};
  if (latent) {
    op.attention.kv_heads = 1, op.attention.score_dim = 576, op.attention.value_dim = 512;
    op.attention.shared_kv = true;
  }
  return op;
}

Operator experts(Precision precision, double tokens) {
  Operator op = product(precision, tokens * 8 / 256, 4096, 7168);
  op.part = OperatorPart::experts, op.groups = 32;
  op.experts.tokens = tokens, op.experts.hidden = 7168, op.experts.width = 2048, op.experts.experts = 256;
  op.experts.top_k = 8, op.experts.ranks = 8, op.experts.share = 1;
  return op;
}

/// Of layers of dense and expert models, from one token to a whole batch of prompts.
std::vector<NamedOperator> operators(Precision precision) {
  std::vector<NamedOperator> out;
  for (const double m : {1.0, 16.0, 96.0, 512.0, 4096.0, 16384.0}) {
    for (const auto& [n, k] : {std::pair{1280.0, 8192.0}, {8192.0, 1024.0}, {7168.0, 18432.0}, {129280.0, 7168.0}}) {
      out.push_back({fmt::format("gemm {} {}x{}x{}", precision_name(precision), m, n, k), product(precision, m, n, k)});
    }
    out.push_back({fmt::format("experts {} {}", precision_name(precision), m), experts(precision, m)});
  }
  const Precision cache = bytes_per_element(precision) < 2 ? Precision::fp8 : Precision::bf16;
  for (const double sequences : {1.0, 8.0, 128.0}) {
    for (const double context : {1024.0, 16384.0}) {
      for (const bool latent : {false, true}) {
        out.push_back({fmt::format("decode {} at {}{}", sequences, context, latent ? " latent" : ""),
                       attention(sequences, 1, context, latent, cache)});
      }
      out.push_back({fmt::format("prefill {} of {}", sequences, context),
                     attention(sequences, context, context, false, cache)});
    }
  }
  return out;
}

const DeviceLaw& law_of(const Accelerator& accelerator, const KernelChoice& kernels) {
  static std::map<std::string, DeviceLaw> laws;
  const std::string key = accelerator.id + kernels.engine + (kernels.block_scaled ? "b" : "");
  return laws.try_emplace(key, accelerator, shipped_catalogue(), kernels).first->second;
}

}  // namespace

TEST_CASE("a device at least as good in every figure is never slower at any operator") {
  const auto& accelerators = shipped_catalogue().accelerators;
  int pairs = 0;
  for (const KernelChoice& kernels : {KernelChoice{"vllm", true, false}, KernelChoice{"trtllm", false, false}}) {
    for (const auto& [id, better] : accelerators) {
      for (const auto& [other_id, other] : accelerators) {
        if (id == other_id || !are_comparable(shipped_catalogue(), better, other)) continue;
        for (const Precision precision : {Precision::bf16, Precision::fp8, Precision::fp4}) {
          if (!other.peak.contains(precision) || !is_no_worse(better, other, precision)) continue;
          ++pairs;
          for (const auto& [name, op] : operators(precision)) {
            const Duration better_time = law_of(better, kernels).operator_time(op);
            const Duration other_time = law_of(other, kernels).operator_time(op);
            CHECK_MESSAGE(better_time <= other_time * kRounding,
                          fmt::format("{} against {}, {}: {} us, {} us", id, other_id, name,
                                      better_time.in(microsecond), other_time.in(microsecond)));
          }
        }
      }
    }
  }
  CHECK(pairs > 100);
}

TEST_CASE("Vera Rubin is at least as good as GB300, that as GB200, and that as B200") {
  const auto& a = shipped_catalogue().accelerators;
  const std::pair<const char*, const char*> pairs[] = {
      {"rubin-ultra", "rubin-vr200"}, {"rubin-vr200", "gb300"}, {"gb300", "gb200"}, {"gb200", "b200-sxm"},
      {"h200-sxm", "h100-sxm"},       {"mi325x", "mi300x"}};
  for (const auto& [better, other] : pairs) {
    for (const Precision precision : {Precision::bf16, Precision::fp8}) {
      CHECK_MESSAGE(is_no_worse(a.at(better), a.at(other), precision), better);
    }
  }
}

TEST_CASE("a narrower format never takes longer than a wider one") {
  for (const auto& [id, accelerator] : shipped_catalogue().accelerators) {
    for (const KernelChoice& kernels : {KernelChoice{"vllm", true, true}, KernelChoice{"sglang", false, false}}) {
      const DeviceLaw& law = law_of(accelerator, kernels);
      const std::pair<Precision, Precision> formats[] = {
          {Precision::fp8, Precision::bf16}, {Precision::fp4, Precision::fp8}, {Precision::fp4, Precision::bf16}};
      for (const auto& [narrow, wide] : formats) {
        if (!accelerator.peak.contains(narrow) || !accelerator.peak.contains(wide)) continue;
        const auto narrow_ops = operators(narrow), wide_ops = operators(wide);
        for (std::size_t i = 0; i < narrow_ops.size(); ++i) {
          const Duration narrow_time = law.operator_time(narrow_ops[i].op), wide_time = law.operator_time(wide_ops[i].op);
          CHECK_MESSAGE(narrow_time <= wide_time * kRounding,
                        fmt::format("{} {}: {} us, {} us", id, narrow_ops[i].name, narrow_time.in(microsecond),
                                    wide_time.in(microsecond)));
        }
      }
    }
  }
}

TEST_CASE("the low end of a device nobody measured is never faster than its middle, nor that than its high end") {
  Catalogue low = shipped_catalogue(), high = shipped_catalogue();
  low.confidence = Confidence::low, high.confidence = Confidence::high;
  const KernelChoice kernels{"vllm", true, false};
  std::set<std::string> ranged;
  for (const auto& [id, accelerator] : shipped_catalogue().accelerators) {
    const DeviceLaw slow(accelerator, low, kernels), fast(accelerator, high, kernels);
    const DeviceLaw& middle = law_of(accelerator, kernels);
    for (const Precision precision : {Precision::bf16, Precision::fp8, Precision::fp4}) {
      for (const auto& [name, op] : operators(precision)) {
        const Duration at_low = slow.operator_time(op), mid = middle.operator_time(op),
                       at_high = fast.operator_time(op);
        CHECK_MESSAGE(at_low * kRounding >= mid, fmt::format("{} {}", id, name));
        CHECK_MESSAGE(mid * kRounding >= at_high, fmt::format("{} {}", id, name));
        if (at_low > at_high) ranged.insert(id);
        const bool own = id == "h100-sxm" && op.kind == OperatorKind::gemm && op.part != OperatorPart::experts;
        if (own) CHECK_MESSAGE(at_low == at_high, name);  // its products were measured
      }
    }
  }
  for (const char* id : {"rubin-vr200", "openai-broadcom-xpu"}) CHECK_MESSAGE(ranged.contains(id), id);
}
