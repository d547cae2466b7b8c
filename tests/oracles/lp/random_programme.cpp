// How the programmes are drawn. Optimality of the drawn point x with row prices y and column prices d is by
// complementary slackness (Chvatal, "Linear Programming", Freeman 1983, ch. 5): cost = A'y + d, a price only at a limit
// that binds, positive at a lower and negative at an upper one.
#include "random_programme.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace stargate {
namespace {

class Drawing {
 public:
  Drawing(ProgrammeKind kind, std::uint32_t seed) : degenerate_(kind == ProgrammeKind::degenerate), random_(seed) {
    const int number = out_.lp.add_axis({});
    column_family_ = out_.lp.add_column_family({"x", {number}, ""});
    row_family_ = out_.lp.add_row_family({"r", {number}, ""});
  }

  RandomProgramme draw(ProgrammeKind kind, int rows, int columns) {
    for (int j = 0; j < columns; ++j) add_column();
    for (int i = 0; i < rows; ++i) add_row();
    double objective = std::round(between(-50, 50));
    out_.lp.set_objective_offset(objective);
    for (int j = 0; j < columns; ++j) {
      out_.lp.set_cost(j, cost_[j]);
      objective += cost_[j] * point_[j];
    }
    if (kind == ProgrammeKind::infeasible) contradict();
    if (kind == ProgrammeKind::unbounded) add_endless_pair();
    if (kind == ProgrammeKind::bounded || kind == ProgrammeKind::degenerate) out_.objective = objective;
    return std::move(out_);
  }

 private:
  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(random_()) / 4294967296.0);
  }
  bool chance(double share) { return between(0, 1) < share; }
  double number(double low, double high) {
    const double drawn = between(low, high);
    return degenerate_ ? std::round(drawn) : drawn;
  }
  double price() { return degenerate_ && chance(0.7) ? 0 : number(0.1, 5); }

  /// Bounds around `at`, and a price that fits them: binding below, above, on both sides, or nowhere.
  struct Limits {
    double lower, upper, price;
  };
  Limits limits_around(double at) {
    const double room = number(1, 20), far = chance(0.5) ? kInfinity : number(1, 20);
    switch (static_cast<int>(between(0, degenerate_ ? 3.3 : 5))) {
      case 0:
        return {at, at + far, price()};
      case 1:
        return {at - far, at, -price()};
      case 2:
        return {at, at, chance(0.5) ? price() : -price()};
      case 3:
        return {at - room, at + far, 0};
      default:
        return {at - far, at + room, 0};
    }
  }

  void add_column() {
    const double at = number(-10, 10);
    const bool is_free = chance(0.1);
    const Limits limits = is_free ? Limits{-kInfinity, kInfinity, 0} : limits_around(at);
    out_.lp.add_column(limits.lower, limits.upper, 0, {column_family_, {out_.lp.column_count()}});
    point_.push_back(at);
    cost_.push_back(limits.price);
  }

  /// About six entries, more where there are few columns to share.
  std::vector<double> draw_coefficients() {
    const double share = std::min(1.0, 6.0 / static_cast<double>(point_.size()));
    std::vector<double> coefficients(point_.size());
    for (double& one : coefficients) {
      if (chance(share)) one = number(-3, 3);
    }
    return coefficients;
  }

  int add_row(double lower, double upper, const std::vector<double>& coefficients) {
    const int row = out_.lp.add_row(lower, upper, {row_family_, {out_.lp.row_count()}});
    for (std::size_t j = 0; j < coefficients.size(); ++j) {
      if (coefficients[j] != 0) out_.lp.add_entry(row, static_cast<int>(j), coefficients[j]);
    }
    return row;
  }

  void add_row() {
    const std::vector<double> coefficients = draw_coefficients();
    double activity = 0;
    for (std::size_t j = 0; j < point_.size(); ++j) activity += coefficients[j] * point_[j];
    const Limits limits = chance(0.03) ? Limits{-kInfinity, kInfinity, 0} : limits_around(activity);
    add_row(limits.lower, limits.upper, coefficients);
    for (std::size_t j = 0; j < point_.size(); ++j) cost_[j] += coefficients[j] * limits.price;
  }

  /// a x >= b together with limit x - a x >= most - b + gap says limit x >= most + gap.
  void contradict() {
    const std::vector<double> limit = draw_coefficients(), detour = draw_coefficients();
    const double most = number(-5, 5), b = number(-5, 5), gap = number(1, 4);
    std::vector<double> rest = limit;
    for (std::size_t j = 0; j < rest.size(); ++j) rest[j] -= detour[j];
    add_row(-kInfinity, most, limit);
    add_row(b, kInfinity, detour);
    add_row(most - b + gap, kInfinity, rest);
  }

  /// A column that earns and uses up a row with an upper limit, and one that gives the row back for less.
  void add_endless_pair() {
    const int row = add_row(-kInfinity, 5, {});
    const int earns = out_.lp.add_column(0, kInfinity, -1, {column_family_, {out_.lp.column_count()}});
    const int gives = out_.lp.add_column(-1, kInfinity, 0.25, {column_family_, {out_.lp.column_count()}});
    out_.lp.add_entry(row, earns, 2);
    out_.lp.add_entry(row, gives, -1);
  }

  const bool degenerate_;
  std::mt19937 random_;
  RandomProgramme out_;
  int column_family_ = 0, row_family_ = 0;
  std::vector<double> point_, cost_;
};

}  // namespace

RandomProgramme make_random_programme(ProgrammeKind kind, int rows, int columns, std::uint32_t seed) {
  return Drawing(kind, seed).draw(kind, rows, columns);
}

}  // namespace stargate
