# Holds every #include of stargate/ against layers.txt: a module sees only what its line names, and a third-party header
# only the module that adapts it. The linker cannot see this (headers need no library) and a cycle starts with one include.
import os
import re
import sys

from repository import read_lines, report, repository_files

# Header pattern -> (modules that may include it, or None for all; only in files that match; what to say).
THIRD_PARTY = [
    (r"yaml\.h|toml\+\+|nlohmann/", {"config"}, r"", "YAML, TOML and JSON stay in config"),
    (r"CLI/|httplib\.h", {"app"}, r"", "command line and HTTP stay in app"),
    (r"Clp|Cbc|Coin|Osi|coin/", {"lp"}, r"\.cpp$", "the solver stays in the .cpp files of lp"),
    (r"protozero/", {"base"}, r"\.cpp$", "protobuf stays in one .cpp file of base"),
    (r"boost/|sqlite3\.h", {"server"}, r"\.cpp$", "sockets and the history's database stay in the .cpp files of server"),
    (r"Eigen/|zlib\.h", {"calibration"}, r"\.cpp$", "linear algebra and gzip stay in the .cpp files of calibration"),
    (r"fmt/", None, r"", ""),
    (r"doctest/", None, r"_test\.cpp$", "doctest is for *_test.cpp"),
    (r"(sys|netinet|arpa)/|(unistd|fcntl|poll|netdb|signal|termios|dirent)\.h", {"app", "base"}, r"",
     "the operating system is for app and base"),
]
ABOVE_UNITS_ONLY = r"fmt/"


def read_layers(lines):
    """({module: modules it may include}, faults)."""
    layers, faults = {}, []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z]+):((?: [a-z]+)*)", line.rstrip())
        if not match:
            faults.append(f"layers.txt:{number}: is not 'module: modules it may include'")
            continue
        module, below = match[1], match[2].split()
        if module in layers:
            faults.append(f"layers.txt:{number}: '{module}' has a line already")
        for name in below:
            if name not in layers:
                faults.append(f"layers.txt:{number}: '{module}' names '{name}', which no line above makes")
        layers[module] = set(below)
    return layers, faults


def own_include_fault(module, header, layers, root):
    parts = header.split("/")
    if not os.path.exists(os.path.join(root, header)):
        return f"there is no {header}"
    if len(parts) != 3 or parts[1] not in layers:
        return f"{header} is in no module of layers.txt"
    if parts[1] != module and parts[1] not in layers[module]:
        return f"'{module}' may not include '{parts[1]}' (layers.txt)"
    return None


def foreign_include_fault(module, path, header):
    for pattern, modules, files, rule in THIRD_PARTY:
        if not re.match(pattern, header):
            continue
        if (modules is not None and module not in modules) or not re.search(files, path):
            return f"<{header}> is not for this file: {rule}"
        if re.match(ABOVE_UNITS_ONLY, header) and module == "units":
            return f"<{header}> is not for this file: units needs nothing but the standard library"
        return None
    if "/" in header or "." in header:
        return f"<{header}> belongs to no module yet: name its one module in tests/house/check_layers.py"
    return None


def check_file(root, path, layers):
    module = path.split("/")[1]
    if path.count("/") != 2:
        return [f"{path}:1: a module is flat: stargate/<module>/<file>"]
    if module not in layers:
        return [f"{path}:1: layers.txt has no module '{module}'"]
    faults = []
    for number, line in enumerate(read_lines(root, path) or [], 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        if match[1] == "<":
            fault = foreign_include_fault(module, path, match[2])
        elif match[2].startswith("tests/") and path.endswith("_test.cpp"):
            fault = None  # what tests of several modules share
        elif not match[2].startswith("stargate/"):
            fault = f'"{match[2]}": include paths start at stargate/'
        else:
            fault = own_include_fault(module, match[2], layers, root)
        if fault:
            faults.append(f"{path}:{number}: {fault}")
    return faults


def check_layers(root):
    layers, faults = read_layers(read_lines(root, "layers.txt"))
    paths = [p for p in repository_files(root) if p.startswith("stargate/") and p.endswith((".cpp", ".hpp", ".h"))]
    for path in paths:
        faults += check_file(root, path, layers)
    return faults, len(paths)


if __name__ == "__main__":
    report(*check_layers(sys.argv[1]))
