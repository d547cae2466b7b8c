#!/usr/bin/env python3
"""A programme with whole numbers, written as MPS by `stargate plan whole --mps`, solved again by SciPy's HiGHS. Both search
to a gap, so the values may differ by the sum of the gaps; neither may be better than the other's bound.

    judge_whole.py --stargate PATH --study FILE [--building POWER]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lp"))
import judge_lp  # noqa: E402  exits 77 where SciPy is missing

GAP = 0.005


def whole_columns(text):
    """Names of the columns between markers."""
    names, whole = set(), False
    for line in text.splitlines():
        if "'MARKER'" in line:
            whole = "'INTORG'" in line
        elif whole:
            names.add(line.split()[0])
    return names


def solve(text, gap=GAP):
    from scipy.optimize import Bounds, LinearConstraint, milp
    np = judge_lp.np
    whole = whole_columns(text)
    lp = judge_lp.parse_mps("\n".join(line for line in text.splitlines() if "'MARKER'" not in line))
    integrality = np.array([name in whole for name in lp.columns], int)
    found = milp(np.array(lp.cost), integrality=integrality, bounds=Bounds(lp.lower, lp.upper),
                 constraints=LinearConstraint(lp.matrix(), lp.row_lower, lp.row_upper),
                 options={"mip_rel_gap": gap})
    if found.x is None:
        sys.exit(f"HiGHS finds no whole plan: {found.message}")
    return found.fun + lp.offset, found.mip_dual_bound + lp.offset, int(integrality.sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stargate", required=True)
    parser.add_argument("--study", required=True)
    parser.add_argument("--more", default="", help="further flags of plan whole, in one word")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mps = os.path.join(folder, "whole.mps")
        command = [arguments.stargate, "plan", "whole", arguments.study, "--gap", str(GAP), "--json", "--mps", mps]
        run = subprocess.run(command + arguments.more.split(), capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"stargate plan whole failed:\n{run.stderr}")
        answer = json.loads(run.stdout)
        with open(mps, encoding="utf-8") as file:
            theirs, bound, integers = solve(file.read())
    ours = -answer["value_usd"] / 1e6  # the programme is minimised, and counts in M$
    room = (GAP + 1e-6) * abs(theirs)
    print(f"{integers} whole numbers: {ours:.6g} by us, {theirs:.6g} by HiGHS, not below {bound:.6g}")
    if integers != answer["integers"]:
        sys.exit(f"{answer['integers']} whole numbers by us")
    if ours < bound - 1e-6 * abs(bound) or abs(ours - theirs) > room:
        sys.exit("the two do not agree within the gap")


if __name__ == "__main__":
    main()
