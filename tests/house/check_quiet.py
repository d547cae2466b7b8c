# Nothing below app prints or exits: an answer is a value, and whoever asked says where it goes. Progress is a callback.
import re
import sys

from repository import read_lines, report, repository_files

LOUD = re.compile(r"\bfmt::print\b|std::(cout|cerr|clog)\b|\b(std::)?(printf|puts|fputs|putchar|exit|_Exit|quick_exit)\(|\bfprintf\(")
# the one place that may end the program with a message: a broken invariant
ALLOWED = {"stargate/base/check.hpp"}


def check_quiet(root):
    faults, paths = [], []
    for path in repository_files(root):
        below_app = path.startswith("stargate/") and not path.startswith("stargate/app/")
        if not below_app or not path.endswith((".cpp", ".hpp")) or path.endswith("_test.cpp") or path in ALLOWED:
            continue
        paths.append(path)
        for number, line in enumerate(read_lines(root, path) or [], 1):
            found = LOUD.search(line.split("//")[0])
            if found:
                faults.append(f"{path}:{number}: '{found[0]}' below app: return it as part of the answer")
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_quiet(sys.argv[1]))
