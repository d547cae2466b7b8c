#!/usr/bin/env python3
"""Holds our linear programmes and their answers against the judge (judge_lp.py, HiGHS).

    compare_lp.py study.mps --objective 123.4      one programme and the objective we claim for it
    compare_lp.py --binary lp_oracle               the random programmes of lp_oracle and all it claims of them

Of a random programme it checks the verdict and objective to 1e-6 against HiGHS, and, with arithmetic of its own, the
proof: of an optimum, that values and duals keep all limits, have the right signs and give the same objective; of an
infeasible one, that its gaps add up to the judge's least violation and mend it; of an unbounded one, that the ray is one.
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

from judge_lp import format_verdict, np, parse_mps, solve

TOLERANCE = 1e-6


def near(a, b):
    return abs(a - b) <= TOLERANCE * (1 + abs(b))


def read_answer(path):
    """{word: [[fields]]} of the lines `word field field ...`."""
    answer = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, *fields = line.split()
            answer.setdefault(word, []).append(fields)
    return answer


def by_number(names, lines):
    """Two arrays, of the second and third field of the lines `name first second`."""
    first, second = np.zeros(len(names)), np.zeros(len(names))
    for *words, a, b in lines:
        name = "_".join(words)  # as MPS has what has blanks
        if name in names:  # rows without limits are no rows to the judge
            first[names[name]], second[names[name]] = float(a), float(b)
    return first, second


def outside(values, lower, upper):
    """Worst violation, over 1 + |bound|."""
    worst = 0.0
    for value, low, high in zip(values, lower, upper):
        worst = max(worst, (low - value) / (1 + abs(low)) if value < low else 0,
                    (value - high) / (1 + abs(high)) if value > high else 0)
    return worst


def dual_terms(prices, lower, upper):
    """(sum of price times the bound it belongs to, largest price of a bound that is not there)."""
    total, wrong = 0.0, 0.0
    for price, low, high in zip(prices, lower, upper):
        bound = low if price > 0 else high
        if math.isfinite(bound):
            total += price * bound
        else:
            wrong = max(wrong, abs(price))
    return total, wrong


def optimum_faults(lp, answer, objective):
    values, reduced = by_number(lp.columns, answer.get("column", []))
    activities, duals = by_number(lp.rows, answer.get("row", []))
    matrix, cost = lp.matrix(), np.array(lp.cost)
    row_sum, row_wrong = dual_terms(duals, lp.row_lower, lp.row_upper)
    column_sum, column_wrong = dual_terms(reduced, lp.lower, lp.upper)
    checks = {
        "a column is outside its bounds": outside(values, lp.lower, lp.upper),
        "a row is outside its bounds": outside(activities, lp.row_lower, lp.row_upper),
        "activities are not A x": np.abs(matrix @ values - activities).max(initial=0),
        "reduced costs are not c - A'y": np.abs(cost - matrix.T @ duals - reduced).max(initial=0),
        "a price has the wrong sign": max(row_wrong, column_wrong),
        "the objective is not c x": abs(cost @ values + lp.offset - objective) / (1 + abs(objective)),
        "the dual objective differs": abs(row_sum + column_sum + lp.offset - objective) / (1 + abs(objective)),
    }
    return [f"{what} ({size:.2g})" for what, size in checks.items() if size > TOLERANCE]


def elastic(lp):
    """The programme of least violation: a slack of price one at every finite side of every row."""
    from copy import deepcopy
    out = deepcopy(lp)
    out.cost, out.offset = [0.0] * len(lp.columns), 0
    for row in range(len(lp.rows)):
        for bound, sign in ((lp.row_lower[row], 1.0), (lp.row_upper[row], -1.0)):
            if math.isfinite(bound):
                out.entries.append((row, len(out.columns), sign))
                out.columns[f"slack {len(out.columns)}"] = len(out.columns)
                out.cost.append(1.0)
                out.lower.append(0.0)
                out.upper.append(math.inf)
    return out


def infeasible_faults(lp, answer):
    gaps = answer.get("gap", [])
    total = sum(float(amount) for _, _, amount in gaps)
    kind, least = solve(elastic(lp))
    faults = []
    if kind != "objective" or not near(total, least):
        faults.append(f"gaps add up to {total}, the least violation is {least}")
    for row, side, amount in gaps:  # a little more than the gap, against rounding
        moved = float(amount) + 1e-6
        if side == "lower":
            lp.row_lower[lp.rows[row]] -= moved
        else:
            lp.row_upper[lp.rows[row]] += moved
    if solve(lp)[0] not in ("objective", "unbounded"):
        faults.append("moving the gaps does not mend it")
    return faults


def unbounded_faults(lp, answer):
    ray, _ = by_number(lp.columns, [(name, step, 0) for name, step in answer.get("ray", [])])
    along = lp.matrix() @ ray

    def cone(bounds, end):
        return [0 if math.isfinite(bound) else end for bound in bounds]

    faults = []
    if np.array(lp.cost) @ ray >= -TOLERANCE:
        faults.append("the cost does not fall along the ray")
    if max(outside(ray, cone(lp.lower, -math.inf), cone(lp.upper, math.inf)),
           outside(along, cone(lp.row_lower, -math.inf), cone(lp.row_upper, math.inf))) > TOLERANCE:
        faults.append("the ray leaves the limits")
    return faults


def compare_case(mps, answer, gaps=True):
    """(what the judge says, faults). `gaps`: those of what is infeasible are judged too."""
    with open(mps, encoding="utf-8") as file:
        lp = parse_mps(file.read())
    verdict = solve(lp)
    claimed, *value = answer["verdict"][0]
    if claimed != verdict[0]:
        return verdict, [f"we say {claimed}"]
    if claimed == "infeasible":
        return verdict, infeasible_faults(lp, answer) if gaps else []
    if claimed == "unbounded":
        return verdict, unbounded_faults(lp, answer)
    objective = float(value[0])
    faults = [] if near(objective, verdict[1]) else [f"we say {objective!r}"]
    if "known" in answer and not near(objective, float(answer["known"][0][0])):
        faults.append(f"it was made to have {answer['known'][0][0]}")
    if "column" in answer:
        faults += optimum_faults(lp, answer, objective)
    return verdict, faults


def compare_binary(binary):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, folder], check=True)
        cases = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".mps"))
        failed = 0
        for case in cases:
            path = os.path.join(folder, case)
            verdict, faults = compare_case(path + ".mps", read_answer(path + ".answer"))
            failed += bool(faults)
            print(f"{case}: {format_verdict(verdict)}" + "".join(f"; {fault}" for fault in faults))
        print(f"{len(cases)} programmes, {failed} with faults")
        return 1 if failed or len(cases) < 30 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mps", nargs="?", help="one programme")
    parser.add_argument("--objective", help="what we claim: a number, 'infeasible' or 'unbounded'")
    parser.add_argument("--binary", help="lp_oracle")
    arguments = parser.parse_args()
    if arguments.binary:
        return compare_binary(arguments.binary)
    if not arguments.mps or arguments.objective is None:
        parser.error("give --binary, or an MPS file and --objective")
    with open(arguments.mps, encoding="utf-8") as file:
        verdict = solve(parse_mps(file.read()))
    print(format_verdict(verdict))
    if arguments.objective in ("infeasible", "unbounded"):
        agrees = verdict[0] == arguments.objective
    else:
        agrees = verdict[0] == "objective" and near(float(arguments.objective), verdict[1])
    if not agrees:
        print(f"{arguments.mps}: we say {arguments.objective}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
