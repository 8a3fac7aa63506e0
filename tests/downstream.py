"""Packages that ship generated clients, as a user would write them, and environments to build and use them in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from documentation import blocks
from golden_cases import GOLDEN

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
EPOCH = "1700000000"

RUNTIME_CLIENT = """\
import sys
try:
    import lapsmith
except ModuleNotFoundError:
    pass
else:
    sys.exit("lapsmith is installed")
from host.{package}sagemaker_runtime import Credentials, SageMakerRuntime
import host

options = {{"region": "eu-west-1", "endpoint_url": sys.argv[1], "credentials": Credentials("AKID", "secret")}}
with SageMakerRuntime(**options) as client:
    print(client.invoke_endpoint(endpoint_name="llm", json={{"inputs": "how many words"}}).json())
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", json={{"inputs": "hi"}}) as stream:
        print("".join(stream.iter_text()))
"""
TABLES_CLIENT = """\
from host.{package}tables import Tables
from host.{package}sagemaker_runtime import AWSError

with Tables(**{{**options, "endpoint_url": sys.argv[2]}}) as client:
    print(client.list_tables(limit=3).table_names)
    try:
        client.get_item(table_name="none", key={{}})
    except AWSError as error:
        print(type(error).__module__, type(error).__name__)
"""


def run(*command: str | Path, cwd: Path, fails: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command away from the repository, without what this test run has in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "LAPSMITH"))}
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True)
    assert (done.returncode != 0) is fails, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done


def example(marker: str) -> str:
    """The TOML block of the documentation that has a line ``marker``: users copy it, and so do these tests."""
    (found,) = [block for block in blocks("toml") if marker in block.splitlines()]
    return found


def lay_out(root: Path, pyproject: str, *, shared: bool = False) -> Path:
    """Make the package ``host``, whose generated clients git ignores; ``shared`` adds a client with one runtime."""
    source = root / "src" / "host"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text('"""A package that ships a client."""\n')
    shutil.copytree(ROOT / "specs" / "sagemaker-runtime", root / "specs" / "sagemaker-runtime")
    ignored = ["src/host/sagemaker_runtime/"]
    if shared:
        (source / "aws").mkdir()
        (source / "aws" / "__init__.py").touch()
        (root / "specs" / "tables").mkdir()
        for path in (GOLDEN / "json_rpc").glob("*.*"):
            if path.suffix in (".lap", ".yaml"):
                shutil.copy(path, root / "specs" / "tables")
        tables = pyproject.index("[tool.lapsmith.clients.")
        pyproject = pyproject[:tables] + example('output = "src/host/aws/tables"')
        ignored = [f"src/host/aws/{name}/" for name in ("_runtime", "sagemaker_runtime", "tables")]
    (root / "pyproject.toml").write_text(pyproject)
    (root / ".gitignore").write_text("\n".join(ignored) + "\n")
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def clean_environment(folder: Path, wheel: Path) -> Path:
    """Install a wheel and what it requires, and nothing else, in a new environment; return its Python."""
    venv.create(folder / "clean", with_pip=True)
    python = folder / "clean" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, "--constraint", CONSTRAINTS, cwd=folder)
    return python


def use(python: Path, folder: Path, runtime_url: str, tables_url: str | None = None) -> list[str]:
    """Call the clients of an installed ``host``; return what they printed."""
    package = "aws." if tables_url else ""
    script = RUNTIME_CLIENT.format(package=package)
    if tables_url:
        script += TABLES_CLIENT.format(package=package)
    return run(python, "-W", "error", "-c", script, runtime_url, tables_url or "", cwd=folder).stdout.splitlines()


@contextmanager
def tables_service() -> Iterator[str]:
    """Run a service of the spec ``tables`` on 127.0.0.1; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Tables)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Tables(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.headers["X-Amz-Target"] == "Tables_20120810.ListTables"
        answer = (
            {"TableNames": ["a"] * body["Limit"]} if found else {"__type": "com.tables.TableNotFound", "message": "no"}
        )
        data = json.dumps(answer).encode()
        self.send_response(200 if found else 400)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
