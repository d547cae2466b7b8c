// A number that knows its dimension: one double in base units (byte, flop, second, joule, dollar, token, gram), the
// exponents known only to the compiler. Adding seconds to bytes does not compile and a bare number never converts.
// FLOP and FLOP/s are two types, GB is 10^9 and GiB 2^30; bits exist only in text. Counts are integers, not quantities.
#pragma once

#include <cmath>
#include <compare>

namespace stargate {

/// Integer exponents of the base dimensions. A quantity of dimension {byte = 1, second = -1} counts bytes a second; all
/// zero is a plain number. Fractional powers do not occur in the models, so integers suffice and types compare exactly.
struct Dim {
  int byte = 0, flop = 0, second = 0, joule = 0, dollar = 0, token = 0, gram = 0;

  friend constexpr bool operator==(const Dim&, const Dim&) = default;
  friend constexpr Dim operator+(Dim a, Dim b) {
    return {a.byte + b.byte,     a.flop + b.flop,   a.second + b.second, a.joule + b.joule,
            a.dollar + b.dollar, a.token + b.token, a.gram + b.gram};
  }
  friend constexpr Dim operator-(Dim a, Dim b) {
    return {a.byte - b.byte,     a.flop - b.flop,   a.second - b.second, a.joule - b.joule,
            a.dollar - b.dollar, a.token - b.token, a.gram - b.gram};
  }
};

/// A value in base units whose dimension is part of the type. Trivially copyable and as small and fast as the double it
/// holds; default-constructed it is zero. Comparisons are those of double: a NaN compares false with everything.
template <Dim D>
class Quantity {
 public:
  constexpr Quantity() = default;
  /// `value` in base units; for code that has just multiplied units itself (parsing, LP scaling).
  static constexpr Quantity from_base(double value) {
    Quantity q;
    q.value_ = value;
    return q;
  }
  /// The bare number, in base units. For the edges only (output, LP scaling, special functions): in between, keep the
  /// type.
  constexpr double base() const { return value_; }
  /// How many `unit`s this is: `t.in(millisecond)`.
  constexpr double in(Quantity unit) const { return value_ / unit.value_; }

  constexpr Quantity& operator+=(Quantity o) {
    value_ += o.value_;
    return *this;
  }
  // No operator checks for overflow or for a sign: a negative time or size is possible in between (a slack, a saving),
  // and who reads the input refuses it where it makes no sense.
  constexpr Quantity& operator-=(Quantity o) {
    value_ -= o.value_;
    return *this;
  }
  /// Scaling by a plain number keeps the dimension; there is no operator*= with a quantity, which would change the
  /// type.
  constexpr Quantity& operator*=(double k) {
    value_ *= k;
    return *this;
  }
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return from_base(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return from_base(a.value_ - b.value_); }
  friend constexpr Quantity operator-(Quantity a) { return from_base(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, double k) { return from_base(a.value_ * k); }
  friend constexpr Quantity operator*(double k, Quantity a) { return from_base(k * a.value_); }
  friend constexpr Quantity operator/(Quantity a, double k) { return from_base(a.value_ / k); }

 private:
  double value_ = 0;
};

/// Products and quotients of quantities; a dimensionless one is a plain double.
template <Dim A, Dim B>
constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  if constexpr (A + B == Dim{}) {
    return a.base() * b.base();
  } else {
    return Quantity<A + B>::from_base(a.base() * b.base());
  }
}
template <Dim A, Dim B>
constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  if constexpr (A == B) {
    return a.base() / b.base();
  } else {
    return Quantity<A - B>::from_base(a.base() / b.base());
  }
}
/// The inverse: `1.0 / (3.0 * per_second)` is a Duration.
template <Dim B>
constexpr auto operator/(double k, Quantity<B> b) {
  return Quantity<Dim{} - B>::from_base(k / b.base());
}

