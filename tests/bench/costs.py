"""Counts of what calls and starts cost, the same however busy the machine is: ``python -m bench.costs`` records them.

Functions are the Python functions entered, comparable on one minor version of Python. Instructions are the processor's,
as valgrind counts them, comparable on one build of Python; machines without valgrind count functions alone.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .install import ROOT
from .runner import server

FILE = Path(__file__).with_name("costs.json")
NAMES = ("sync", "async", "ready", "answer")
"""One call, sync or async; a start until the client is ready, or until it has its first response."""
ALLOWED = 0.02
"""The share by which a count may differ from the recorded one."""
CALLS = 100
"""Calls whose instructions are counted, after as many that are not."""
_PROBE = Path(__file__).with_name("probe.py")
_REFS = re.compile(r"I\s+refs:\s+([\d,]+)")


def python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def build() -> str:
    """Return what tells this build of Python, and the C library under it, from others."""
    return f"{sys.version} {platform.machine()} {' '.join(platform.libc_ver())}"


def comparable() -> list[str]:
    """Return the kinds of counts that can be taken here and compared with the recorded ones."""
    recorded = read()
    kinds = ["functions"] if recorded["python"] == python() else []
    if "instructions" in recorded and recorded["build"] == build() and valgrind():
        kinds.append("instructions")
    return kinds


def valgrind() -> str | None:
    return shutil.which("valgrind")


def read() -> dict[str, dict[str, int] | str]:
    """Return the recorded counts."""
    recorded: dict[str, dict[str, int] | str] = json.loads(FILE.read_text())
    return recorded


def count(kind: str, name: str, url: str) -> int:
    """Count functions or instructions of a call or start, by its name in ``NAMES``."""
    return functions(name, url) if kind == "functions" else instructions(name, url)


def functions(name: str, url: str) -> int:
    # The first run writes bytecode caches.
    _python(["run", name, url, "1"])
    return int(_python(["functions", name, url, "0"]).stdout)


def instructions(name: str, url: str) -> int:
    _python(["run", name, url, "1"])
    if name in ("ready", "answer"):
        return _counted([name, url, "1"]) - _counted([name, url, "0"])
    return (_counted([name, url, str(2 * CALLS)]) - _counted([name, url, str(CALLS)])) // CALLS


def _counted(arguments: list[str]) -> int:
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    found = _REFS.search(_python(["run", *arguments], tool).stderr)
    assert found
    return int(found[1].replace(",", ""))


def _python(arguments: list[str], tool: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the probe with an import path that is the same in every environment, and no site module."""
    path = ":".join([str(ROOT / "generated"), sysconfig.get_path("purelib")])
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "HOME": os.devnull, "AWS_CONFIG_FILE": os.devnull}
    command = [*(tool or []), sys.executable, "-S", "-P", str(_PROBE), path, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the probe failed at {' '.join(arguments)}:\n{done.stderr}")
    return done


def record() -> dict[str, dict[str, int] | str]:
    """Count everything that this machine can, and return what to record."""
    recorded: dict[str, dict[str, int] | str] = {"python": python(), "build": build()}
    kinds = ["functions", "instructions"] if valgrind() else ["functions"]
    with server() as url:
        for kind in kinds:
            recorded[kind] = {name: count(kind, name, url) for name in NAMES}
    return recorded


def main() -> None:
    recorded = record()
    FILE.write_text(json.dumps(recorded, indent=2) + "\n")
    print(FILE.read_text(), end="")


if __name__ == "__main__":
    main()
