# Passes when the compiler refuses a snippet with the message its second line expects (or accepts it, for "compiles"):
# a snippet that fails for a missing header would otherwise pass for ever.
import re
import subprocess
import sys

snippet, command = sys.argv[1], sys.argv[2:]
with open(snippet, encoding="utf-8") as file:
    match = re.match(r"//.*\n// expect: (.+)\n", file.read())
if not match:
    sys.exit(f"{snippet}:2: no '// expect: <regular expression>' or '// expect: compiles'")
expected = match[1]
answer = subprocess.run([*command, snippet], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
if expected == "compiles":
    sys.exit(f"{snippet} must compile:\n{answer.stderr}" if answer.returncode else 0)
if answer.returncode == 0:
    sys.exit(f"{snippet} compiles; it must not")
if not re.search(rf"error: .*(?:{expected})", answer.stderr):
    sys.exit(f"{snippet} is refused, but not with 'error: ... {expected}':\n{answer.stderr}")
