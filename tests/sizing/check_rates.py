"""The plan's rates against `serve size` and `train search`, asked as a user would: they must be equal, digit by digit.

The study is the golden tests' small one, whose services are written here again as flags; rates.csv says on how many
accelerators a machine was rated.
    check_rates.py --binary build/check/stargate
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STUDY = os.path.join(ROOT, "tests", "golden", "inputs", "small.yaml")
SERVICES = {
    "assistant": ["--model", "llama-3.1-70b", "--precision", "fp8", "--isl", "2000", "--osl", "500",
                  "--ttft-p99", "1 s", "--tpot-p99", "40 ms", "--engine", "best", "--mode", "best"],
}


def run(binary, arguments, **more):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, **more)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    wrong = rows = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "STARGATE_HOME": ROOT, "STARGATE_CACHE": os.path.join(folder, "cache")}
        for again in range(2):  # the second time the rates come from the cache
            out = os.path.join(folder, str(again))
            run(binary, ["plan", STUDY, "--csv", out], env=environment)
        files = [os.path.join(folder, name, "rates.csv") for name in ("0", "1")]
        texts = [open(name, encoding="utf-8").read() for name in files]
        if texts[0] != texts[1]:
            sys.exit("the rates that were kept differ from those that were found")
        for row in csv.DictReader(texts[0].splitlines()):
            flags = SERVICES[row["service"]]
            answer = json.loads(run(binary, ["serve", "size", "--system", row["system"], "--gpus", row["accelerators"], *flags, "--json"],
                                    env=environment))["answers"][0]
            found = answer.get("output_tokens_per_s_per_gpu", 0.0)
            rows += 1
            if found != float(row["tokens_per_s"]):
                wrong += 1
                print(f"{row['service']} on {row['system']}: the plan has {row['tokens_per_s']}, serve size {found}")
    print(f"{rows - wrong} of {rows} rates are those of serve size")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
