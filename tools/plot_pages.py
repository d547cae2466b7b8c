#!/usr/bin/env python3
"""Plots of the pages memory, communication, schedules and goodput in docs/explanation: published figures against what the
program prints as JSON. Needs python3-matplotlib.
    tools/plot_pages.py build/check/stargate [memory communication schedules goodput]
Every model that the catalogue lacks is written as a config.json. Collectives are plotted when STARGATE_DATA names a folder
of measured data.
"""
import json
import os
import subprocess
import sys
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "docs", "explanation")
OURS, THEIRS, THIRD = "#1f6fb4", "#b5b5b5", "#d9822b"
FOLDER = tempfile.TemporaryDirectory()


def ask(*arguments):
    run = subprocess.run([BINARY, *map(str, arguments), "--json"], capture_output=True, text=True, cwd=ROOT,
                         env={**os.environ, "STARGATE_HOME": ROOT})
    if run.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(map(str, arguments))}: exit {run.returncode}\n{run.stderr}")
    return json.loads(run.stdout)


def gpt(layers, hidden, heads, vocab=51200):
    path = os.path.join(FOLDER.name, f"gpt-{layers}-{hidden}-{heads}-{vocab}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": hidden, "n_layer": layers,
                   "n_head": heads, "n_positions": 2048, "vocab_size": vocab, "torch_dtype": "float16"}, file)
    return path


def train(model, gpus, batch, *more, system="hgx-a100-80", sequence=2048):
    return ask("train", "--model", model, "--system", system, "--gpus", gpus, "--global-batch", batch, "--seq-length",
               sequence, *more)


def bars(axis, names, series, unit):
    """series: (label, values, colour)."""
    width = 0.8 / len(series)
    for i, (label, values, colour) in enumerate(series):
        places = [x + (i - (len(series) - 1) / 2) * width for x in range(len(names))]
        axis.bar(places, values, width, label=label, color=colour)
        for x, value in zip(places, values):
            axis.text(x, value, f"{value:.3g}", ha="center", va="bottom", fontsize=6)
    axis.set_xticks(range(len(names)), names, fontsize=7)
    axis.set_ylabel(unit)
    axis.legend(fontsize=7, frameon=False)


def save(figure, name):
    figure.tight_layout()
    figure.savefig(os.path.join(OUT, f"{name}.png"), dpi=110, metadata={"Software": None})
    print(f"wrote docs/explanation/{name}.png")


# Reducing Activation Recomputation (arXiv 2205.05198), table 2: bytes of one layer over s b h; tp 8.
VARIANTS = [
    ("tp", [], lambda a, s, h: 10 + 24 / 8 + 5 * a * s / h / 8),
    ("tp, sp", ["--sp"], lambda a, s, h: 34 / 8 + 5 * a * s / h / 8),
    ("tp, selective", ["--recompute", "selective"], lambda a, s, h: 10 + 24 / 8),
    ("tp, sp, selective", ["--sp", "--recompute", "selective"], lambda a, s, h: 34 / 8),
    ("tp, full", ["--recompute", "full"], lambda a, s, h: 2),
]
MODELS = [("22B", 48, 6144, 64, 4), ("175B", 96, 12288, 96, 1), ("530B", 105, 20480, 128, 1), ("1T", 128, 25600, 160, 1)]


