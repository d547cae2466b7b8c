#!/usr/bin/env python3
"""Runs the commands shown in README.md and docs and puts their present output in.

A block to refresh follows a comment `<!-- show: 3 | Build-out:13 | What binds:9 -->`: the first 3 lines of the output, then
13 from the line that begins with "Build-out" (indented or not), then 9 from "What binds", with blank lines between the
parts. A long command may be broken by a backslash at the end of a line.

A number in prose that a command prints is followed by where it comes from, unseen on the page:
    reached 49.8 %<!-- figure: paper | MFU +([\\d.]+) % -->       the group of the first match; `| 0 -->` rounds it to 0 digits
    <!-- command: paper = train --model ... -->                  the command, once a page
    <!-- file: published = tests/oracles/... -->                 a file of the tree in its place: what others published
README.md has no other numbers in its prose but those of OWN_NUMBERS, which are names and rules of the program's own.
A command that names $STARGATE_DATA is run where that folder of measured data is known, and its numbers stay elsewhere.

    tools/refresh_pages.py build/check/stargate              writes what is new
    tools/refresh_pages.py build/check/stargate --check      writes nothing; exit 1 and the names of stale pages
    ... --only-measured                                      of the figures, those of measured data, and no blocks
    ... --page=docs/questions.md                             this page alone
"""
import difflib
import glob
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLOCK = re.compile(r"<!-- show: (.*?) -->\n```\n\$ ((?:[^\n]*\\\n)*[^\n]*)\n.*?```\n", re.S)
COMMAND = re.compile(r"<!-- command: (\w[\w-]*) = (.*?) -->", re.S)
FILE = re.compile(r"<!-- file: (\w[\w-]*) = (.*?) -->")
FIGURE = re.compile(r"(?P<number>\d[\d.,]*)(?P<unit>[^\d<>]{0,12})"
                    r"<!-- figure: (?P<name>[\w-]+) \| (?P<pattern>.*?)(?: \| (?P<digits>\d))? -->", re.S)
ANSWERED, ANSWER_IS_NO = 0, 3
DATA = "$STARGATE_DATA"


def pages():
    found = ["README.md", "docs/questions.md"]
    for folder in ("tutorial", "explanation", "howto"):
        found += sorted(glob.glob(os.path.join(ROOT, "docs", folder, "*.md")))
    return [os.path.join(ROOT, path) for path in found]


# Names (Debian 12, Llama 3, Apache-2.0, V100), exit codes, the narrowest screen.
OWN_NUMBERS = re.compile(r"Debian 12|Llama 3 405B|Apache-2\.0|[A-Z]+\d+|Exit codes: .*?no\.|80 columns|Llama 3\.1|C\+\+20", re.S)


def bare_numbers(page):
    """Numbers of a page's prose that no command stands behind."""
    prose = re.sub(r"```.*?```|^    .*?$|\]\(.*?\)|`[^`]*`", " ", FIGURE.sub(" ", page), flags=re.S | re.M)
    prose = OWN_NUMBERS.sub(" ", re.sub(r"<!--.*?-->|<img.*?>", " ", prose, flags=re.S))
    return re.findall(r"[^\n]{0,30}\d[\d.,]*[^\n]{0,20}", prose)


def file_lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def cut(lines, plan, command):
    parts = []
    for piece in plan.split("|"):
        name, _, count = piece.strip().rpartition(":")
        starts = [i for i, line in enumerate(lines) if line.strip().startswith(name)]
        if not starts:
            raise SystemExit(f"{command}: no line begins with '{name}'")
        start = starts[0] if name else 0
        parts.append("\n".join(line.rstrip() for line in lines[start : start + int(count)]))
    return "\n\n".join(parts) + ("\n  ..." if "|" in plan else "")


class Shown:
    """Output of commands, each run once."""

    def __init__(self, binary):
        self.binary, self.known = binary, {}

    def lines(self, command):
        plain = command.replace(DATA, os.environ.get("STARGATE_DATA", ""))
        arguments = tuple(shlex.split(plain.replace("\\\n", " ").removeprefix("bin/stargate ")))
        if arguments not in self.known:
            run = subprocess.run([self.binary, *arguments], cwd=ROOT, capture_output=True, text=True,
                                 env={**os.environ, "STARGATE_HOME": ROOT})
            if run.returncode not in (ANSWERED, ANSWER_IS_NO):
                raise SystemExit(f"{command}: exit {run.returncode}\n{run.stderr}")
            self.known[arguments] = run.stdout.splitlines()
        return self.known[arguments]

    def block(self, match):
        plan, command = match.group(1), match.group(2)
        return f"<!-- show: {plan} -->\n```\n$ {command}\n{cut(self.lines(command), plan, command)}\n```\n"

    def figures(self, page, only_measured):
        """The page with its numbers as the commands print them now."""
        commands, files = dict(COMMAND.findall(page)), dict(FILE.findall(page))

        def number(match):
            if match["name"] not in commands and match["name"] not in files:
                raise SystemExit(f"a figure names the command '{match['name']}', which the page does not give")
            command = commands.get(match["name"], files.get(match["name"]))
            if DATA in command and not os.environ.get("STARGATE_DATA") or only_measured and DATA not in command:
                return match[0]
            lines = file_lines(command) if match["name"] in files else self.lines(command)
            found = re.search(match["pattern"], "\n".join(lines), re.M)
            if not found:
                raise SystemExit(f"{command}: nothing matches {match['pattern']}")
            value = found[1]
            if match["digits"]:
                value = f"{float(value.replace(',', '')):,.{match['digits']}f}"
            return value + match[0][len(match["number"]):]

        return FIGURE.sub(number, page)


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    shown, check, stale = Shown(os.path.abspath(arguments[0])), "--check" in sys.argv, []
    only_measured = "--only-measured" in sys.argv
    if only_measured and not os.environ.get("STARGATE_DATA"):
        print("skipped: STARGATE_DATA names no folder of measured data")
        return
    only = [argument.removeprefix("--page=") for argument in sys.argv if argument.startswith("--page=")]
    for path in pages():
        if only and os.path.relpath(path, ROOT) not in only:
            continue
        with open(path, encoding="utf-8") as file:
            before = file.read()
        if check and path.endswith("README.md") and bare_numbers(before):
            raise SystemExit(f"{path}: numbers that no command stands behind: {bare_numbers(before)}")
        after = shown.figures(before if only_measured else BLOCK.sub(shown.block, before), only_measured)
        if after == before:
            continue
        name = os.path.relpath(path, ROOT)
        stale.append(name)
        if check:
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, "now"))
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
        print(f"refreshed {name}")
    if check and stale:
        raise SystemExit(f"stale: {', '.join(stale)}; run tools/refresh_pages.py with the program")


main()
