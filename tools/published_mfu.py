#!/usr/bin/env python3
"""What published training runs reach, as the small table that answers about training quote:

    stargate validate --training T.csv --rows t.csv
    tools/published_mfu.py t.csv T.csv > catalogue/published_mfu.yaml

Rows that state their whole configuration ("strict") and train all weights (LoRA has fewer operations), a configuration
once, by accelerator, format and kind of model: quartiles of the MFU that the measured step means, operations counted as
`stargate train` counts them. Fewer than three configurations are left out. T.csv gives the sources' titles.
"""
import csv
import statistics
import sys

LEAST = 3


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def configurations(rows):
    """MFU of each configuration, the median of its repeats."""
    repeats = {}
    for row in rows:
        repeats.setdefault((row["model"], row["gpus"], row["layout"]), []).append(float(row["measured_mfu"]))
    return [statistics.median(found) for found in repeats.values()]


def main():
    rows, table = read(sys.argv[1]), read(sys.argv[2])
    titles = {}
    for row in table:
        titles.setdefault(row["source_key"], row["source_title"])
    kinds = {}
    for row in rows:
        if row["completeness"] == "strict" and row["kind"] != "lora":
            kinds.setdefault(f'{row["accelerator"]} {row["precision"]} {row["kind"]}', []).append(row)
    print("# Made by tools/published_mfu.py of the rows of `stargate validate --training`. MFU of runs whose whole")
    print("# configuration is published: a quarter of the configurations lies below `low`, a quarter above `high`.")
    print("runs:")
    used = set()
    for kind in sorted(kinds):
        values = configurations(kinds[kind])
        if len(values) < LEAST:
            continue
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        sources = sorted({row["source"] for row in kinds[kind]})
        used.update(sources)
        print(f"  {kind}: {{low: {100 * low:.1f} %, median: {100 * median:.1f} %, high: {100 * high:.1f} %, "
              f"runs: {len(values)}, sources: [{', '.join(sources)}]}}")
    print("sources:")
    for source in sorted(used):
        title = titles[source].replace('"', "'")
        print(f'  {source}: "{title}"')


if __name__ == "__main__":
    main()