/// Names of the dimensions the program uses. A product that is not named here (byte * second, say) is still a type of
/// its own. Base units: B, FLOP, s, J, $ (US dollars, not adjusted for inflation), tok, g, hence W = J/s.
using Bytes = Quantity<Dim{.byte = 1}>;
using Flops = Quantity<Dim{.flop = 1}>;  ///< a count of operations, not a rate
using Duration = Quantity<Dim{.second = 1}>;
using Energy = Quantity<Dim{.joule = 1}>;
using Money = Quantity<Dim{.dollar = 1}>;
using Tokens = Quantity<Dim{.token = 1}>;
using Mass = Quantity<Dim{.gram = 1}>;
using Power = Quantity<Dim{.second = -1, .joule = 1}>;
using ByteRate = Quantity<Dim{.byte = 1, .second = -1}>;
using FlopRate = Quantity<Dim{.flop = 1, .second = -1}>;
using TokenRate = Quantity<Dim{.second = -1, .token = 1}>;
using Frequency = Quantity<Dim{.second = -1}>;  ///< events a second: requests, clock cycles
using MoneyPerEnergy = Quantity<Dim{.joule = -1, .dollar = 1}>;
/// Of a price list ("10.5 $/W" of a data centre), per watt of capacity, not per watt-hour.
using MoneyPerPower = Quantity<Dim{.second = 1, .joule = -1, .dollar = 1}>;
using MoneyPerToken = Quantity<Dim{.dollar = 1, .token = -1}>;
using MoneyPerByte = Quantity<Dim{.byte = -1, .dollar = 1}>;
using MoneyRate = Quantity<Dim{.second = -1, .dollar = 1}>;
using EnergyPerByte = Quantity<Dim{.byte = -1, .joule = 1}>;
using EnergyPerFlop = Quantity<Dim{.flop = -1, .joule = 1}>;
using EnergyPerToken = Quantity<Dim{.joule = 1, .token = -1}>;
/// Mass of CO2 equivalent for each joule at the meter; people write g/kWh.
using CarbonIntensity = Quantity<Dim{.joule = -1, .gram = 1}>;
using MoneyPerMass = Quantity<Dim{.dollar = 1, .gram = -1}>;
/// Of a key-value cache or of activations.
using BytesPerToken = Quantity<Dim{.byte = 1, .token = -1}>;

/// Units to multiply with (`80 * gigabyte`) and to ask for (`t.in(millisecond)`). Decimal prefixes are powers of 1000
/// as vendors use them for memory, links and FLOP; the binary ones (KiB, MiB, GiB) are for memory that software counts
/// so.
inline constexpr auto byte = Bytes::from_base(1);
inline constexpr auto kilobyte = 1e3 * byte, megabyte = 1e6 * byte, gigabyte = 1e9 * byte, terabyte = 1e12 * byte,
                      petabyte = 1e15 * byte, exabyte = 1e18 * byte;
inline constexpr auto kibibyte = 1024.0 * byte, mebibyte = 1024.0 * kibibyte, gibibyte = 1024.0 * mebibyte;
inline constexpr auto flop = Flops::from_base(1);
inline constexpr auto gigaflop = 1e9 * flop, teraflop = 1e12 * flop, petaflop = 1e15 * flop;
inline constexpr auto second = Duration::from_base(1);
inline constexpr auto nanosecond = 1e-9 * second, microsecond = 1e-6 * second, millisecond = 1e-3 * second,
                      minute = 60.0 * second, hour = 3600.0 * second, day = 24.0 * hour;
/// The financial year of 8,760 hours; a quarter is a fourth and a month a twelfth of it.
inline constexpr auto year = 8760.0 * hour, quarter_year = 2190.0 * hour, month = 730.0 * hour;
inline constexpr auto joule = Energy::from_base(1);
inline constexpr auto picojoule = 1e-12 * joule, kilowatt_hour = 3.6e6 * joule, megawatt_hour = 3.6e9 * joule;
inline constexpr auto dollar = Money::from_base(1);
/// A billion is 10^9.
inline constexpr auto million_dollars = 1e6 * dollar, billion_dollars = 1e9 * dollar;
inline constexpr auto token = Tokens::from_base(1);
inline constexpr auto million_tokens = 1e6 * token;
/// A tonne is 10^6 g; emissions are printed in kilotonnes (kt).
inline constexpr auto gram = Mass::from_base(1);
inline constexpr auto kilogram = 1e3 * gram, tonne = 1e6 * gram;
inline constexpr auto watt = Power::from_base(1);
inline constexpr auto kilowatt = 1e3 * watt, megawatt = 1e6 * watt, gigawatt = 1e9 * watt;
inline constexpr auto per_second = Frequency::from_base(1);

/// As std::min and std::max; found by argument-dependent lookup, so that `min(a, b)` reads the same for quantities.
template <Dim D>
constexpr Quantity<D> min(Quantity<D> a, Quantity<D> b) {
  return b < a ? b : a;
}
template <Dim D>
constexpr Quantity<D> max(Quantity<D> a, Quantity<D> b) {
  return a < b ? b : a;
}
/// False for NaN and for both infinities; an infinite quantity stands for "no limit" and prints as "unlimited".
template <Dim D>
bool is_finite(Quantity<D> q) {
  return std::isfinite(q.base());
}

}  // namespace stargate
