# What `stargate validate` found on measured runs, as the small table every answer quotes:
#   stargate validate --serving S.csv --rows s.csv; stargate validate --training T.csv --rows t.csv
#   expected_errors.py s.csv t.csv > catalogue/expected_errors.yaml
# Serving: rows of trust A that state their whole configuration, by the record of their engine. Training: all rows that
# state theirs ("strict"), once a configuration. A figure is the median of |predicted / measured - 1|; of fewer than five
# rows none is given.
import csv
import statistics
import sys

LEAST = 5


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def median_error(rows):
    errors = [abs(float(row["predicted"]) / float(row["measured"]) - 1) for row in rows]
    return statistics.median(errors) if len(errors) >= LEAST else None


def figure_of(metric):
    return "tpot" if metric.startswith("tpot") else "ttft" if metric.startswith("ttft") else "throughput"


def serving_lines(rows):
    records = {}
    for row in rows:
        if row["trust"] == "A full":
            records.setdefault(row["record"], {}).setdefault(figure_of(row["metric"]), []).append(row)
    for record in sorted(records):
        figures = {name: median_error(records[record].get(name, [])) for name in ("tpot", "ttft", "throughput")}
        said = [f"{name}: {100 * error:.1f} %" for name, error in figures.items() if error is not None]
        count = sum(len(found) for name, found in records[record].items() if figures[name] is not None)
        if said:
            yield f"  {record}: {{{', '.join(said)}, rows: {count}}}"


def training_line(rows):
    strict = [row for row in rows if row["completeness"] == "strict"]
    error = median_error([{"predicted": row["predicted_s"], "measured": row["measured_s"]} for row in strict])
    return f"training: {{step_time: {100 * error:.1f} %, rows: {len(strict)}}}"


def main():
    serving, training = read(sys.argv[1]), read(sys.argv[2])
    print("# Made by tools/expected_errors.py of the rows of `stargate validate`; medians of |predicted / measured - 1|.")
    print("serving:")
    print("\n".join(serving_lines(serving)))
    print(training_line(training))


if __name__ == "__main__":
    main()
