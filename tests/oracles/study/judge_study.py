#!/usr/bin/env python3
"""The programme's own LP, written as MPS by `stargate plan --mps`, solved again by SciPy's HiGHS: same cost to 1e-6.

    judge_study.py --stargate PATH --study FILE
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stargate", required=True)
    parser.add_argument("--study", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mps = os.path.join(folder, "study.mps")
        run = subprocess.run([arguments.stargate, "plan", arguments.study, "--json", "--mps", mps], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"stargate plan failed:\n{run.stderr}")
        millions = -json.loads(run.stdout)["value_usd"] / 1e6  # the LP minimises, and counts in M$
        compare = os.path.join(HERE, "..", "lp", "compare_lp.py")
        sys.exit(subprocess.run([sys.executable, "-B", compare, mps, "--objective", repr(millions)]).returncode)


main()
