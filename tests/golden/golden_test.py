# The golden runner itself, with a shell in the program's place: it passes, fails, accepts and refuses when it should.
import contextlib
import io
import os
import tempfile

from run_golden import run_golden

SHELL = "/bin/sh"


def run(folder, accept=False):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        faults = run_golden(folder, [], SHELL, accept)
    return faults, printed.getvalue()


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


with tempfile.TemporaryDirectory() as folder:
    write(folder, "say.cmd", "-c 'echo out $STARGATE_HOME; printf err >&2; echo {tmp} > {tmp}/f; date +took%N; exit 3'\n"
                             "exit: 3\nnormalise: took[0-9]+\nfile: f\n# a remark\n")
    assert run(folder)[0] == 1, "a case without .out fails"
    assert run(folder, accept=True)[0] == 0 and run(folder)[0] == 0, "accepted once, it passes"
    wanted = "out .\n<...>\n--- stderr\nerr\n\\ no line end\n--- file f\n{tmp}\n--- exit 3\n"
    assert read(folder, "say.out") == wanted, read(folder, "say.out")

    write(folder, "say.out", wanted.replace("out .", "out of date"))
    faults, printed = run(folder)
    assert faults == 1 and "-out of date\n+out .\n" in printed, printed

    write(folder, "say.cmd", read(folder, "say.cmd").replace("exit: 3", "exit: 0"))
    before = read(folder, "say.out")
    faults, printed = run(folder, accept=True)
    assert faults == 1 and "exit status 3, expected 0" in printed, printed
    assert read(folder, "say.out") == before, "an unexpected exit status is never accepted"
print("the golden runner does what it should")
