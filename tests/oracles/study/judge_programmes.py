#!/usr/bin/env python3
"""Random programmes of every kind of limit (programme_oracle), solved by us and again by SciPy's HiGHS. In parts: the
same objective to 1e-6, and a proof of ours by its duals (signs, reduced costs, strong duality, residuals). Whole: the
same objective to 1e-6. Prints the worst of each.

    judge_programmes.py --binary programme_oracle [--count 200]
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lp"))
import compare_lp  # noqa: E402
import judge_lp  # noqa: E402  exits 77 where SciPy is missing
import judge_whole  # noqa: E402


def compare_whole(path, answer):
    """(difference over 1 + |objective|, faults)."""
    with open(path, encoding="utf-8") as file:
        try:
            theirs, bound, _ = judge_whole.solve(file.read(), gap=0)
        except SystemExit as none:
            return 0, [] if answer["verdict"][0][0] != "objective" else [str(none)]
    if answer["verdict"][0][0] != "objective":
        return 0, [f"we say {answer['verdict'][0][0]}, HiGHS {theirs!r}"]
    ours = float(answer["verdict"][0][1])
    off = abs(ours - theirs) / (1 + abs(theirs))
    return off, [] if off <= compare_lp.TOLERANCE else [f"{ours!r} by us, {theirs!r} by HiGHS, not below {bound!r}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    failed, plans, worst = 0, 0, {"parts": (0, ""), "whole": (0, "")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([arguments.binary, folder, str(arguments.count)], check=True)
        cases = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".mps"))
        for case in cases:
            path = os.path.join(folder, case)
            answer, kind = compare_lp.read_answer(path + ".answer"), case.split("-")[0]
            if kind == "whole":
                off, faults = compare_whole(path + ".mps", answer)
            else:
                verdict, faults = compare_lp.compare_case(path + ".mps", answer, gaps=False)
                ours = answer["verdict"][0]
                both = verdict[0] == "objective" == ours[0]
                off = abs(float(ours[1]) - verdict[1]) / (1 + abs(verdict[1])) if both else 0
            plans += answer["verdict"][0][0] == "objective"
            worst[kind] = max(worst[kind], (off, case))
            failed += bool(faults)
            for fault in faults:
                print(f"{case}: {fault}")
    for kind, (off, case) in worst.items():
        print(f"{kind}: objectives differ by {off:.2g} at most ({case})")
    print(f"{len(cases)} programmes, {plans} with a plan, {failed} with faults")
    return 1 if failed or len(cases) < arguments.count or plans < 0.6 * len(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
