"""The plan's rates against `serve size` and `train search`, asked as a user would: they must be equal, digit by digit.

Services are written here again as flags; rates.csv says on how many accelerators a machine was rated. Without --shipped
the study is the golden tests' small one, once as it is and once with a service that a study of its own describes; with
it the shipped programme, whose training layouts are searched among those of the sizes that the plan found.
    check_rates.py --binary build/check/stargate [--shipped] [--whole-grid]
"""
import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = os.path.join(ROOT, "tests", "golden", "inputs", "small.yaml")
SHIPPED = os.path.join(ROOT, "studies", "stargate.yaml")
CRYSTAL = os.path.join(ROOT, "studies", "crystal-intelligence.yaml")
BEST = ["--engine", "best", "--mode", "best"]
SERVING = {
    "assistant": ["--model", "llama-3.1-70b", "--precision", "fp8", "--isl", "2000", "--osl", "500",
                  "--ttft-p99", "1 s", "--tpot-p99", "40 ms", *BEST],
    "consumer-assistant": ["--model", "deepseek-v3", "--isl", "3000", "--osl", "800", "--prefix", "1500",
                           "--ttft-p99", "1 s", "--tpot-p99", "30 ms", *BEST],
    "crystal-intelligence": ["--study", CRYSTAL],
    "consumer-devices": ["--model", "gpt-oss-120b", "--isl", "2000", "--osl", "150", "--prefix", "1400",
                         "--ttft-p99", "400 ms", "--tpot-p99", "15 ms", *BEST],
}
TRAINING = {
    "frontier-training": (["--model", "frontier-moe-2t", "--precision", "fp8", "--global-batch-size", "9216", "--seq-length", "8192"], 0.92),
}
# A service that has a study of its own, in the place of the small study's: one tenant, small enough to size in seconds.
TENANT = """
  - tenant: office
    name: An office
    home: japan-tokyo
    seats: 3000
    sessions_per_seat: 20
    prompt: 800
    output: 200
    turns: 2
    think: 5 s
    priority: 0
    seat_price: 30 $/month
    source: {assumption: made up for a test}
"""


def run(binary, arguments, **more):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, **more)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def small_with_own_study(folder):
    """Paths of a small programme whose service names a study, and of that study."""
    own, programme = os.path.join(folder, "office.yaml"), os.path.join(folder, "programme.yaml")
    with open(CRYSTAL, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\ntenants:\n.*?\n(?=[a-z])", lambda _: "\ntenants:" + TENANT + "\n", text, flags=re.S)
    text = re.sub(r"\nmodel: \S+", "\nmodel: llama-3.1-70b", text)
    with open(own, "w", encoding="utf-8") as file:
        file.write(text)
    with open(SMALL, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\n    precision: fp8\n.*?(?=\n    demand:)", "\n    study: office.yaml", text, flags=re.S)
    text = text.replace("    residency: [Japan, US]\n", "")  # the study's tenants say it
    with open(programme, "w", encoding="utf-8") as file:
        file.write(text)
    return programme, own


class Check:
    def __init__(self, binary, folder, whole_grid):
        self.binary, self.whole_grid = binary, whole_grid
        cache = os.environ.get("STARGATE_CACHE", "off")
        self.cache = os.path.join(folder, "cache") if cache in ("", "off") else cache
        self.environment = {**os.environ, "STARGATE_HOME": ROOT, "STARGATE_CACHE": self.cache}
        self.folder = folder
        self.rows = self.wrong = 0

    def ask(self, *arguments):
        return run(self.binary, list(arguments), env=self.environment)

    def rates(self, study):
        texts = []
        for again in range(2):  # the second time the rates come from the cache
            out = os.path.join(self.folder, f"{os.path.basename(study)}.{again}")
            self.ask("plan", study, "--csv", out)
            with open(os.path.join(out, "rates.csv"), encoding="utf-8") as file:
                texts.append(file.read())
        if texts[0] != texts[1]:
            sys.exit("the rates that were kept differ from those that were found")
        return csv.DictReader(texts[0].splitlines())

    def searched(self, row):
        flags, effective = TRAINING[row["service"]]
        sizes = dict(re.findall(r"\b(TP|PP|CP)(\d+)", row["layout"]))
        fixed = [] if self.whole_grid else [part for name in ("tp", "pp", "cp") for part in (f"--{name}", sizes.get(name.upper(), "1"))]
        answer = json.loads(self.ask("train", "search", "--system", row["system"], "--gpus", row["accelerators"], *flags, *fixed, "--json"))
        return answer["tokens_per_s_per_gpu"] * effective

    def sized(self, row, flags):
        answer = json.loads(self.ask("serve", "size", "--system", row["system"], "--gpus", row["accelerators"], *flags, "--json"))
        return answer["answers"][0].get("output_tokens_per_s_per_gpu", 0.0)

    def study(self, path, services=SERVING):
        for row in self.rates(path):
            training = row["service"] in TRAINING
            found = self.searched(row) if training else self.sized(row, services[row["service"]])
            self.rows += 1
            if abs(found - float(row["tokens_per_s"])) > 1e-12 * found:
                self.wrong += 1
                print(f"{row['service']} on {row['system']}: the plan has {row['tokens_per_s']}, its command {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shipped", action="store_true", help="the shipped programme")
    parser.add_argument("--whole-grid", action="store_true", help="all layouts again: some minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check = Check(arguments.binary, folder, arguments.whole_grid)
        if arguments.shipped:
            check.study(SHIPPED)
        else:
            check.study(SMALL)
            programme, own = small_with_own_study(folder)
            check.study(programme, {"assistant": ["--study", own]})
        print(f"{check.rows - check.wrong} of {check.rows} rates are those of serve size and train search")
        return 1 if check.wrong or not check.rows else 0


if __name__ == "__main__":
    sys.exit(main())
