"""A virtual environment for each client that is measured, with pinned requirements, in ``.venv-bench``.

An environment is made again when its requirements or the Python that makes it have changed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from .scenarios import PEERS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-bench"
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
_CLIENTS = {"sagemaker_runtime", "dynamodb"}


def pythons() -> dict[str, Path]:
    """Return the Python of each client's environment, and install what is missing there."""
    return {peer: _environment(peer) for peer in PEERS}


def _environment(peer: str) -> Path:
    folder, stamp = FOLDER / peer, FOLDER / peer / "installed.txt"
    requirements = (Path(__file__).parent / "peers" / "requirements" / f"{peer}.txt").read_text().split()
    constraints: list[str] = []
    if peer == "lapsmith":
        requirements += _client_requirements()
        constraints = ["--constraint", str(CONSTRAINTS)]
    wanted = "\n".join([sys.version, *requirements, *constraints, CONSTRAINTS.read_text() if constraints else ""])
    python = folder / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"installing {peer} in {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements, *constraints], check=True)
        stamp.write_text(wanted)
    return python


def _client_requirements() -> list[str]:
    """Return what the generated clients require, as lapsmith says it."""
    command = [sys.executable, "-m", "lapsmith", "inspect", "--stage", "files", "--format", "json"]
    told = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    actions = [action for action in json.loads(told)["actions"] if not _CLIENTS.isdisjoint(action["clients"])]
    return sorted({name for action in actions for name in action["requirements"]})
