# The files people wrote in this repository, and how a check reports: one "file:line: fault" a line, exit status 1.
# The folders are walked (not asked of git), so that the checks also work in an unpacked archive.
import os
import sys

NOT_OURS = {".git", "build", "out", "node_modules", "__pycache__", "dist", ".venv"}


def repository_files(root):
    """Paths relative to the root, with '/', sorted."""
    paths = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        paths += [os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/") for name in names
                  if name not in NOT_OURS]  # .git is a file in a worktree
    return sorted(paths)


def read_lines(root, path):
    """The lines of a text file, or None when it is binary."""
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read().splitlines()
    except UnicodeDecodeError:
        return None


def report(faults, checked):
    for fault in faults:
        print(fault)
    print(f"{checked} files checked, {len(faults)} faults")
    sys.exit(1 if faults else 0)
