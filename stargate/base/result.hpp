// A value, or every fault that kept it from being made. The input being wrong is an ordinary outcome: no exceptions.
#pragma once

#include <utility>
#include <variant>

#include "stargate/base/check.hpp"
#include "stargate/base/diagnostic.hpp"

namespace stargate {

using Diagnostics = std::vector<Diagnostic>;

/// value() of a failed result and faults() of a good one are faults of ours and abort: ask ok() first. The vector of
/// faults is never empty.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}                     // NOLINT: implicit on purpose, `return value;`
  Result(Diagnostics faults) : state_(std::move(faults)) {}         // NOLINT
  Result(Diagnostic fault) : state_(Diagnostics{std::move(fault)}) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    STARGATE_CHECK(ok(), "value of a failed result");
    return std::get<0>(state_);
  }
  const T& value() const& {
    STARGATE_CHECK(ok(), "value of a failed result");
    return std::get<0>(state_);
  }
  T&& value() && {
    STARGATE_CHECK(ok(), "value of a failed result");
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Diagnostics& faults() const {
    STARGATE_CHECK(!ok(), "faults of a good result");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Diagnostics> state_;
};

/// Nothing, or faults.
struct Done {};
/// Of a function that only says whether its input is right.
using Check = Result<Done>;

}  // namespace stargate
