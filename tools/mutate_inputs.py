#!/usr/bin/env python3
"""Breaks good inputs in many ways and checks that every reader and flag survives: no crash, no more than 10 s, no more
than 1 GiB, and of the program no exit code but 0, 2 and 3.

Readers and questions run in the programs mutate_<name> of tests/fuzz (build them with `cmake --build --preset dev
--target mutators`, the build with sanitizers), thousands of inputs a process: `command` breaks every example and every
flag of every question's table. What takes long to answer, and what only the program does (files it writes), runs as
commands of the binary. Seconds are of the processor, so that a busy machine fails nothing; whole answers may take
SLOWEST_ANSWER, since this build is some ten times slower than what users run. The n-th input follows from the seed and n
alone. A failing input is made smaller, printed, and with --keep kept in tests/fuzz/seeds/<name>/, so that it is tried
again from then on.

    tools/mutate_inputs.py --build build/dev --count 100000
"""
import argparse
import concurrent.futures
import glob
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BATCH, SLOWEST, SLOWEST_ANSWER, MEMORY = 2000, 10.0, 90.0, 1 << 30

# Target -> share of all inputs, files of the repository to break besides tests/fuzz/seeds/<target>.
READERS = {
    "yaml": (14, ["catalogue/accelerators/h100-sxm.yaml", "catalogue/systems/*.yaml", "catalogue/suppliers/*.yaml",
                  "catalogue/engines/vllm-*.yaml", "catalogue/reliability/*.yaml"]),
    "json": (6, ["catalogue/models/*.json"]),
    "toml": (10, ["tests/golden/inputs/*.toml"]),
    "lengths": (10, []),
    "quantity": (6, []),
    "model_config": (14, ["catalogue/models/*.json"]),
    "trace": (20, []),
    "import": (10, ["tests/golden/inputs/*"]),
    "tables": (3, []),
    "service_study": (6, ["studies/crystal-intelligence.yaml"]),
    "study": (6, ["studies/stargate.yaml", "tests/golden/inputs/small.yaml"]),
    "catalogue": (4, []),
    "measured": (3, ["tests/golden/inputs/measured_*.csv"]),
    "command": (6, ["tests/golden/inputs/question*.json"]),
}

# Commands whose flags are broken, and values for them: what the target `command` leaves out, and one that writes files.
COMMANDS = [
    "plan tests/golden/inputs/small.yaml",
    "serve study studies/crystal-intelligence.yaml",
    "serve size --model llama-3.1-8b --systems hgx-h100 --rate 2 --isl 1000 --osl 100 --ttft-p99 500 --tpot-p99 50",
    "serve simulate --model llama-3.1-8b --system hgx-h100 --rate 2 --isl 1000 --osl 100 --requests 50",
    "train --model llama-3.1-8b --system hgx-h100 --gpus 8 --global-batch-size 64 --seq-length 4096 --tp 2",
    "validate --training tests/golden/inputs/measured_training.csv",
    "validate --serving tests/golden/inputs/measured_serving.csv",
    "calibrate --training tests/golden/inputs/measured_training.csv --coefficients sustained",
    "import tests/golden/inputs/torchtitan_8b.toml",
    "ask tests/golden/inputs/question_model.json",
    "schema train search",
]
VALUES = ["nan", "inf", "-inf", "-1", "0", "1e999", "1e308", "4294967296", "9223372036854775807", "9223372036854775808",
          "1e9", "10000000000", "0,5", "1,024", "0x10", "1.5", "", " ", "x" * 100000, "lognormal(1155, 1)", "lognormal(1,1e9)",
          "uniform(5,1)", "\u00e9", "2023-02-31", "2026Q5", "1e9 h", "-5 W", "70 MW", "6000000000000 months", "%", "50 %",
          "accelerator:h100-sxm.power=nan W", "accelerator:h100-sxm.memory_bandwidth=x0", "network:nvlink4.latency=1e9 h",
          "model:x.y=1", "accelerator:nope.power=1 W", "supplier:samsung", "site:abilene", "/dev/null", "/", "no/such/file"]


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def slowest_of(name):
    return SLOWEST_ANSWER if name == "command" else SLOWEST


def is_sanitized(program):
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


