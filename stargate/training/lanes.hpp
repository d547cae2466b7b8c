// Two times side by side in one vector register: a schedule with its sends and the same were they free. Both take the
// same instructions, so that the second costs nothing.
#pragma once

namespace stargate {

struct Lanes {
  using Register [[gnu::vector_size(16)]] = double;
  Register of{};  ///< lane 0 with sends, lane 1 without

  Lanes() = default;
  explicit Lanes(Register values) : of(values) {}
  Lanes(double with_sends, double without) : of{with_sends, without} {}
  static Lanes both(double value) { return {value, value}; }
  double with_sends() const { return of[0]; }
  double without() const { return of[1]; }

  friend Lanes operator+(Lanes a, Lanes b) { return Lanes(a.of + b.of); }
  friend Lanes operator-(Lanes a, Lanes b) { return Lanes(a.of - b.of); }
  friend Lanes operator*(double factor, Lanes a) { return Lanes(factor * a.of); }
  Lanes& operator+=(Lanes more) { return of += more.of, *this; }
  friend bool operator==(Lanes a, Lanes b) { return a.of[0] == b.of[0] && a.of[1] == b.of[1]; }
};

inline Lanes later(Lanes a, Lanes b) { return Lanes(a.of > b.of ? a.of : b.of); }

}  // namespace stargate
