# What no file may say: where one machine keeps things (it would be false on every other), and hosts that packages came
# from (a lock file written behind a mirror breaks for everybody else). And what each source must say: it opens with a
# comment on what it holds.
import re
import sys

from repository import read_lines, report, repository_files

FORBIDDEN = [
    (r"(?<![\w.~}])/(?:work|root|mnt|opt)/\w", "names a path of one machine"),
    (r"(?<![\w.~}])/home/\w", "names somebody's home"),
    (r"\.\./shared\b", "names a folder outside the repository"),
    (r"https?://(?!registry\.npmjs\.org/)[\w.-]*(?:registry|mirror|artifactory|nexus|proxy)[\w.-]*[:/]",
     "names a package registry"),
    (r"https?://(?:\d{1,3}\.){3}\d{1,3}(?<!127\.0\.0\.1)", "names a machine by its address"),
]
EXCEPT = {  # file -> what of the above it may say
    ".ci/run": "names a folder outside the repository",  # CI's own arrangement: measured data lie beside the clone
}
SELF = {"tests/house/check_text.py", "tests/house/house_test.py"}
OPENINGS = {
    (".cpp", ".hpp", ".h", ".ts", ".tsx"): ("//", "/*"),
    (".py", ".sh", ".cmake", "CMakeLists.txt"): ("#", '"""'),
}


def opening_fault(path, lines):
    for suffixes, openings in OPENINGS.items():
        if not path.endswith(suffixes):
            continue
        body = lines[1:] if lines and lines[0].startswith("#!") else lines
        if not body or not body[0].startswith(openings) or not re.search(r"\w\w", body[0]):
            return f"{path}:1: does not open with a comment that says what it holds"
    return None


def check_text(root):
    faults, paths = [], repository_files(root)
    for path in paths:
        lines = read_lines(root, path)
        if lines is None or path in SELF:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, fault in FORBIDDEN:
                if re.search(pattern, line) and EXCEPT.get(path) != fault:
                    faults.append(f"{path}:{number}: {fault}")
        if fault := opening_fault(path, lines):
            faults.append(fault)
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_text(sys.argv[1]))
