#!/usr/bin/env python3
"""Takes README's picture: the page of the programme's plan, as a headless Chromium shows it.

    tools/picture_report.py build/check/stargate             plans, takes the picture, notes the plan's headline in it
    tools/picture_report.py build/check/stargate --check     exit 1 when a number of that headline is off by over 5 %
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "report.png"
WIDTH, HEIGHT, LOOSE = 1360, 1560, 0.05
KEY = b"plan\0"  # of the PNG's text chunk


def chunks(png):
    at = 8
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        yield at, png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def with_note(png, note):
    body = b"tEXt" + KEY + note.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = next(at for at, kind, _ in chunks(png) if kind == b"IEND")
    return png[:end] + chunk + png[end:]


def note_of(png):
    return next((data[len(KEY):].decode() for _, kind, data in chunks(png) if kind == b"tEXt" and data.startswith(KEY)), "")


def plan(binary, *arguments):
    """The headline of the plan: the quarters, what is energised, installed and spent."""
    run = subprocess.run([binary, "plan", "studies/stargate.yaml", *arguments], cwd=ROOT, capture_output=True, text=True,
                         check=True, env={**os.environ, "STARGATE_HOME": str(ROOT)})
    return " ".join(line.strip() for line in run.stdout.splitlines()[:2])


def differs(old, new):
    numbers = [[float(x) for x in re.findall(r"\d+(?:\.\d+)?", text)] for text in (old, new)]
    return len(numbers[0]) != len(numbers[1]) or any(abs(a - b) > LOOSE * abs(b) for a, b in zip(*numbers))


def take(binary, folder):
    page, shot = pathlib.Path(folder, "report.html"), pathlib.Path(folder, "report.png")
    note = plan(binary, "--html", str(page))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("there is no Chromium here")
    subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                    f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}", "--virtual-time-budget=10000",
                    f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True, timeout=150)
    PICTURE.write_bytes(with_note(shot.read_bytes(), note))
    print(f"{PICTURE.relative_to(ROOT)}: {note}")


def main():
    binaries = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(binaries) != 1:
        sys.exit(__doc__)
    binary = os.path.abspath(binaries[0])
    if "--check" in sys.argv:
        old, new = note_of(PICTURE.read_bytes()), plan(binary)
        if differs(old, new):
            sys.exit(f"the picture shows '{old}', the plan is '{new}': tools/picture_report.py takes it anew")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        take(binary, folder)


main()
