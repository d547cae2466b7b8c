"""The command that `validate --serving --rows` writes beside a prediction gives that prediction: what is validated is
what a user runs. Means and rates are exact sums on both sides; percentiles of the command come from a histogram."""
import argparse
import csv
import json
import os
import shlex
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXACT, BINNED = 1e-4, 5e-3


def run(binary, arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, cwd=HERE, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


def figure(answer, metric, percentile):
    if metric.endswith("_ms"):
        return answer["latency_ms"][metric[: -len("_ms")]][percentile or "mean"]
    return answer[metric]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    os.environ.setdefault("STARGATE_HOME", os.path.dirname(os.path.dirname(HERE)))
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "rows.csv")
        run(binary, ["validate", "--serving", os.path.join(HERE, "inputs/measured_serving.csv"), "--rows", table])
        with open(table, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    assert rows, "no row was predicted"
    answers = {}
    for row in rows:
        command = row["command"]
        if command not in answers:
            answers[command] = json.loads(run(binary, [*shlex.split(command)[1:], "--json"]))
        got = figure(answers[command], row["metric"], row["percentile"])
        wanted = float(row["predicted"])
        near = BINNED if row["percentile"] not in ("", "mean") else EXACT
        assert abs(got / wanted - 1) < near, f"{row['id']} {row['metric']}: {wanted} validated, {got} from {command}"
    print(f"{len(rows)} figures of {len(answers)} commands are those validated")


main()
