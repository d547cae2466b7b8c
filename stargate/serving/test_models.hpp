// Models and machines for the tests of this module, from public configurations and data sheets: Llama 3.1 8B and 70B,
// a Mixtral-like model with experts, DGX H100.
#pragma once

#include "stargate/serving/replica.hpp"

namespace stargate::serving_tests {

inline Model llama(int layers, int hidden, int heads, int width) {
  Model m;
  m.id = "llama", m.hidden = hidden, m.vocab = 128256;
  LayerShape layer;
  layer.attention.heads = heads, layer.attention.kv_heads = 8;
  layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = width};
  layer.norm_parameters = 2 * hidden;
  m.shapes = {layer};
  m.layers.assign(static_cast<std::size_t>(layers), 0);
  return m;
}
inline Model llama_8b() { return llama(32, 4096, 32, 14336); }
inline Model llama_70b() { return llama(80, 8192, 64, 28672); }

inline Model mixtral_8x7b() {
  Model m = llama(32, 4096, 32, 14336);
  m.vocab = 32000;
  m.shapes[0].feed_forward = {.kind = FeedForwardKind::experts, .width = 14336, .experts = 8, .top_k = 2};
  return m;
}

inline Accelerator h100() {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = 80 * gigabyte;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}, {Precision::fp8, 1979.0 * teraflop / second}};
  a.best_share = {{Precision::bf16, 794.5 / 989.0}};
  a.compute_units = 132;
  return a;
}

inline ServingMachine machine_of(const Accelerator& accelerator) {
  Fabric fabric;
  fabric.domain = 8;
  fabric.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
  fabric.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
  fabric.up_reduces = true;
  return {"dgx", DeviceLaw(accelerator), fabric, accelerator.memory_capacity, 8, 300000.0 * dollar, 10.2 * kilowatt};
}
inline ServingMachine dgx_h100() { return machine_of(h100()); }

}  // namespace stargate::serving_tests
