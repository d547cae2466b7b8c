"""Random services are sized, and what is recommended is simulated ten times longer: it must keep its targets.

Each service is drawn from a seed over models, systems, lengths, targets, engines and modes. `serve size` is asked; every
deployment it recommends is then run by `serve simulate`, as a user would, with ten times the requests of its trial.
    keep_targets.py --binary build/check/stargate [--services 20] [--first 0]
"""
import argparse
import json
import random
import subprocess
import sys

MODELS = ["llama-3.1-8b", "llama-3.1-70b", "qwen3-32b-fp8", "qwen3-30b-a3b", "gpt-oss-20b", "gpt-oss-120b", "mixtral-8x7b", "qwen3-14b"]
SYSTEMS = ["hgx-a100-80", "hgx-h100", "hgx-h200", "hgx-b200", "gb200-nvl72", "mi300x-platform", "mi355x-platform"]
LONGER = 10


def draw(seed):
    """A service as flags, and its two targets in milliseconds."""
    r = random.Random(seed)
    model, system = r.choice(MODELS), r.choice(SYSTEMS)
    isl, osl = r.choice([256, 1024, 2000, 4000]), r.choice([64, 150, 256, 500])
    lengths = [f"lognormal({isl}, {r.choice([0.3, 0.8])})", f"lognormal({osl}, {r.choice([0.3, 0.8])})"] if r.random() < 0.5 else [str(isl), str(osl)]
    ttft, tpot = r.choice([500, 1000, 3000]), r.choice([15, 25, 40, 60])
    engine = r.choice(["vllm", "sglang"] if system.startswith("mi") else ["vllm", "sglang", "trtllm"])
    rate = r.choice([5, 20, 60, 200])
    prefix = r.choice([0, 0, isl // 4])
    cv = r.choice(["1", "1", "2"])
    return {"model": model, "system": system, "isl": lengths[0], "osl": lengths[1], "prefix": prefix, "rate": rate, "cv": cv,
            "engine": engine, "mode": r.choice(["aggregated", "disaggregated"]), "ttft": ttft, "tpot": tpot}


def ask(binary, *arguments):
    run = subprocess.run([binary, *arguments, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 3):
        sys.exit(f"{' '.join(arguments)}\n{run.stderr}")
    return json.loads(run.stdout)


def size(binary, s):
    return ask(binary, "serve", "size", "--model", s["model"], "--system", s["system"], "--isl", s["isl"], "--osl", s["osl"],
               "--prefix", str(s["prefix"]), "--rate", str(s["rate"]), "--cv", s["cv"], "--engine", s["engine"], "--mode", s["mode"],
               "--ttft-p99", str(s["ttft"]), "--tpot-p99", str(s["tpot"]))["answers"][0]


def layout_flags(group, prefix=""):
    out = []
    for field, flag in (("tp", "tp"), ("pp", "pp"), ("ep", "ep"), ("attention_dp", "attention-dp")):
        out += [f"--{prefix}{flag}", str(group[field])]
    return out


def new_tokens(text, prefix):
    """`serve size` counts the shared prefix into the input, `serve simulate` puts it before."""
    if not text.startswith("lognormal"):
        return str(int(text) - prefix)
    mean, spread = text[len("lognormal("):-1].split(",")
    return f"lognormal({int(mean) - prefix}, {spread.strip()})"


def simulate(binary, s, answer):
    main = answer.get("replicas") or answer["decode"]
    arguments = ["serve", "simulate", "--model", s["model"], "--system", s["system"], "--engine", s["engine"],
                 "--rate", str(s["rate"]), "--cv", s["cv"], "--isl", new_tokens(s["isl"], s["prefix"]), "--osl", s["osl"],
                 "--shared-prefix", str(s["prefix"]), "--max-num-batched-tokens", str(answer["max_num_batched_tokens"]),
                 "--requests", str(LONGER * answer["trial"]["requests"]), "--replicas", str(main["replicas"]), *layout_flags(main)]
    if "prefill" in answer:
        arguments += ["--prefill-replicas", str(answer["prefill"]["replicas"]), *layout_flags(answer["prefill"], "prefill-")]
    return ask(binary, *arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    kept = asked = 0
    seed = options.first
    while asked < options.services and seed < options.first + 4 * options.services:
        s = draw(seed)
        seed += 1
        answer = size(options.binary, s)
        if not answer["meets_targets"]:
            print(f"{s['model']} on {s['system']}, {s['mode']}: no answer ({answer['why']})")
            continue
        asked += 1
        ran = simulate(options.binary, s, answer)
        ttft, tpot = ran["latency_ms"]["ttft"]["p99"], ran["latency_ms"]["tpot"]["p99"]
        holds = ttft <= s["ttft"] and tpot <= s["tpot"] and not ran.get("overloaded")
        kept += holds
        print(f"{'kept  ' if holds else 'MISSED'} {s['model']} on {s['system']}, {s['engine']}, {s['mode']}, {s['rate']}/s, "
              f"{answer['accelerators']} accelerators, {ran['requests']} requests: TTFT {ttft:.0f} of {s['ttft']} ms, TPOT {tpot:.1f} of {s['tpot']} ms", flush=True)
    print(f"{kept} of {asked} keep their targets when simulated {LONGER} times longer")
    return 0 if kept == asked and asked == options.services else 1


if __name__ == "__main__":
    sys.exit(main())
