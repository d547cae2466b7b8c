#!/usr/bin/env python3
"""How far the program is from measurements, as one page: by chip, engine and metric, for the rows that its coefficients
were fitted to, and for rows of a device, an architecture or a source that was left out.

    stargate validate --kernels DIR --json > given.json                       (and the next two with the same DIR)
    stargate validate --kernels DIR --leave-out --json > device.json
    stargate validate --kernels DIR --leave-out-architecture --json > architecture.json
    stargate validate --serving FILE --rows serving.csv
    stargate validate --training FILE --rows training.csv
    stargate calibrate --training FILE --leave-out --json > training-left-out.json
    stargate calibrate --serving FILE --leave-out --json > serving-left-out.json    (hours; may be missing)
    accuracy_page.py FOLDER DATE > docs/explanation/accuracy.md
"""
import collections
import csv
import json
import os
import statistics
import sys

LEAST = 5  # rows of a cell
LAWS = {  # table of kernels -> column
    "gemm": "GEMM", "context_attention": "prefill", "generation_attention": "decode", "context_mla": "MLA prefill",
    "generation_mla": "MLA decode", "moe": "experts", "gdn": "recurrent", "kda": "recurrent", "mamba2": "recurrent",
    "dsa_context_module": "sparse", "dsa_generation_module": "sparse", "dsv4_csa_context_module": "sparse",
    "dsv4_csa_generation_module": "sparse", "dsv4_hca_context_module": "sparse", "dsv4_hca_generation_module": "sparse",
    "msa_context_module": "sparse", "msa_generation_module": "sparse", "mhc_module": "hyper-connections",
    "encoder_attention": "encoders", "wideep_deepep_ll": "expert exchange", "wideep_deepep_normal": "expert exchange",
    "trtllm_alltoall": "expert exchange", "dsv4_megamoe_module": "expert exchange",
    "nccl": "collectives", "custom_allreduce": "collectives"}
COLUMNS = list(dict.fromkeys(LAWS.values()))


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def kernel_errors(path):
    """(chip, engine, column) -> median error, the mean of its groups' medians weighted by their rows."""
    sums = collections.defaultdict(lambda: [0.0, 0])
    with open(path, encoding="utf-8") as file:
        groups = json.load(file)["groups"]
    for group in groups:
        column = LAWS.get(group["metric"])
        if column is None or group["median_pct"] is None or group["predicted"] == 0:
            continue
        for engine in (group["engine"], ""):
            for chip in (group["accelerator"], ""):
                cell = sums[chip, engine, column]
                cell[0] += group["median_pct"] * group["predicted"]
                cell[1] += group["predicted"]
    return {key: total / rows for key, (total, rows) in sums.items() if rows >= LEAST}


def kernel_table(folder):
    sets = [kernel_errors(os.path.join(folder, name)) for name in ("given.json", "device.json", "architecture.json")]
    def cell(chip, engine, column):
        found = [errors.get((chip, engine, column)) for errors in sets]
        return "" if found[0] is None else " / ".join("-" if e is None else f"{e:.0f}" for e in found)
    keys = sorted({key[:2] for key in sets[0] if key[0] and key[1]})
    rows = [["**all**", ""] + [cell("", "", c) for c in COLUMNS]]
    rows += [[chip, engine] + [cell(chip, engine, c) for c in COLUMNS] for chip, engine in keys]
    return table(["chip", "kernels of"] + COLUMNS, rows)


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def error_of(row, predicted, measured):
    return 100 * (float(row[predicted]) / float(row[measured]) - 1)


def error_cell(errors):
    if len(errors) < LEAST:
        return ""
    return f"{statistics.median(map(abs, errors)):.0f} ({statistics.median(errors):+.0f}; {len(errors)})"


def metric_of(row):
    name = row["metric"]
    return "TPOT" if name.startswith("tpot") else "TTFT" if name.startswith("ttft") else "throughput"


