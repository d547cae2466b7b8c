#!/usr/bin/env python3
"""Turns what a table of measured runs says in prose into columns.

    tools/measured_columns.py --list
    tools/measured_columns.py training IN.csv OUT.csv [--without RULE,RULE]
    tools/measured_columns.py serving IN.csv OUT.csv

The rules are the lines of measured_rules.csv: `when` all conditions hold in a row whose `column` is empty, the column
takes `value`; the first rule of a column that holds decides. None asks for a source. A condition is

    column ~ text     the text is in the cell, case aside and blanks aside, beginning where a word begins;
                      {n} stands for a number
    column !~ text    it is not
    column = text     the cell is the text, case aside ("column =": the cell is empty)
    column <= number, column >= number

and `value` may name what stood for {n} as {1}, {2}, a product as {1}*{2}, a cell as {column}, less one
as {column-1}. OUT has every
column of IN, those the rules set, and `rules_applied`. `stargate validate` and `calibrate` read OUT's columns as they
are, and apply the same rules to a table without `rules_applied`; a test holds the two readings together.
"""
import csv
import pathlib
import re
import sys

def read_rules(path=pathlib.Path(__file__).with_name("measured_rules.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def expression(text):
    """The regular expression of a condition's text."""
    out = r"(?<![0-9A-Za-z])" if text[0].isalnum() else r"(?<![0-9.])" if text.startswith("{n}") else ""
    for part in re.split(r"(\{n\}| +)", text):
        if part == "{n}":
            out += r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
        elif part.startswith(" "):
            out += " *"
        else:
            out += re.escape(part)
    return re.compile(out, re.IGNORECASE | re.ASCII)


def number(cell):
    return float(cell) if re.fullmatch(r"-?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?", cell) else None


def holds(condition, row, found):
    """Whether one condition holds; what stood for placeholders is added to `found`."""
    column, sign, text = (condition.split(maxsplit=2) + [""])[:3]
    cell = row.get(column, "")
    if sign == "=":
        return cell.lower() == text.lower()
    if sign in ("<=", ">="):
        value = number(cell)
        return value is not None and (value <= float(text) if sign == "<=" else value >= float(text))
    match = expression(text).search(cell)
    if sign == "!~":
        return match is None
    if match:
        found.extend(match.groups())
    return match is not None


def one_less(cell):
    value = number(cell)
    return "" if value is None else f"{value - 1:.15g}"


def value_of(rule, row, found):
    """The cell a rule writes."""
    value = rule["value"]
    for i, text in enumerate(found, 1):
        value = value.replace("{%d}" % i, text)
    value = re.sub(r"\{(\w+)-1\}", lambda m: one_less(row.get(m[1], "")), value)
    value = re.sub(r"\{(\w+)\}", lambda m: row.get(m[1], ""), value)
    product = re.fullmatch(r"([0-9.]+)\*([0-9.]+)", value)
    return f"{float(product[1]) * float(product[2]):.15g}" if product else value


def convert(rows, rules):
    """Applies the rules to each row in place."""
    for row in rows:
        applied = []
        for rule in rules:
            found = []
            if row.get(rule["column"]):
                continue
            if all(holds(c.strip(), row, found) for c in rule["when"].split(" & ")):
                row[rule["column"]] = value_of(rule, row, found)
                if rule["rule"] not in applied:
                    applied.append(rule["rule"])
        row["rules_applied"] = " ".join(applied)


def list_rules(rules):
    last = None
    for rule in rules:
        if rule["rule"] != last:
            print(f"\n{rule['rule']} ({rule['table']})")
        last = rule["rule"]
        print(f"    {rule['when']:<55} {rule['column']} = {rule['value']}" + (f"   # {rule['why']}" if rule["why"] else ""))


def main(arguments):
    rules = read_rules()
    if arguments == ["--list"]:
        return list_rules(rules)
    without = []
    if "--without" in arguments:
        at = arguments.index("--without")
        without = arguments[at + 1].split(",")
        del arguments[at:at + 2]
    unknown = set(without) - {rule["rule"] for rule in rules}
    if unknown:
        sys.exit(f"no such rule: {', '.join(sorted(unknown))}")
    if len(arguments) != 3 or arguments[0] not in ("training", "serving"):
        sys.exit(__doc__)
    table, source, target = arguments
    rules = [rule for rule in rules if rule["table"] == table and rule["rule"] not in without]
    with open(source, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows, header = [], list(reader.fieldnames or [])
        for row in reader:
            if None in row or None in row.values():
                sys.exit(f"{source}:{reader.line_num}: has not as many cells as the header")
            rows.append(row)
    if "rules_applied" in header:
        sys.exit(f"{source} is converted already: it has a column rules_applied")
    convert(rows, rules)
    header += [c for c in dict.fromkeys([rule["column"] for rule in rules] + ["rules_applied"]) if c not in header]
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for name in dict.fromkeys(rule["rule"] for rule in rules):
        print(f"{name:<24}{sum(name in row['rules_applied'].split() for row in rows):6} rows")


if __name__ == "__main__":
    main(sys.argv[1:])
