# No two types of one name in one namespace. Two headers that never meet in a file compile, and the linker then takes one
# of the two destructors for both: a crash far away from its cause. Types of a .cpp belong into an anonymous namespace.
import re
import sys

from repository import read_lines, report, repository_files


def check_names(root):
    faults, known = [], {}
    paths = [p for p in repository_files(root) if p.startswith("stargate/") and p.endswith(".hpp")]
    for path in paths:
        for number, line in enumerate(read_lines(root, path) or [], 1):
            match = re.match(r"(?:struct|class|enum class|enum)(?: \[\[nodiscard\]\])? ([A-Z]\w*)(?: final)?(?: :.*)? \{", line)
            if not match:
                continue
            first = known.setdefault(match[1], f"{path}:{number}")
            if first != f"{path}:{number}":
                faults.append(f"{path}:{number}: {match[1]} is also a type of {first}")
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_names(sys.argv[1]))
