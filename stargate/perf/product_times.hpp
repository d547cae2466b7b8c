// Times of products that were found before. Layouts that differ in expert parallelism share the products of attention,
// those that cut the sequence or the micro-batch may share all; batches of different size share those of experts. Laws
// are pure, so a time that is remembered is the one that would be found. Safe from several threads; grows with the
// distinct shapes, some ten thousand for a large model.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "stargate/perf/operator.hpp"

namespace stargate {

/// For one device law and one recipe: neither is in the key. `Time`: what is kept of a product.
template <class Time>
class ProductTimes {
 public:
  /// `op`: a product that is no part of a fused kernel. `find` gives its times where they are not known yet; two
  /// threads may both find them, the same.
  template <class Find>
  Time at(const Operator& op, const Find& find) {
    const Key key{op.m, op.n, op.k, op.groups, op.precision, op.has_weights};
    const std::size_t hash = Hash{}(key);
    Part& part = parts_[hash % parts_.size()];
    {
      const std::lock_guard lock(part.mutex);
      if (const auto known = part.times.find(key); known != part.times.end()) return known->second;
    }
    const Time time = find();
    const std::lock_guard lock(part.mutex);
    part.times.try_emplace(key, time);
    return time;
  }

 private:
  struct Key {
    double m, n, k, groups;
    Precision precision;
    bool has_weights;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t hash = 2 * static_cast<std::uint64_t>(key.precision) + (key.has_weights ? 1 : 0);
      for (const double value : {key.m, key.n, key.k, key.groups}) {
        hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15;  // Fibonacci hashing
        hash ^= hash >> 32;
      }
      return hash;
    }
  };
  struct Part {
    std::mutex mutex;
    std::unordered_map<Key, Time, Hash> times;
  };
  std::array<Part, 64> parts_;  // so that threads seldom wait for each other
};

}  // namespace stargate