def peak_memory(pid):
    """Bytes of resident memory at its largest so far, 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
            return int(found[1]) * 1024 if found else 0
    except OSError:
        return 0


def processor_seconds(pid):
    """Seconds of the processor so far, 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def watch(command, on_line=False, slowest=SLOWEST, folder=ROOT, cache="off"):
    """Runs a command; (exit code, why it failed or None, last line, stderr, seconds). `slowest` is the time between two
    lines, `seconds` those of the processor in all, some hundredths too few."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, cwd=folder,
                                   preexec_fn=no_core,
                                   env=dict(os.environ, STARGATE_HOME=ROOT, STARGATE_CACHE=cache,
                                            ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=64"))
        os.set_blocking(process.stdout.fileno(), False)
        last, began, begun_at, why, rest, seconds = b"", 0.0, time.time(), None, b"", 0.0
        while True:
            seconds = max(seconds, processor_seconds(process.pid))
            data = process.stdout.read()
            if data:
                lines = (rest + data).split(b"\n")
                rest = lines.pop()
                if lines:
                    last = lines[-1]
                if lines and on_line:
                    began, begun_at = seconds, time.time()
            if process.poll() is not None and not data:
                break
            if seconds - began > slowest:
                why = f"takes longer than {slowest:g} s"
            elif time.time() - begun_at > 60 * slowest:
                why = "waits for something that does not come"
            elif peak_memory(process.pid) > MEMORY:
                why = "takes more than 1 GiB"
            if why:
                process.send_signal(signal.SIGKILL)
                process.wait()
                break
            time.sleep(0.01)
        errors.seek(0)
        told = errors.read()[-3000:].decode(errors="replace")
        return process.returncode, why, last.decode(errors="replace"), told, seconds


def seeds_of(name):
    files = sorted(glob.glob(os.path.join(ROOT, "tests/fuzz/seeds", name, "*")))
    for pattern in READERS[name][1]:
        files += sorted(glob.glob(os.path.join(ROOT, pattern)))
    return files


def fails(program, text, slowest):
    with tempfile.NamedTemporaryFile(suffix=".input") as file:
        file.write(text)
        file.flush()
        code, why, *_ = watch([program, "--run", file.name], slowest=slowest)
        return why or (f"exit code {code}" if code != 0 else None)


def reduce(program, text, slowest, budget=60):
    """Fewer lines, then fewer bytes, as long as it still fails; at most `budget` runs, fewer where a failure takes long."""
    budget = min(budget, int(300 / slowest))
    for unit in (b"\n", b""):
        parts = text.split(b"\n") if unit else [text[i:i + 16] for i in range(0, len(text), 16)]
        size = max(1, len(parts) // 2)
        while size >= 1 and budget > 0:
            at, changed = 0, False
            while at < len(parts) and budget > 0:
                shorter = parts[:at] + parts[at + size:]
                budget -= 1
                if fails(program, unit.join(shorter), slowest):
                    parts, changed = shorter, True
                else:
                    at += size
            if not changed or size == 1:
                size //= 2
        text = unit.join(parts)
    return text


def run_reader(build, name, seed, count):
    """(inputs run, list of failures, seconds of the processor). What failed once, kept among the seeds, comes first, as it is."""
    program, files, slowest = os.path.join(build, "tests/fuzz", f"mutate_{name}"), seeds_of(name), slowest_of(name)
    failures, at, kept, spent = [], 0, 0, 0.0
    while kept < len(files):
        code, why, last, errors, seconds = watch([program, "--run", *files[kept:]], on_line=True, slowest=slowest)
        spent += seconds
        if code == 0 and why is None:
            break
        kept += int(last) if last.isdigit() else 0
        failures.append((f"{name} {os.path.relpath(files[kept], ROOT)}", why or f"exit code {code}", b"", errors))
        kept += 1
    while at < count and len(failures) < 20:
        batch = min(BATCH, count - at)
        command = [program, str(seed), str(at), str(batch), *files]
        code, why, last, errors, seconds = watch(command, on_line=True, slowest=slowest)
        spent += seconds
        if code == 0 and why is None:
            at += batch
            continue
        number = int(last) if last.isdigit() else at
        text = subprocess.run([program, "--print", str(seed), str(number), *files], capture_output=True, check=True,
                              cwd=ROOT).stdout
        failures.append((f"{name} input {number}", why or f"exit code {code}", reduce(program, text, slowest), errors))
        at = number + 1
    return at, failures, spent


def broken_command(number, seed, flags):
    random_ = random.Random(seed * 1000003 + number)
    base = random_.choice(COMMANDS)
    words = base.replace("2$/h", "2 $/h").split()
    words = [w.replace("\x00", " ") for w in words]
    for _ in range(random_.choice([1, 1, 1, 2, 3])):
        kind = random_.random()
        if kind < 0.4:
            places = [i for i in range(1, len(words)) if not words[i].startswith("--")]
            words[random_.choice(places)] = random_.choice(VALUES)
        elif kind < 0.85:
            flag = random_.choice(flags[base] or ["--set"])
            words += [flag, random_.choice(VALUES)] if random_.random() < 0.9 else [flag]
        elif kind < 0.95:
            words += ["--set", random_.choice(VALUES)]
        else:
            words.pop(random_.randrange(1, len(words)))
    return words


def flags_of(binary, command):
    words = [w for w in command.split() if not w.startswith("--")][:2]
    text = ""
    for n in (2, 1):
        text += subprocess.run([binary, *words[:n], "--help"], capture_output=True, text=True, cwd=ROOT).stdout
    return sorted(set(re.findall(r"--[a-z][a-z0-9-]+", text)) - {"--help", "--version"})


def run_flags(build, seed, count, jobs):
    binary = os.path.join(build, "stargate")
    flags = {command: flags_of(binary, command) for command in COMMANDS}

    def one(number):
        words = broken_command(number, seed, flags)
        code, why, _, errors, _ = watch([binary, *words], slowest=SLOWEST_ANSWER, folder=folder, cache=cache)
        if why is None and (code in (0, 2, 3) or (code == 1 and "cannot be written" in errors)):
            return None
        shown = " ".join(w if len(w) < 80 else w[:20] + f"...({len(w)})" for w in words)
        return f"flags {number}: {shown}", why or f"exit code {code}", b"", errors

    # Files that flags make stay in a folder of their own; what examples read is linked there.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        for name in ("tests", "studies", "catalogue"):
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            return count, [f for f in pool.map(one, range(count)) if f]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build/dev"))
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--flags", type=int, help="of these as commands of the program; else one in five hundred")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="one reader, or flags")
    parser.add_argument("--keep", action="store_true", help="keep failing inputs among the seeds")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    commands = args.count // 500 if args.flags is None else args.flags
    shares = sum(share for share, _ in READERS.values())
    work = {name: -(-(args.count - commands) * share // shares) for name, (share, _) in READERS.items()}
    if args.only:
        work = {args.only: args.count} if args.only != "flags" else {}
        commands = args.count if args.only == "flags" else 0
    total, failures = 0, []
    one_program = os.path.join(build, "tests/fuzz/mutate_quantity")
    print(f"sanitizers: {'yes' if is_sanitized(one_program) else 'no'}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = {name: pool.submit(run_reader, build, name, args.seed, work[name]) for name in reversed(work)}
        for name, run in runs.items():
            count, found, seconds = run.result()
            total, failures = total + count, failures + found
            print(f"{name}: {count} inputs, {len(found)} failures, {seconds:.0f} s of the processor", flush=True)
    if commands:
        count, found = run_flags(build, args.seed, commands, args.jobs)
        total, failures = total + count, failures + found
        print(f"flags: {count} commands, {len(found)} failures", flush=True)
    for where, why, text, errors in failures:
        print(f"\n{where}: {why}")
        if text:
            print(f"  {len(text)} bytes: {text[:300]!r}")
        print("  " + "\n  ".join(errors.splitlines()[:6]))
        if args.keep and text and len(text) < 20000:
            folder = os.path.join(ROOT, "tests/fuzz/seeds", where.split()[0])
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"found_{args.seed}_{where.split()[-1]}"), "wb") as file:
                file.write(text)
    print(f"{total} inputs, {len(failures)} failures", json.dumps({"inputs": total, "failures": len(failures)}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
