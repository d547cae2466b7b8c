# Pages that a file names exist: links of Markdown pages, relative to the page, and "docs/..." in any text or comment,
# relative to the root. A reader sent to a page that is not there has nowhere to go.
import os
import re
import sys

from repository import read_lines, report, repository_files

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PAGE = re.compile(r"(?<![\w./:{}-])docs/[\w./-]*[\w/]")  # not part of an address or of a path built in code
SELF = {"tests/house/house_test.py"}


def dead_links(root, path, line):
    if path.endswith(".md"):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:"):
                yield target, os.path.join(root, os.path.dirname(path), target)
    for target in PAGE.findall(line):
        yield target, os.path.join(root, target)


def check_links(root):
    faults, paths = [], [path for path in repository_files(root) if path not in SELF]
    for path in paths:
        for number, line in enumerate(read_lines(root, path) or [], 1):
            names = {name for name, file in dead_links(root, path, line) if not os.path.exists(file)}
            faults += [f"{path}:{number}: names {name}, which does not exist" for name in sorted(names)]
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_links(sys.argv[1]))