def serving_table(folder):
    cells = collections.defaultdict(list)
    for row in read(folder, "serving.csv"):
        if row["trust"] != "A full" or not row["predicted"] or not float(row["measured"]) > 0:
            continue
        for key in ((row["accelerator"], row["record"]), ("**all**", "")):
            cells[key + (metric_of(row),)].append(error_of(row, "predicted", "measured"))
    metrics = ["TPOT", "TTFT", "throughput"]
    keys = sorted({key[:2] for key in cells})
    rows = [[chip, record] + [error_cell(cells.get((chip, record, m), [])) for m in metrics] for chip, record in keys]
    return table(["chip", "engine's record"] + metrics, [row for row in rows if any(row[2:])])


def training_table(folder):
    cells = collections.defaultdict(list)
    for row in read(folder, "training.csv"):
        if row["completeness"] not in ("strict", "near") or not row["predicted_s"]:
            continue
        for key in ((row["accelerator"], row["precision"]), ("**all**", "")):
            cells[key + (row["completeness"],)].append(error_of(row, "predicted_s", "measured_s"))
    keys = sorted({key[:2] for key in cells})
    kinds = ["strict", "near"]
    rows = [[chip, precision] + [error_cell(cells.get((chip, precision, k), [])) for k in kinds]
            for chip, precision in keys]
    return table(["chip", "format", "configuration stated", "nearly stated"], [row for row in rows if any(row[2:])])


def left_out_table(folder, name):
    """Sources judged by coefficients that never saw them, beside those that did."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        answer = json.load(file)
    rows = []
    for found in answer.get("left_out", []):
        label = [found["source"]] + ([found["metric"]] if found.get("metric") else [])
        rows.append([" ".join(label), str(found["rows"]), f"{found['median_pct']:.1f}", f"{found['mean_pct']:.1f}",
                     f"{found['bias_pct']:+.1f}"])
    yield from table(["source left out", "rows", "median %", "mean %", "bias %"], rows)


def serving_left_out_table(folder, name):
    """Medians of sources that an engine's coefficients never saw."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        found = json.load(file).get("left_out", [])
    def cell(value):
        return "" if value is None or value < 0 else f"{value:.1f}"
    rows = [[f["source"], f["engine"]] + [cell(f.get(m)) for m in ("tpot_pct", "ttft_pct", "throughput_pct")]
            for f in sorted(found, key=lambda f: (f["engine"], f["source"]))]
    if rows:
        yield from table(["source left out", "engine's record", "TPOT", "TTFT", "throughput"], rows)


PAGE = """# How far the program is from measurements

Made on {date} by `tools/accuracy_page.py` from the answers of `stargate validate` and `stargate calibrate --leave-out`
on tables of measurements by others, which are not part of this repository. Errors are medians of
|predicted / measured - 1| in percent. `README.md` quotes this page.

## Operators: kernels measured alone

A cell is *given / device left out / architecture left out*: with the coefficients fitted to these kernels; with those
that other devices of the architecture lend, as if nobody had measured this one; with what devices of other
architectures would take on it, as an answer about a chip nobody measured rests on. Means of the tables' medians, weighted
by their rows.

{kernels}

## Serving: runs whose whole configuration is stated

Median error (its bias; figures behind it), by chip and by the record of the engine's versions. Figures of trust A: of the
makers of an engine or of public benchmarks with their scripts.

{serving}
{serving_left_out}
## Training: time of a step

Median error (its bias; runs behind it). *Nearly stated* runs leave open what is recomputed.

{training}
{training_left_out}
## What this does not say

The form of the laws was chosen while looking at these rows, so rows of a kind that is not here are likely worse than
those left out. Where a cell is empty nobody's measurement is known to us.
"""


def main():
    folder, date = sys.argv[1], sys.argv[2]
    def block(lines):
        return "\n".join(lines)
    words = "Fitted without each source, and judged by it:"
    def left_out(lines):
        return f"\n{words}\n\n{block(lines)}\n" if lines else ""
    print(PAGE.format(
        date=date, kernels=block(kernel_table(folder)), serving=block(serving_table(folder)),
        training=block(training_table(folder)),
        serving_left_out=left_out(list(serving_left_out_table(folder, "serving-left-out.json"))),
        training_left_out=left_out(list(left_out_table(folder, "training-left-out.json")))), end="")


if __name__ == "__main__":
    main()
