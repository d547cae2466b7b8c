# docs/reference/records.md is what the program prints of its own field tables: a table that changed without it is a fault.
#   check_reference.py --stargate PATH [--write]
import argparse
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "reference", "records.md")
KINDS = ["study", "service-study", "architecture", "accelerator", "system", "cpu", "memory", "network", "site", "route", "supplier", "rental", "owner", "reliability", "engine"]
HEAD = """# Records and studies, field by field

Made from the program's own tables by `stargate catalogue fields KIND`; do not edit. `--schema` prints the same as JSON
Schema. A quantity is text with its unit; a bare number where one is due is an error, and so is an unknown key.

"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stargate", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    page = HEAD
    for kind in KINDS:
        page += f"## {kind}\n\n"
        page += subprocess.run([arguments.stargate, "catalogue", "fields", kind], capture_output=True, text=True, check=True).stdout
    page = page.rstrip("\n") + "\n"
    if arguments.write:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page)
        return
    with open(PAGE, encoding="utf-8") as file:
        if file.read() != page:
            sys.exit("docs/reference/records.md is stale: python3 tests/house/check_reference.py --stargate build/check/stargate --write")


main()
