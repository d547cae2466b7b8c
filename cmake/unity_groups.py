#!/usr/bin/env python3
"""Which sources may be compiled as one file: prints `SOURCE GROUP` for each that shares one.

    unity_groups.py ROOT SIZE SOURCES...

One file of eight sources reads their headers once and costs a third of eight files. It must not hold two meanings of one
name: what one source defines for itself (in its anonymous namespace, or static), another or a header it includes may
define too. Sources are put together while that does not happen; one that fits nowhere stays alone.
"""
import functools
import os
import re
import sys

TYPE = re.compile(r"^\s*(?:struct|class|enum class|enum|using)\s+(\w+)\s*(?:[:={]|final\b|$)")
CONSTANT = re.compile(r"^(?:inline )?constexpr .*?\b(\w+)(?:\[[^\]]*\])? ?[={]")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
root, size = os.path.abspath(sys.argv[1]), int(sys.argv[2])


@functools.lru_cache(None)
def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@functools.lru_cache(None)
def headers_of(path):
    """All headers of ours that a file includes, and what those include."""
    found, open_ = set(), [path]
    while open_:
        for name in INCLUDE.findall(text_of(open_.pop())):
            header = os.path.join(root, name)
            if header not in found and os.path.exists(header):
                found.add(header)
                open_.append(header)
    return frozenset(found)


@functools.lru_cache(None)
def types_of(header):
    """Types and constants a header defines for everybody: a line of column 0."""
    lines = [line for line in text_of(header).split("\n") if not line.startswith(" ")]
    return frozenset(m[1] for line in lines for m in (TYPE.match(line), CONSTANT.match(line)) if m)


def own_names(path):
    """Names that a source defines for itself at the outermost level, macros and directives among them."""
    names, inside = set(), False
    for line in text_of(path).split("\n"):
        if line.startswith("namespace {"):
            inside = True
        elif line.startswith("}  // namespace"):
            inside = False
        elif line.startswith(("#define ", "using namespace")):
            names.add(line)
        elif line and line[0] not in " #/}" and (inside or line.startswith(("static", "using"))):
            names.update(m[1] for m in [TYPE.match(re.sub(r"^template <[^>]*> ?", "", line))] if m)
            names.update(re.findall(r"\b(\w+)\(", line)[:1] + re.findall(r"\b(\w+)(?:\[[^\]]*\])?\s*[={]", line)[:1])
            names.update(re.findall(r"\bk[A-Z]\w+", line)[:1])
    return names


class Group:
    def __init__(self):
        self.sources, self.own, self.defined = [], set(), {}

    def takes(self, path):
        own = own_names(path)
        if len(self.sources) >= size or own & self.own:
            return False
        defined = dict(self.defined)
        for header in headers_of(path):
            for name in types_of(header):
                if defined.setdefault(name, header) != header:
                    return False
        if (own | self.own) & set(defined):
            return False
        self.sources.append(path)
        self.own |= own
        self.defined = defined
        return True


groups = []
for source in map(os.path.abspath, sys.argv[3:]):
    if not any(group.takes(source) for group in groups):
        groups.append(Group())
        if not groups[-1].takes(source):  # its own names are a header's too
            groups.pop()
for number, group in enumerate(groups):
    for source in group.sources if len(group.sources) > 1 else ():
        print(source, number)
