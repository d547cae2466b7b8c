#!/usr/bin/env python3
"""The report page as its readers get it: its sections are what the commands print, it is drawn without a fault from 320
to 1440 px, every text has the contrast of WCAG AA (4.5 : 1, 3 : 1 when large), light and dark, and every button is at
least 24 px high. The page is drawn where there is a Chromium.

    report_page_test.py BINARY
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STUDY = "tests/golden/inputs/small.yaml"
SECTIONS = ["why", "near", "alliance", "risk", "replay"]
CHANGE = ["--set", "finance.system_life=3 years"]

# Runs in the page when it is drawn; what it finds goes into the title.
CHECKS = """<script>
const luminance = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
function ground_of(node) {
  for (let at = node; at; at = at.parentElement) {
    const colour = numbers(getComputedStyle(at).backgroundColor);
    if (colour.length && (colour[3] ?? 1) > 0.99) return colour;
  }
  return numbers(getComputedStyle(document.documentElement).backgroundColor);
}
const found = [];
for (const node of document.querySelectorAll("body *")) {
  const box = node.getBoundingClientRect(), style = getComputedStyle(node);
  if (!box.width || !box.height || style.visibility === "hidden" || node.closest(".unseen, .skip, script")) continue;
  const text = [...node.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join(" ").trim();
  const name = `${node.tagName}.${node.className} '${text.slice(0, 30)}'`;
  if (text) {
    const [a, b] = [luminance(numbers(style.color)), luminance(ground_of(node))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) found.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)} of ${name}`);
  }
  if (node.tagName === "BUTTON" && (box.height < 24 || box.width < 24)) found.push(`target ${box.width.toFixed(0)} x ${box.height.toFixed(0)} of ${name}`);
}
const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (overflow > 0) {
  const wide = [...document.querySelectorAll("body *")].filter((node) => !node.closest(".scroller, nav, .unseen, .skip")
    && node.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5);
  found.push(`page ${overflow} px wider than its window: ${wide.slice(-3).map((node) => `${node.tagName}.${node.className} '${node.textContent.slice(0, 30)}'`).join(", ")}`);
}
if (!document.documentElement.dataset.built) found.push("not built");
const errors = document.getElementById("errors");
if (!errors.hidden) found.push(errors.textContent);
document.title = "FOUND" + JSON.stringify(found) + "END";
</script></body>"""


class Program:
    def __init__(self, binary):
        self.binary = binary

    def run(self, *arguments):
        done = subprocess.run([self.binary, *arguments], cwd=ROOT, capture_output=True, text=True,
                              env={**os.environ, "STARGATE_HOME": str(ROOT)})
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def page(self, path, *arguments):
        self.run("plan", STUDY, *arguments, "--html", str(path))
        text = path.read_text(encoding="utf-8")
        carried = re.search(r'<script id="result" type="application/json">(.*?)</script', text, re.S)
        return text, json.loads(carried[1])


def check_same_answers(program, answer):
    for name in SECTIONS:
        if json.loads(program.run("plan", name, STUDY, "--json")) != answer["with"][name]:
            raise SystemExit(f"the page's section {name} is not what `plan {name}` prints")


def drawn(chromium, folder, text, width, dark):
    """What CHECKS found. A frame is as narrow as a telephone, which the window of a headless Chromium is not."""
    page = pathlib.Path(folder, "drawn.html")
    if dark:
        text = text.replace("@media (prefers-color-scheme: dark)", "@media all")
    page.write_text(text.replace("</body>", CHECKS.replace("document.title =", "parent.document.title =")), encoding="utf-8")
    frame = pathlib.Path(folder, "frame.html")
    frame.write_text(f'<title></title><iframe src="drawn.html" style="border:0;width:{width}px;height:2000px"></iframe>')
    run = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--allow-file-access-from-files",
                          f"--user-data-dir={folder}/profile", "--window-size=1600,2000", "--virtual-time-budget=10000",
                          "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=240)
    found = re.search(r"FOUND(.*?)END", run.stdout, re.S)
    if not found:
        raise SystemExit(f"the page was not drawn at {width} px: {run.stderr[-500:]}")
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    program = Program(os.path.abspath(sys.argv[1]))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        text, answer = program.page(pathlib.Path(folder, "full.html"), "--report-with", ",".join(SECTIONS))
        check_same_answers(program, answer)
        changed, changed_answer = program.page(pathlib.Path(folder, "changed.html"), *CHANGE)
        if changed_answer["change"] != "--set finance.system_life=3 years":
            raise SystemExit("a changed plan does not say so")
        if chromium is None:
            print("there is no Chromium here: the page was not drawn")
            return
        faults = [f"{width} px, {'dark' if dark else 'light'}: {fault}"
                  for page, width, dark in ((text, 320, False), (text, 1440, True), (changed, 800, False))
                  for fault in drawn(chromium, folder, page, width, dark)]
        if faults:
            raise SystemExit("\n".join(faults))


main()
