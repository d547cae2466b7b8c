#!/usr/bin/env python3
"""Runs the commands shown in README.md and puts their present output in.

A block to refresh follows a comment `<!-- show: 3 | Build-out:13 | What binds:9 -->`: the first 3 lines of the output, then
13 from the line that begins with "Build-out", then 9 from "What binds", with blank lines between the parts.
    tools/refresh_readme.py build/check/stargate
"""
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def cut(lines, plan):
    parts = []
    for piece in plan.split("|"):
        name, _, count = piece.strip().rpartition(":")
        start = next(i for i, line in enumerate(lines) if line.startswith(name)) if name else 0
        parts.append("\n".join(lines[start : start + int(count)]))
    return "\n\n".join(parts) + ("\n  ..." if "|" in plan else "")


def main():
    binary = os.path.abspath(sys.argv[1])
    readme = os.path.join(ROOT, "README.md")
    with open(readme, encoding="utf-8") as file:
        text = file.read()

    def refresh(match):
        plan, command = match.group(1), match.group(2)
        arguments = shlex.split(command.removeprefix("bin/stargate "))
        run = subprocess.run([binary, *arguments], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "STARGATE_HOME": ROOT})
        print(f"{command}: exit {run.returncode}")
        return f"<!-- show: {plan} -->\n```\n$ {command}\n{cut(run.stdout.splitlines(), plan)}\n```\n"

    text = re.sub(r"<!-- show: (.*?) -->\n```\n\$ (.*?)\n.*?```\n", refresh, text, flags=re.S)
    with open(readme, "w", encoding="utf-8") as file:
        file.write(text)


main()