def plot_memory():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=[3, 2])
    markers = "osD^v"
    for marker, (name, flags, formula) in zip(markers, VARIANTS):
        published, ours = [], []
        for _, layers, hidden, heads, micro_batch in MODELS:
            answer = train(gpt(layers, hidden, heads), 8, micro_batch, "--tp", 8, "--micro-batch-size", micro_batch,
                           "--unfused-attention", "--dropout", *flags)
            kept = sum(tensor["layer_bytes"] for tensor in answer["activations"] if tensor["bytes"] > 0)
            ours.append(kept / 2**20)
            published.append(formula(heads, 2048, hidden) * 2048 * micro_batch * hidden / 2**20)
        left.scatter(published, ours, marker=marker, s=22, label=name)
    low, high = left.get_xlim()
    left.plot([30, high], [30, high], color=THEIRS, linewidth=1, zorder=0)
    left.set(xscale="log", yscale="log", xlabel="published formula, MiB a layer and micro-batch", ylabel="ours",
             title="activations of GPT 22B, 175B, 530B, 1T")
    left.legend(fontsize=7, frameon=False)

    ours = []
    for zero in range(4):  # ZeRO (arXiv 1910.02054), figure 1: 7.5 B parameters over 64 ranks
        memory = train(gpt(36, 4096, 32), 64, 64, "--dp", 64, "--zero", zero, "--main-grads-bytes", 2)["memory"]
        ours.append((memory["weights_bytes"] + memory["gradients_bytes"] + memory["optimizer_bytes"]) / 1e9)
    bars(right, ["none", "ZeRO 1", "ZeRO 2", "ZeRO 3"],
         [("published", [120, 31.4, 16.6, 1.9], THEIRS), ("ours", ours, OURS)], "GB an accelerator")
    right.set_title("states of 7.5 B parameters, 64 ranks")
    save(figure, "memory")


# The same paper, table 4: forward and backward of one layer of the 22B model, ms.
LAYERS = [("tp", [], 7.7 + 11.9), ("tp, sp", ["--sp"], 7.2 + 11.8), ("full", ["--recompute", "full"], 7.7 + 19.5),
          ("selective", ["--recompute", "selective"], 7.7 + 13.2),
          ("sp,\nselective", ["--sp", "--recompute", "selective"], 7.2 + 13.1)]


def plot_communication():
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=[2, 3])
    compute, exposed = [], []
    for _, flags, _ in LAYERS:
        def step(layers):
            answer = train(gpt(layers, 6144, 64), 8, 4, "--tp", 8, "--micro-batch-size", 4, "--unfused-attention",
                           "--dropout", "--no-tp-overlap", *flags)["step"]
            return (answer["forward_s"] + answer["backward_s"] + answer["recompute_s"],
                    answer["tensor-parallel communication_s"])
        more, fewer = step(48), step(24)  # the difference has neither embedding nor output
        compute.append((more[0] - fewer[0]) / 24 * 1e3)
        exposed.append((more[1] - fewer[1]) / 24 * 1e3)
    places = range(len(LAYERS))
    left.bar([x - 0.2 for x in places], [layer[2] for layer in LAYERS], 0.4, color=THEIRS, label="published")
    left.bar([x + 0.2 for x in places], compute, 0.4, color=OURS, label="ours: operators")
    left.bar([x + 0.2 for x in places], exposed, 0.4, bottom=compute, color=THIRD, label="ours: collectives that show")
    left.set_xticks(places, [layer[0] for layer in LAYERS], fontsize=7)
    left.set(ylabel="ms a layer, there and back", title="one layer of GPT 22B over 8 A100")
    left.set_ylim(0, 38)
    left.legend(fontsize=7, frameon=False, loc="upper left")
    plot_sweeps(right)
    save(figure, "communication")


def plot_sweeps(axis):
    data = os.environ.get("STARGATE_DATA")
    if not data:
        raise SystemExit("plot of communication: STARGATE_DATA names no folder of measured data")
    answer = ask("validate", "--kernels", f"{data}/kernels", "--collectives", f"{data}/training/collectives.csv",
                 "--laws", "collective")
    groups = [group for group in answer["groups"] if group["metric"] == "collective across nodes" and group["predicted"]]
    names = [f"{group['accelerator']} {group['precision'].split('.')[0].replace('_', '-')} ({group['source'].split()[0]}, "
             f"{group['predicted']} rows)" for group in groups]
    axis.barh(range(len(groups)), [group["p90_pct"] for group in groups], color=THEIRS, label="90 % of rows below")
    axis.barh(range(len(groups)), [group["median_pct"] for group in groups], color=OURS, label="median")
    axis.set_yticks(range(len(groups)), names, fontsize=6)
    axis.invert_yaxis()
    axis.set(xlabel="error of the time, %", title="published sweeps across nodes")
    axis.legend(fontsize=7, frameon=False)


