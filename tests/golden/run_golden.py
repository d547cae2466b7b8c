# Golden tests: the program from outside, its exact output. A case is two files:
#   name.cmd   first line: the arguments after `stargate`, quoted as in a shell; {tmp} is a fresh folder
#              further lines, each optional and repeatable:
#                exit: 2                  expected exit status (0 when absent)
#                normalise: took [0-9]+   each match of the regular expression becomes <...>
#                file: report.json        appends this file of {tmp} to the output
#                # a remark
#   name.out   the standard output as it is, then "--- stderr" and that, "--- file NAME" and that, "--- exit N"
# Only what truly differs from run to run (a time, a port) is normalised; figures never are: same input, same bytes.
#   run_golden.py --binary PATH [--accept] [name...]     --accept writes name.out anew (but never with another exit status)
import argparse
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Case:
    def __init__(self, path):
        self.status, self.normalise, self.files = 0, [], []
        with open(path, encoding="utf-8") as file:
            first, *rest = file.read().splitlines() or [""]
        self.arguments = shlex.split(first)
        for number, line in enumerate(rest, 2):
            key, _, value = line.partition(": ")
            if key == "exit":
                self.status = int(value)
            elif key == "normalise":
                self.normalise.append(re.compile(value))
            elif key == "file":
                self.files.append(value)
            elif line and not line.startswith("#"):
                raise SystemExit(f"{path}:{number}: is not exit:, normalise:, file: or a remark")


def section(text):
    """Text whose missing last line end is made visible."""
    return text if not text or text.endswith("\n") else text + "\n\\ no line end\n"


def run_case(case, binary):
    """(the text of name.out, exit status)."""
    with tempfile.TemporaryDirectory() as folder:
        home = {"STARGATE_HOME": ROOT, "HOME": folder, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        arguments = [argument.replace("{tmp}", folder) for argument in case.arguments]
        run = subprocess.run([binary, *arguments], cwd=ROOT, env=home, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        text = section(run.stdout.decode("utf-8", "backslashreplace"))
        text += "--- stderr\n" + section(run.stderr.decode("utf-8", "backslashreplace"))
        for name in case.files:
            path = os.path.join(folder, name)
            text += f"--- file {name}\n"
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="backslashreplace", newline="") as file:
                    text += section(file.read())
            else:
                text += "\\ no such file\n"
        text += f"--- exit {run.returncode}\n"
        text = text.replace(folder, "{tmp}").replace(ROOT + "/", "").replace(ROOT, ".")
    for expression in case.normalise:
        text = expression.sub("<...>", text)
    return text, run.returncode


def read_text(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def check_case(folder, name, binary, accept):
    """Faults of a case as lines; empty when it is as expected (or has been accepted)."""
    case = Case(os.path.join(folder, name + ".cmd"))
    text, status = run_case(case, binary)
    if status != case.status:
        return [f"{name}: exit status {status}, expected {case.status}", *text.splitlines()]
    expected_path = os.path.join(folder, name + ".out")
    expected = read_text(expected_path)
    if text == expected:
        return []
    if accept:
        with open(expected_path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        print(f"accepted {name}")
        return []
    lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), f"{name}.out", "now", lineterm="")
    return [f"{name}: the output changed; bin/test --accept takes it", *lines]


def run_golden(folder, names, binary, accept):
    names = names or sorted(n[: -len(".cmd")] for n in os.listdir(folder) if n.endswith(".cmd"))
    faults = 0
    for name in names:
        lines = check_case(folder, name, binary, accept)
        faults += bool(lines)
        if lines:
            print("\n".join(lines))
    print(f"{len(names)} cases, {faults} faults")
    return faults


def main():
    parser = argparse.ArgumentParser(description="Runs golden cases.")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    sys.exit(1 if run_golden(HERE, options.names, os.path.abspath(options.binary), options.accept) else 0)


if __name__ == "__main__":
    main()
