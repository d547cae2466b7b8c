#!/usr/bin/env python3
"""Opens the report of a sample result in a headless Chromium and checks what its scripts built.

usage: check_report.py <write_report> <result.json>; exits 77 (skipped) where there is no Chromium.
Checked: no script error, every canvas has ink on it, tables and legends hold what the result holds, a text that looks like
markup stays text, and the page is no wider than a telephone's screen.
"""
import html.parser
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

# Runs in the page after its own scripts, and leaves what only a browser can tell in an attribute.
PROBE = """<script>
const inked = (canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) return true;
  return false;
};
const pages = [...document.querySelectorAll("canvas")];
document.querySelectorAll(".choice button:last-child, .legend button:first-child").forEach((button) => button.click());
pages.forEach((canvas) => canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"})));
document.documentElement.dataset.probe = JSON.stringify({
  canvases: pages.length, blank: pages.filter((canvas) => !inked(canvas)).length,
  unnamed: pages.filter((canvas) => !canvas.getAttribute("aria-label")).length,
  csv: csv_of([{label: "a", unit: "MW"}], [['x,"y"'], [1.5]]),
});
</script></body>"""

# A window cannot be as narrow as a telephone's screen; a frame can.
NARROW = """<!DOCTYPE html><iframe src="report.html" width="375" height="900" onload="
const page = this.contentDocument.documentElement;
document.documentElement.dataset.probe = page.scrollWidth - page.clientWidth"></iframe>"""


class Page(html.parser.HTMLParser):
    """The text of the page, the rows of its tables by caption, and what the probe left."""

    def __init__(self, text):
        super().__init__()
        self.probe, self.text, self.rows, self.errors, self.status = {}, "", {}, "", ""
        self.built, self.caption, self.open, self.scripts = False, "", [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.probe = json.loads(attrs.get("data-probe", "{}"))
            self.built = "data-built" in attrs
        self.scripts += tag == "script"
        self.open.append((tag, attrs.get("id")))
        if tag == "table":
            self.caption = ""
        if tag == "tr":
            self.rows[self.caption] = self.rows.get(self.caption, 0) + 1

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, name = self.open[-1] if self.open else ("", None)
        if tag in ("script", "style"):
            return
        self.text += data
        if tag == "caption":
            self.caption += data
        self.errors += data if name == "errors" else ""
        self.status += data if name == "status" else ""


def dump(chromium, page, folder):
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
               f"--user-data-dir={folder}/profile", "--allow-file-access-from-files", "--virtual-time-budget=10000", "--dump-dom",
               page.as_uri()]
    return subprocess.run(command, capture_output=True, check=True, timeout=150).stdout.decode()


def faults_of(page, overflow, result):
    periods, probe = result["periods"], page.probe
    products = {s["product"] for p in periods for s in p["supply"]}
    wanted_charts = 7 + len(products) + (1 if any(sum(p["unmet_tokens_per_s"].values()) for p in periods) else 0)
    wanted_charts += 2 if "comparison" in result else 0
    limits = {limit["name"] for limit in result["limits"]}
    checks = [
        (page.built and not page.errors, f"a script failed: {page.errors}"),
        (page.status == "Optimal plan", f"status reads {page.status!r}"),
        (probe.get("canvases") == wanted_charts, f"{probe.get('canvases')} charts, {wanted_charts} expected"),
        (probe.get("blank") == 0, f"{probe.get('blank')} charts are blank"),
        (probe.get("unnamed") == 0, f"{probe.get('unnamed')} charts have no text alternative"),
        (overflow == 0, f"the page is {overflow} px wider than a 375 px screen"),
        (probe.get("csv") == 'a [MW]\r\n"x,""y"""\r\n1.5\r\n', f"CSV reads {probe.get('csv')!r}"),
        (page.scripts == 10, f"{page.scripts} script elements, 10 expected: the result has opened or closed one"),
        (result["study"]["about"] in page.text, "the study's text is not on the page as it is"),
        ("NaN" not in page.text and "undefined" not in page.text, "a number is missing: NaN or undefined on the page"),
    ]
    rows = {"Everything by quarter": len(periods), "Power by site": len(periods),
            "Tokens served and demand": len(periods), "Services and their models": len(result["services"]),
            "Tokens per second of one accelerator": len({r["system"] for r in result["rates"]})}
    checks += [(page.rows.get(title) == n + 1, f"table {title!r}: {page.rows.get(title)} rows, {n + 1} expected")
               for title, n in rows.items()]
    heat = page.rows.get("Shadow prices by quarter")
    checks.append((heat == len(limits) + 2, f"shadow prices: {heat} rows, {len(limits) + 2} expected"))
    names = [entry["name"] for key in ("services", "sites", "accelerators") for entry in result[key]]
    checks += [(name in page.text, f"{name!r} is nowhere on the page") for name in names]
    return [fault for ok, fault in checks if not ok]


def main():
    write_report, sample = sys.argv[1:]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("skipped: no chromium")
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = pathlib.Path(folder, "report.html")
        subprocess.run([write_report, sample, page], check=True)
        page.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE), encoding="utf-8")
        dumped = Page(dump(chromium, page, folder))
        narrow = pathlib.Path(folder, "narrow.html")
        narrow.write_text(NARROW, encoding="utf-8")
        overflow = Page(dump(chromium, narrow, folder)).probe
    faults = faults_of(dumped, overflow, json.loads(pathlib.Path(sample).read_text(encoding="utf-8")))
    print("\n".join(faults) or f"{dumped.probe['canvases']} charts drawn")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