def plot_schedules():
    """Equal stages and free sends, where the papers' formulas hold."""
    model, stages, batches = gpt(192, 4096, 32, vocab=128), 8, [8, 16, 32, 64, 128]
    free = ["--set", "network.bandwidth=x1e6", "--set", "scale_up.bandwidth=x1e6"]
    schedules = [("1F1B", [], lambda m: (stages - 1) / m), ("GPipe", ["--schedule", "gpipe"], None),
                 ("interleaved, v = 4", ["--vpp", 4], lambda m: (stages - 1) / m / 4),
                 ("ZB-H1 (line: equal thirds)", ["--schedule", "zero_bubble"], lambda m: (stages - 1) / m / 3)]
    figure, axis = plt.subplots(figsize=(6, 4))
    for marker, (name, flags, formula) in zip("osD^", schedules):
        ours = []
        for batch in batches:
            step = train(model, stages, batch, "--pp", stages, "--micro-batch-size", 1, *flags, *free)["step"]
            ours.append(100 * step["pipeline bubble_s"] / (step["forward_s"] + step["backward_s"]))
        points = axis.scatter(batches, ours, marker=marker, s=26, label=name, zorder=3,
                              facecolors="none" if name == "GPipe" else None, edgecolors="black" if name == "GPipe" else None)
        if formula:
            axis.plot(batches, [100 * formula(m) for m in batches], linewidth=1, color=points.get_facecolor()[0])
    axis.set(xscale="log", yscale="log", xlabel="micro-batches", ylabel="bubble, % of the useful time",
             title="8 equal stages: simulated (points), papers' formulas (lines)")
    axis.set_xticks(batches, batches)
    axis.minorticks_off()
    axis.legend(fontsize=8, frameon=False)
    save(figure, "schedules")


def plot_goodput():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    job = ["train", "goodput", "--model", "llama-3.1-405b", "--system", "hgx-h100", "--global-batch", 2048, "--seq-length",
           8192, "--step-time", "6.6s", "--tokens", 15.6e12]
    minutes = [1, 2, 3, 5, 8, 15, 30, 60]
    for kind, colour in (("async", OURS), ("blocking", THIRD)):
        answers = [ask(*job, "--gpus", 16384, "--checkpoint", kind, "--checkpoint-interval", f"{m}min") for m in minutes]
        left.plot(minutes, [100 * answer["ettr"] for answer in answers], color=colour, label=f"{kind}: closed form")
        left.errorbar(minutes, [100 * answer["ettr_simulated"] for answer in answers],
                      [400 * answer["ettr_standard_error"] for answer in answers], fmt="o", markersize=4, color=colour,
                      label=f"{kind}: simulation, 4 standard errors")
    left.axhline(90, color=THEIRS, linewidth=1, label="published: more than 90 %")
    left.set(xscale="log", xlabel="checkpoint interval, minutes", ylabel="effective training time, %",
             title="Llama 3 405B on 16,384 H100")
    left.set_xticks(minutes, minutes)
    left.minorticks_off()
    left.legend(fontsize=7, frameon=False)

    sizes = [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072]
    for fleet, colour in (("llama-3-h100", OURS), ("rsc-1-a100", THIRD)):
        hours = [ask(*job, "--gpus", n, "--fleet", fleet)["mean_time_between_failures_s"] / 3600 for n in sizes]
        right.plot(sizes, hours, "o-", markersize=4, color=colour, label=f"fleet {fleet}")
    right.scatter([16384, 131072], [1.8, 0.23], marker="x", color="black", zorder=3, label="RSC-1's paper")
    right.scatter([16384], [54 * 24 / 419], marker="+", s=60, color="black", zorder=3, label="Llama 3: 419 in 54 days")
    right.set(xscale="log", yscale="log", xlabel="accelerators", ylabel="hours between failures",
              title="mean time between failures")
    right.legend(fontsize=7, frameon=False)
    save(figure, "goodput")


BINARY = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else sys.exit(__doc__)
for page in sys.argv[2:] or ["memory", "communication", "schedules", "goodput"]:
    globals()[f"plot_{page}"]()
