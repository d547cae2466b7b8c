// Evaluation of the law of sparse attention; equations and coefficients are in sparse_law.hpp.
#include "stargate/perf/sparse_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr std::array kFamilies = {"dsa", "csa", "hca", "msa"};

}  // namespace

SparseDevice sparse_device(const Accelerator& accelerator) {
  SparseDevice out;
  out.units = kernel_units(accelerator);
  out.peak = accelerator.peak_rate(Precision::bf16).in(flop / microsecond);
  out.narrow_peak = std::max(out.peak, accelerator.peak_rate(Precision::fp8).in(flop / microsecond));
  out.bandwidth = accelerator.memory_bandwidth.in(byte / microsecond);
  return out;
}

std::size_t sparse_family_index(const SparseCall& call) {
  if (call.kv_heads > 0) return 3;
  if (!(call.window > 0)) return 0;
  return call.ratio > 0 && call.selected > 0 ? 1 : 2;
}

const char* sparse_family(const SparseCall& call) { return kFamilies[sparse_family_index(call)]; }

std::string sparse_group_name(const SparseCall& call, bool wide_cache) {
  return std::string("bf16_kv_") + (wide_cache ? "bf16/" : "fp8/") + sparse_family(call) +
         (call.decode ? "/decode" : "/prefill");
}

double sparse_us(const SparseCoefficients& c, const SparseDevice& device, const SparseCall& call) {
  // A coefficient of zero means that the kernel has no such term.
  const auto at = [](double work, double rate, double share) { return share > 0 ? work / (rate * share) : 0; };
  const double products = at(call.index_flops(), device.narrow_peak, c.index_share);
  const double keys = at(call.index_key_bytes(), device.bandwidth, c.memory_share);
  const double tokens = call.sequences * call.query;
  const double select =
      c.select_us * call.scored() / 1024 / std::max(1.0, tokens) * std::max(1.0, tokens / device.units);
  const double together = call.heads / std::max(1.0, call.kv_heads);  // heads that share keys
  const double rows = std::ceil(together / c.head_tile) * c.head_tile / std::max(1.0, together);
  const double compute = at(call.attention_flops() * rows, device.peak, c.compute_share);
  const double gather = at(call.gathered_bytes(), device.bandwidth, c.gather_share);
  const double other = at(call.head_bytes(), device.bandwidth, c.traffic_share);
  const double kernels = c.launch_us + std::sqrt(products * products + keys * keys) + select +
                         std::sqrt(compute * compute + gather * gather) + other;
  return std::max(kernels, c.host_us);
}

std::span<const SparseField> sparse_fields() {
  using C = SparseCoefficients;
  static constexpr std::array fields = {
      SparseField{"launch_us", "us", "all launches of the layer's attention", &C::launch_us, 30, 1, 200},
      SparseField{"host_us", "us", "of the host, where kernels are launched one by one", &C::host_us, 10, 0.1, 5000},
      SparseField{"index_share", "1", "of the 8-bit peak rate by the index's scores", &C::index_share, 0.4, 0.01, 1},
      SparseField{"memory_share", "1", "of the memory bandwidth by the index keys", &C::memory_share, 0.6, 0.02, 2},
      SparseField{"select_us", "us", "of a unit to select from 1,024 scores of a token", &C::select_us, 0.3, 0.001, 20},
      SparseField{"compute_share", "1", "of the 16-bit peak rate by attention", &C::compute_share, 0.4, 0.01, 1},
      SparseField{"gather_share", "1",
                  "of the memory bandwidth by gathered vectors; above 1 where tokens find each other's in the cache",
                  &C::gather_share, 1, 0.02, 10},
      SparseField{"traffic_share", "1", "of the memory bandwidth by all passes over queries and outputs",
                  &C::traffic_share, 0.2, 0.005, 2}};
  return fields;
}

SparseField sparse_structure_field() {
  return {"head_tile", "heads", "heads that one tile holds, filled or not", &SparseCoefficients::head_tile, 64, 1, 128};
}

SparseCoefficients read_sparse_coefficients(const std::map<std::string, double>& values) {
  SparseCoefficients out;
  const auto take = [&](const SparseField& field) {
    if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
  };
  for (const auto& field : sparse_fields()) take(field);
  take(sparse_structure_field());
  return out;
}

}  // namespace stargate
