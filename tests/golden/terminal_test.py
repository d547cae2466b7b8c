# Answers on a screen of 80 columns, and answers that cannot be written: what standard output and files do when they are
# narrow, full, closed, or the input itself. Runs golden cases by name, so that every command's answer is seen.
#   terminal_test.py --binary PATH
import argparse
import os
import pty
import shlex
import shutil
import subprocess
import tempfile
import unicodedata

from run_golden import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = tempfile.TemporaryDirectory()  # the small study's rates are found once for all its plans
COLUMNS = 80
CASES = ["catalogue_list", "catalogue_sites", "catalogue_show_h100", "model_deepseek_v3", "plan_small",
         "plan_infeasible", "train_llama_405b", "train_memory", "train_does_not_fit", "train_search_small",
         "goodput_llama_405b", "serve_systems", "serve_misses_target", "serve_simulate", "serve_simulate_engines",
         "import_megatron", "help", "help_train_search", "plan_small_set", "plan_small_without_samsung",
         "train_search_compare", "serve_size", "catalogue_fields_site", "check_study"]
FAULTS = ["plan_faulty", "plan_unknown_changes", "train_wrong_layout", "train_wrong_numbers", "serve_faults",
          "serve_size_faults", "mistyped_flag", "mistyped_command", "import_faulty"]


def environment(**more):
    return {"STARGATE_HOME": ROOT, "STARGATE_CACHE": CACHE.name, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "TERM": "xterm", **more}


def arguments_of(case):
    with open(os.path.join(HERE, case + ".cmd"), encoding="utf-8") as file:
        return shlex.split(file.readline())


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def run(binary, arguments, stdout=subprocess.PIPE, **environ):
    return subprocess.run([binary, *arguments], cwd=ROOT, env=environment(**environ), stdin=subprocess.DEVNULL,
                          stdout=stdout, stderr=subprocess.PIPE, timeout=300)


def check_narrow(binary):
    for case in CASES:
        text = run(binary, arguments_of(case), COLUMNS=str(COLUMNS)).stdout.decode("utf-8")
        widest = max(text.splitlines(), key=width)
        assert width(widest) <= COLUMNS, f"{case}: {width(widest)} columns: {widest}"
        print(f"{case}: {width(widest)} columns")
    for case in FAULTS:
        faults = run(binary, arguments_of(case), COLUMNS=str(COLUMNS)).stderr.decode("utf-8")
        widest = max(faults.splitlines(), key=width)
        assert width(widest) <= COLUMNS, f"{case}: {width(widest)} columns: {widest}"
    wide = run(binary, [*arguments_of("catalogue_sites"), "--wide"], COLUMNS=str(COLUMNS)).stdout
    assert wide == run(binary, arguments_of("catalogue_sites")).stdout, "--wide is the table as a file holds it"


def on_a_terminal(binary, arguments, **environ):
    """What it prints on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary, *arguments], cwd=ROOT, env=environment(**environ), stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    text = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # the terminal is closed when its last writer leaves
            break
        if not read:
            break
        text += read
    process.wait()
    os.close(ours)
    return text


def check_colour(binary):
    arguments = arguments_of("catalogue_sites")
    assert b"\x1b[" in on_a_terminal(binary, arguments), "titles are bold on a terminal"
    assert b"\x1b[" not in on_a_terminal(binary, arguments, NO_COLOR="1"), "NO_COLOR"
    assert b"\x1b[" not in on_a_terminal(binary, arguments, TERM="dumb"), "a terminal that knows no colour"
    assert b"\x1b[" not in run(binary, arguments).stdout, "a pipe"


def check_standard_output(binary):
    for arguments in (arguments_of("catalogue_list"), ["--help"], ["model", "qwen3-8b", "--json"]):
        with open("/dev/full", "wb") as full:
            done = run(binary, arguments, stdout=full)
        assert done.returncode == 1 and b"No space left" in done.stderr, (arguments, done)
    reading, writing = os.pipe()
    os.close(reading)
    done = run(binary, arguments_of("catalogue_list"), stdout=writing)
    os.close(writing)
    assert done.returncode == 1 and b"Broken pipe" in done.stderr, done


def check_files(binary):
    with tempfile.TemporaryDirectory() as folder:
        study = os.path.join(folder, "s.yaml")
        shutil.copy(os.path.join(HERE, "inputs", "small.yaml"), study)
        before = open(study, "rb").read()
        link = os.path.join(folder, "link.html")
        os.symlink(study, link)
        for target in (study, link, os.path.join(folder, ".", "s.yaml")):
            done = run(binary, ["plan", study, "--html", target])
            assert done.returncode == 2 and b"not written over" in done.stderr, done
            assert open(study, "rb").read() == before, "the study is as it was"
        done = run(binary, ["plan", study, "--html", "/dev/full"])
        assert done.returncode == 1 and b"No space left" in done.stderr, done
        done = run(binary, ["plan", study, "--csv", study])
        assert done.returncode == 1 and open(study, "rb").read() == before, done
        assert sorted(os.listdir(folder)) == ["link.html", "s.yaml"], "nothing is left beside"


def check_no_catalogue(binary):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([binary, "model", "qwen3-8b"], cwd=folder, env={"PATH": "/usr/bin:/bin"},
                              capture_output=True, timeout=60)
        assert done.returncode == 2 and b"--catalogue" in done.stderr and b"STARGATE_HOME" in done.stderr, done


def main():
    parser = argparse.ArgumentParser(description="Terminals and outputs that fail.")
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    check_narrow(binary)
    check_colour(binary)
    check_standard_output(binary)
    check_files(binary)
    check_no_catalogue(binary)


if __name__ == "__main__":
    main()
