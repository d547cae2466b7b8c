# The house checks find what they are there to find: each is run on a small repository with one fault of every kind.
import os
import tempfile

from check_comments import check_comments
from check_layers import check_layers
from check_links import check_links
from check_quiet import check_quiet
from check_size import check_size
from check_text import check_text


def faults_of(check, files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)[0]


def expect(found, wanted):
    assert found == wanted, "\n".join(["found:", *found, "wanted:", *wanted])


LAYERS = "# comment\nlow:\nhigh: low\n"
GOOD = {
    "layers.txt": LAYERS,
    "stargate/low/a.hpp": "// A.\n#include <vector>\n#include <fmt/format.h>\n",
    "stargate/high/b.cpp": '// B.\n#include "stargate/low/a.hpp"\n',
    "stargate/high/b_test.cpp": '// B.\n#include <doctest/doctest.h>\n#include "stargate/low/a.hpp"\n',
}
expect(faults_of(check_layers, GOOD), [])
expect(
    faults_of(
        check_layers,
        {
            **GOOD,
            "layers.txt": "low: high\nhigh: low\nHigh low\n",
            "stargate/low/c.cpp": '#include "stargate/high/b.hpp"\n#include "stargate/high/b.cpp"\n#include "b.hpp"\n',
            "stargate/low/d.cpp": "#include <nlohmann/json.hpp>\n#include <doctest/doctest.h>\n#include <foo/bar.h>\n",
            "stargate/other/e.cpp": "",
            "stargate/low/deep/f.cpp": "",
        },
    ),
    [
        "layers.txt:1: 'low' names 'high', which no line above makes",
        "layers.txt:3: is not 'module: modules it may include'",
        "stargate/low/c.cpp:1: there is no stargate/high/b.hpp",
        'stargate/low/c.cpp:3: "b.hpp": include paths start at stargate/',
        "stargate/low/d.cpp:1: <nlohmann/json.hpp> is not for this file: YAML, TOML and JSON stay in config",
        "stargate/low/d.cpp:2: <doctest/doctest.h> is not for this file: doctest is for *_test.cpp",
        "stargate/low/d.cpp:3: <foo/bar.h> belongs to no module yet: name its one module in tests/house/check_layers.py",
        "stargate/low/deep/f.cpp:1: a module is flat: stargate/<module>/<file>",
        "stargate/other/e.cpp:1: layers.txt has no module 'other'",
    ],
)
expect(
    faults_of(check_layers, {**GOOD, "stargate/low/c.cpp": '#include "stargate/high/b.cpp"\n'}),
    ["stargate/low/c.cpp:1: 'low' may not include 'high' (layers.txt)"],
)

LOUD = '// fmt::print is told by name only\nvoid f() { fmt::print("x"); }\nvoid g() { std::exit(1); }\n'
expect(
    faults_of(check_quiet, {"stargate/low/a.cpp": LOUD, "stargate/app/b.cpp": LOUD, "stargate/low/a_test.cpp": LOUD}),
    [
        "stargate/low/a.cpp:2: 'fmt::print' below app: return it as part of the answer",
        "stargate/low/a.cpp:3: 'std::exit(' below app: return it as part of the answer",
    ],
)

expect(faults_of(check_size, {"a.cpp": "//\n" * 600, "b.md": "x\n" * 900}), [])
expect(faults_of(check_size, {"a.py": "#\n" * 601}), ["a.py:601: 601 lines, over the limit of 600: split it"])

expect(
    faults_of(
        check_text,
        {
            ".ci/run": "cd ../shared/x\n",
            "a.md": "see /work/x\nand ../shared/y\nand framework/x, http://127.0.0.1:8080/\n",
            "b.cpp": "int x;\n",
            "c.py": "#!/usr/bin/env python3\n# What it holds.\n",
            "package-lock.json": '"https://registry.npmjs.org/a"\n"https://npm-mirror.example.com/a"\n"http://10.0.0.1/a"\n',
        },
    ),
    [
        "a.md:1: names a path of one machine",
        "a.md:2: names a folder outside the repository",
        "b.cpp:1: does not open with a comment that says what it holds",
        "package-lock.json:2: names a package registry",
        "package-lock.json:3: names a machine by its address",
    ],
)
expect(
    faults_of(
        check_links,
        {
            "docs/a.md": "see [b](b.md#part), [c](../c.md) and [web](https://example.com/docs/no.md)\n",
            "docs/b.md": "docs/a.md, docs/gone.md and docs/.\n",
            "d.cpp": "// docs/a.md says why; docs/reference/d.md too.\n",
        },
    ),
    [
        "d.cpp:1: names docs/reference/d.md, which does not exist",
        "docs/a.md:1: names ../c.md, which does not exist",
        "docs/b.md:1: names docs/gone.md, which does not exist",
    ],
)
LONG = "a row of a table, " * 6 + "end"
expect(
    faults_of(
        check_comments,
        {
            "a.hpp": f"// {LONG}\n// broken\n//   word   is a row\n",
            "b.hpp": f"//   {LONG}\n//     by hand\n//   word   is a row\n// {LONG}\n// ends.\n// New.\n",
            "c.cpp": "// " + "x" * 118 + "\n",
        },
    ),
    ["a.hpp:2: a comment that a formatter broke: lay it out by hand", "c.cpp:1: a comment of 121 columns, over 120"],
)
print("the house checks find what they should")
