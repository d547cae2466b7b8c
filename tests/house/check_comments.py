# Comments of the C++ sources stay as their authors laid them out. A formatter that joins or breaks lines turns a table
# into nonsense; what it leaves behind is a word or two alone on a line, after a full line and before one that goes on.
# (.clang-format says ReflowComments: false; this finds what slips past.) Lines wider than 120 columns are faults too.
# The last line says what share of the product's lines are comments, whole-line ones and those behind code.
import re
import sys

from repository import read_lines, report, repository_files

WIDTH, FULL = 120, 100
BEHIND_CODE = re.compile(r"[;,{})]\s*//")
COMMENT = re.compile(r"\s*//[/!]?<?(?:\s+(.*))?$")


def comment_of(line):
    match = COMMENT.match(line)
    return (match.group(1) or "").strip() if match else None


def is_left_behind(before, line, after):
    """Whether `line` is what a formatter cut from the end of `before`; what is indented deeper was cut by hand."""
    text, full, goes_on = comment_of(line), comment_of(before), comment_of(after)
    if not text or not full or not goes_on or text[-1] in ".:;" or line.index(text) > before.index(full):
        return False
    words = text.split()
    return len(words) <= 2 and len(before) >= FULL and len(before) + 1 + len(words[0]) > WIDTH - 4


def check_comments(root):
    faults, share = [], {"lines": 0, "whole": 0, "behind": 0}
    paths = [path for path in repository_files(root) if path.endswith((".cpp", ".hpp"))]
    for path in paths:
        lines = read_lines(root, path) or []
        for number, line in enumerate(lines, 1):
            if len(line) > WIDTH and comment_of(line) is not None:
                faults.append(f"{path}:{number}: a comment of {len(line)} columns, over {WIDTH}")
            if 1 < number < len(lines) and is_left_behind(lines[number - 2], line, lines[number]):
                faults.append(f"{path}:{number}: a comment that a formatter broke: lay it out by hand")
        if path.startswith("stargate/") and not path.endswith("_test.cpp"):
            share["lines"] += len(lines)
            share["whole"] += sum(comment_of(line) is not None for line in lines)
            share["behind"] += sum(comment_of(line) is None and bool(BEHIND_CODE.search(line)) for line in lines)
    return faults, len(paths), share


if __name__ == "__main__":
    found, checked, share = check_comments(sys.argv[1])
    whole, behind = (100 * share[kind] / max(share["lines"], 1) for kind in ("whole", "behind"))
    print(f"comments: {whole:.1f} % of {share['lines']} lines, and behind code on {behind:.1f} %")
    report(found, checked)
