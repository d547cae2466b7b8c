# No source file longer than 600 lines; a warning above 400. A file that fits a few screens can be read whole, and the
# limit makes a growing module split where its author still remembers why. Functions are clang-tidy's to judge (60 lines).
import sys

from repository import read_lines, report, repository_files

LOOK_HARD, LIMIT = 400, 600
SOURCES = (".cpp", ".hpp", ".h", ".py", ".ts", ".tsx", ".css", ".html", ".sh", ".cmake", "CMakeLists.txt")


def check_size(root):
    faults = []
    paths = [p for p in repository_files(root) if p.endswith(SOURCES) or p.startswith(("bin/", ".ci/"))]
    for path in paths:
        length = len(read_lines(root, path) or [])
        if length > LIMIT:
            faults.append(f"{path}:{length}: {length} lines, over the limit of {LIMIT}: split it")
        elif length > LOOK_HARD:
            print(f"warning: {path} has {length} lines, over {LOOK_HARD}")
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_size(sys.argv[1]))
