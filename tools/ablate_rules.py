#!/usr/bin/env python3
"""What each rule that turns prose into columns is worth: the error on the rows it touches, with it and without.

    tools/ablate_rules.py STARGATE training TABLE.csv [--rules A,B] [--refit]

Twice: under the coefficients of the catalogue, and (--refit) with the rows' whole source left out of a fit to all the
other sources, made under the same rules; that second figure is what a reader with rows of his own may expect. A rule
whose second figure does not fall is of no use to rows the fit has not seen, and should go.
Serving tables are judged under the catalogue's coefficients only; rows of trust B and C and those that state less were
never fitted. Errors are of the step time or of the row's metric, as mean and median of |predicted / measured - 1|.
"""
import argparse
import csv
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import measured_columns as columns  # noqa: E402


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


class Table:
    """One table, converted under some of the rules."""

    def __init__(self, stargate, kind, path, folder):
        self.stargate, self.kind, self.folder = stargate, kind, folder
        with open(path, newline="", encoding="utf-8") as file:
            self.raw = list(csv.DictReader(file))
        self.rules = [rule for rule in columns.read_rules() if rule["table"] == kind]
        self.source = "source_key" if kind == "training" else "source_group"
        self.fits = {}

    def converted(self, without):
        rows = [dict(row) for row in self.raw]
        columns.convert(rows, [rule for rule in self.rules if rule["rule"] != without])
        return rows

    def written(self, rows):
        path = f"{self.folder}/table.csv"
        header = list(dict.fromkeys([*rows[0], *[rule["column"] for rule in self.rules], "rules_applied"]))
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def errors(self, rows, changes=()):
        """By row id."""
        out = f"{self.folder}/rows.csv"
        sets = [argument for change in changes for argument in ("--set", change)]
        run(self.stargate, "validate", f"--{self.kind}", self.written(rows), "--rows", out, *sets)
        with open(out, newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        predicted = "predicted_s" if "predicted_s" in lines[0] else "predicted"
        measured = predicted.replace("predicted", "measured")
        return {row["id"]: abs(float(row[predicted]) / float(row[measured]) - 1) for row in lines}

    def fitted_without(self, rows, source, without):
        """Coefficients fitted to all sources but one, as changes; kept for rules that touch none of the others."""
        others = [row for row in rows if row[self.source] != source]
        key = (source, without if any(without in row["was"].split() for row in others) else None)
        if key not in self.fits:
            text = run(self.stargate, "calibrate", "--training", self.written(others))
            found = re.findall(r"^([a-z_0-9]+) +[-+.e0-9]+ +([-+.e0-9]+) +[-+.e0-9]+ +[-+.e0-9]+ *$", text, re.M)
            units = {"host_operator": " s", "host_experts": " s", "expert_stall": " s"}
            self.fits[key] = [f"training:coefficients.{name}={value}{units.get(name, '')}" for name, value in found]
        return self.fits[key]


def summary(errors):
    return f"{100 * statistics.fmean(errors):6.1f} {100 * statistics.median(errors):6.1f}" if errors else "     -      -"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("stargate")
    parser.add_argument("kind", choices=("training", "serving"))
    parser.add_argument("table")
    parser.add_argument("--rules", default="")
    parser.add_argument("--refit", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Table(options.stargate, options.kind, options.table, folder)
        every = table.converted(None)
        applied = {row["id"]: row["rules_applied"].split() for row in every}
        for row in every:
            row["was"] = row["rules_applied"]
        with_all = table.errors(every)
        print(f"{'':24}{'':6}  as in the catalogue         source left out of the fit\n"
              f"{'rule':24}{'rows':>6}  {'with':>13}  {'without':>13}  {'with':>13}  {'without':>13}   mean, median in %")
        names = options.rules.split(",") if options.rules else list(dict.fromkeys(r["rule"] for r in table.rules))
        for name in names:
            rows = table.converted(name)
            for row in rows:
                row["was"] = " ".join(applied[row["id"]])
            touched = [row for row in rows if name in applied[row["id"]] and row["id"] in with_all]
            ids = [row["id"] for row in touched]
            bare = table.errors(rows)
            line = f"{name:24}{len(ids):6}  {summary([with_all[i] for i in ids])}  {summary([bare[i] for i in ids if i in bare])}"
            if options.refit and options.kind == "training" and ids:
                unseen = {"with": {}, "without": {}}
                for source in sorted({row[table.source] for row in touched}):
                    for side, side_rows, rule in (("with", every, None), ("without", rows, name)):
                        changes = table.fitted_without(side_rows, source, rule)
                        own = [row for row in side_rows if row[table.source] == source]
                        unseen[side].update(table.errors(own, changes))
                line += "".join("  " + summary([unseen[side][i] for i in ids if i in unseen[side]]) for side in unseen)
            print(line, flush=True)


if __name__ == "__main__":
    main()
