#!/usr/bin/env python3
"""A second opinion on a linear programme: reads free-format MPS with a parser of its own and solves it with HiGHS (the
solver in SciPy). Prints one line a file: `objective <value>`, `infeasible` or `unbounded`.

    judge_lp.py programme.mps ...

The right-hand side of the objective row is minus the objective's offset, as CPLEX, Clp and HiGHS read it.
"""
import math
import sys
from dataclasses import dataclass, field

SKIP = 77
try:
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import csc_matrix
except ImportError as missing:
    print(f"skipped: {missing} (Debian package python3-scipy)")
    sys.exit(SKIP)


@dataclass
class Programme:
    """min offset + cost x, row_lower <= A x <= row_upper, lower <= x <= upper."""
    columns: dict = field(default_factory=dict)  # name -> number
    rows: dict = field(default_factory=dict)
    cost: list = field(default_factory=list)
    lower: list = field(default_factory=list)
    upper: list = field(default_factory=list)
    row_lower: list = field(default_factory=list)
    row_upper: list = field(default_factory=list)
    entries: list = field(default_factory=list)  # (row, column, value)
    offset: float = 0

    def matrix(self):
        rows, columns, values = zip(*self.entries) if self.entries else ((), (), ())
        return csc_matrix((np.array(values, float), (np.array(rows, int), np.array(columns, int))),
                          shape=(len(self.rows), len(self.columns)))


class MpsParser:
    def __init__(self):
        self.lp = Programme()
        self.types, self.right, self.ranges = [], {}, {}
        self.objective, self.unused = None, set()

    def parse(self, text):
        section = None
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("*"):
                continue
            words = line.split()
            try:
                if line[0] not in " \t":
                    section = words[0]
                    if section not in ("NAME", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA"):
                        raise ValueError(f"section {section}")
                else:
                    getattr(self, "read_" + section.lower())(words)
            except (ValueError, KeyError, IndexError, AttributeError) as fault:
                raise SystemExit(f"line {number} of the MPS text is not understood: {fault!r}")
        self.close_rows()
        return self.lp

    def read_rows(self, words):
        kind, name = words
        if kind == "N":
            if self.objective is None:
                self.objective = name
            else:
                self.unused.add(name)
            return
        if name in self.lp.rows or kind not in "ELG":
            raise ValueError(f"row {kind} {name}")
        self.lp.rows[name] = len(self.lp.rows)
        self.types.append(kind)

    def pairs(self, words):
        """(row, value) of the words after the set's or column's name."""
        for name, value in zip(words[0::2], words[1::2], strict=True):
            yield name, float(value)

    def read_columns(self, words):
        lp = self.lp
        if words[0] not in lp.columns:
            lp.columns[words[0]] = len(lp.columns)
            lp.cost.append(0.0)
            lp.lower.append(0.0)
            lp.upper.append(math.inf)
        column = lp.columns[words[0]]
        for name, value in self.pairs(words[1:]):
            if name == self.objective:
                lp.cost[column] += value
            elif name not in self.unused:
                lp.entries.append((lp.rows[name], column, value))

    def read_rhs(self, words):
        for name, value in self.pairs(words[len(words) % 2:]):
            if name == self.objective:
                self.lp.offset = -value
            elif name not in self.unused:
                self.right[self.lp.rows[name]] = value

    def read_ranges(self, words):
        for name, value in self.pairs(words[len(words) % 2:]):
            self.ranges[self.lp.rows[name]] = value

    def read_bounds(self, words):
        kind, lp = words[0], self.lp
        has_value = kind in ("LO", "UP", "FX")
        column = lp.columns[words[-2] if has_value else words[-1]]
        value = float(words[-1]) if has_value else None
        if kind in ("LO", "FX"):
            lp.lower[column] = value
        if kind in ("UP", "FX"):
            lp.upper[column] = value
        if kind in ("MI", "FR"):
            lp.lower[column] = -math.inf
        if kind in ("PL", "FR"):
            lp.upper[column] = math.inf
        if not has_value and kind not in ("MI", "PL", "FR"):
            raise ValueError(f"bound {kind}")

    def close_rows(self):
        for row, kind in enumerate(self.types):
            side, width = self.right.get(row, 0.0), self.ranges.get(row)
            lower = side if kind in "EG" else -math.inf
            upper = side if kind in "EL" else math.inf
            if width is not None:
                if kind == "G" or (kind == "E" and width > 0):
                    upper = side + abs(width)
                else:
                    lower = side - abs(width)
            self.lp.row_lower.append(lower)
            self.lp.row_upper.append(upper)


def parse_mps(text):
    return MpsParser().parse(text)


def solve(lp):
    """('objective', value), ('infeasible', None), ('unbounded', None) or ('failed', why)."""
    if not lp.columns:
        kept = all(low <= 0 <= high for low, high in zip(lp.row_lower, lp.row_upper))
        return ("objective", lp.offset) if kept else ("infeasible", None)
    lower, upper = np.array(lp.row_lower), np.array(lp.row_upper)
    matrix = lp.matrix().tocsr()
    equal = lower == upper
    above, below = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
    less = {}
    if above.any() or below.any():
        from scipy.sparse import vstack
        less = {"A_ub": vstack([matrix[above], -matrix[below]]), "b_ub": np.concatenate([upper[above], -lower[below]])}
    if equal.any():
        less |= {"A_eq": matrix[equal], "b_eq": lower[equal]}
    bounds = list(zip(lp.lower, lp.upper))
    for presolve in (True, False):  # HiGHS may say "infeasible or unbounded" (status 4) after its presolve
        result = linprog(lp.cost, bounds=bounds, method="highs", options={"presolve": presolve}, **less)
        if result.status == 0:
            return "objective", result.fun + lp.offset
        if result.status in (2, 3):
            return ("infeasible" if result.status == 2 else "unbounded"), None
    return "failed", result.message


def format_verdict(verdict):
    kind, value = verdict
    return kind if value is None else f"{kind} {value!r}" if kind == "objective" else f"{kind}: {value}"


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            print(format_verdict(solve(parse_mps(file.read()))))


if __name__ == "__main__":
    main()
