#!/usr/bin/env python3
"""clang-tidy 14 over our sources, two at a time, with the compile commands of `cmake --preset tidy`.

    tools/run_tidy.py                     every source
    tools/run_tidy.py --turn 4            what the last commit changed, and the quarter whose turn it is: four commits in
                                          a row see every source (a file takes three seconds or so)
    tools/run_tidy.py stargate/lp/*.cpp   these
Prints findings and a count; exit 1 when there are any. Headers are judged with the sources that include them.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "tidy")
FINDING = re.compile(r"^\S+:\d+:\d+: (?:error|warning): ")


def git(*arguments):
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return run.stdout.split() if run.returncode == 0 else []


def sources():
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        files = {os.path.relpath(entry["file"], ROOT) for entry in json.load(file)}
    return sorted(file for file in files if not file.startswith(("build", "..")))


def chosen(files, turns):
    count = int((git("rev-list", "--count", "HEAD") or ["0"])[0])
    changed = set(git("diff", "--name-only", "HEAD^1", "HEAD"))
    return [file for file in files if file in changed or zlib.crc32(file.encode()) % turns == count % turns]


def tidy(file):
    run = subprocess.run(["clang-tidy-14", "--quiet", "-p", BUILD, "--extra-arg=-Wno-unknown-warning-option", file],
                         cwd=ROOT, capture_output=True, text=True)
    found = [line for line in run.stdout.splitlines() if FINDING.match(line)]
    return found or ([f"{file}: clang-tidy failed: {run.stderr.strip()[-300:]}"] if run.returncode else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--turn", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    every = sources()
    files = [os.path.relpath(file, ROOT) for file in arguments.files] or chosen(every, arguments.turn)
    found = set()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for lines in pool.map(tidy, files):
            found.update(line.replace(ROOT + "/", "") for line in lines)
    print("\n".join(sorted(found)))
    print(f"clang-tidy: {len(found)} findings in {len(files)} of {len(every)} sources")
    sys.exit(1 if found else 0)


main()
