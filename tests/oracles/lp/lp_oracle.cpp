// Writes random programmes as MPS and what our solver says of each, for compare_lp.py to judge:
//   lp_oracle <folder>      <case>.mps and <case>.answer, lines of `word field ...`
#include <cstdio>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "random_programme.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"

namespace stargate {
namespace {

struct AnswerText {
  const LpProblem& lp;

  std::string operator()(const LpSolution& found) const {
    std::string text = fmt::format("verdict objective {:.17g}\n", found.objective);
    for (int j = 0; j < lp.column_count(); ++j) {
      text += fmt::format("column {} {:.17g} {:.17g}\n", lp.column_name(j), found.values[j], found.reduced_costs[j]);
    }
    for (int i = 0; i < lp.row_count(); ++i) {
      text += fmt::format("row {} {:.17g} {:.17g}\n", lp.row_name(i), found.activities[i], found.duals[i]);
    }
    return text;
  }
  std::string operator()(const LpInfeasible& found) const {
    std::string text = "verdict infeasible\n";
    for (const LpGap& gap : found.gaps) {
      text += fmt::format("gap {} {} {:.17g}\n", lp.row_name(gap.row), gap.side == LpSide::lower ? "lower" : "upper",
                          gap.amount);
    }
    return text;
  }
  std::string operator()(const LpUnbounded& found) const {
    std::string text = "verdict unbounded\n";
    for (const auto& step : found.ray)
      text += fmt::format("ray {} {:.17g}\n", lp.column_name(step.column), step.direction);
    return text;
  }
  std::string operator()(const LpStopped& found) const { return "verdict stopped " + found.reason + "\n"; }
};

struct Shape {
  int rows, columns;
};

void write_cases(const std::string& folder) {
  constexpr Shape shapes[] = {{1, 2},   {3, 3},     {6, 4},     {10, 15},   {25, 20},
                              {60, 90}, {150, 220}, {400, 700}, {900, 1500}};
  constexpr std::pair<ProgrammeKind, const char*> kinds[] = {{ProgrammeKind::bounded, "bounded"},
                                                             {ProgrammeKind::degenerate, "degenerate"},
                                                             {ProgrammeKind::infeasible, "infeasible"},
                                                             {ProgrammeKind::unbounded, "unbounded"}};
  const auto solver = make_clp_solver();
  std::uint32_t seed = 20260101;
  for (const auto& [kind, name] : kinds) {
    for (const Shape& shape : shapes) {
      const RandomProgramme made = make_random_programme(kind, shape.rows, shape.columns, seed++);
      const std::string path = fmt::format("{}/{}-{:04d}", folder, name, shape.rows);
      std::ofstream(path + ".mps") << format_mps(made.lp);
      std::ofstream answer(path + ".answer");
      answer << std::visit(AnswerText{made.lp}, solver->solve(made.lp, {}));
      if (made.objective) answer << fmt::format("known {:.17g}\n", *made.objective);
    }
  }
}

}  // namespace
}  // namespace stargate

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: lp_oracle <folder>\n", stderr);
    return 2;
  }
  stargate::write_cases(argv[1]);
  return 0;
}
