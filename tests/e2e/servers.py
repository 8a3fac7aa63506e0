"""The servers that the end-to-end tests talk to: what they need is installed, they are started, and ended again.

Each runs on 127.0.0.1 in a process of its own, so that nothing of the client under test takes part in judging it:

* ``node_double``: Amazon SageMaker Runtime on AWS's JavaScript packages (``node/``). Verifies signatures, streams.
* ``moto_server``: moto, which answers InvokeEndpoint and InvokeEndpointAsync.
* ``ministack_server``: ministack, which knows no SageMaker Runtime but verifies the signature of any request.
* ``microburst_proxy``: microburst, which stands before another server and spoils what passes.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

E2E = Path(__file__).parent
NODE = E2E / "node"
ROOT = E2E.parents[1]
STARTUP_SECONDS = 60.0

# The keys and the region that node/sigv4.mjs knows.
REGION = "eu-west-1"
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY = ("ASIAEXAMPLE", "temporary/secret+key", "session/token+with=signs==")


@dataclass(frozen=True)
class Received:
    """One request as the Node double received it, and what became of its answer.

    ``url`` is the request target, ``headers`` the pairs as sent, ``sent`` the number of chunks of a stream that were
    written, ``finished`` whether the answer was written to its end (None while it is open), ``port`` the client's.
    """

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int | None
    refused: str | None
    sent: int
    finished: bool | None
    port: int

    def header(self, name: str) -> str | None:
        """The value of header ``name``, whatever its case; None if it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class NodeDouble:
    """A running Node double on ``port`` of 127.0.0.1."""

    port: int

    @property
    def url(self) -> str:
        """Its origin, where it speaks plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def requests(self, name: str) -> list[Received]:
        """The requests for endpoint ``name``, in order of arrival."""
        return [
            Received(
                method=record["method"],
                url=record["url"],
                headers=list(zip(record["rawHeaders"][::2], record["rawHeaders"][1::2], strict=True)),
                body=base64.b64decode(record["body"]),
                status=record.get("status"),
                refused=record.get("refused"),
                sent=record["sent"],
                finished=record.get("finished"),
                port=record["port"],
            )
            for record in self._control("requests", name)
        ]

    def release(self, name: str) -> None:
        """Let a gated stream of endpoint ``name`` go on."""
        self._control("release", name)

    def wait_closed(self, name: str) -> bool:
        """Wait until the latest answer for ``name`` has ended; True if it was sent in full."""
        return bool(self._control("closed", name)["finished"])

    def _control(self, action: str, name: str) -> Any:
        return fetch_json(f"{self.url}/control/{action}?name={urllib.parse.quote(name, safe='')}")


def endpoint_name(behaviour: str) -> str:
    """A name that the double answers as ``behaviour``, and that no other test uses."""
    return f"{behaviour}--{uuid.uuid4().hex[:12]}"


def fetch_json(url: str, body: Any = None) -> Any:
    """GET ``url``, or POST ``body`` to it as JSON; returns the decoded answer, or None for an empty one."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


def missing_tools() -> str | None:
    """Why the Node double cannot run here, or None if it can."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found on PATH" if missing else None


@contextmanager
def node_double(*options: str) -> Iterator[NodeDouble]:
    """Run the Node double, installing its packages first; ``options`` are those of ``server.mjs``."""
    install_node_packages()
    # Its standard input is a pipe of ours: should this process die, the double sees the end of it and exits.
    command = ["node", str(NODE / "server.mjs"), *options]
    with _running(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        yield NodeDouble(json.loads(process.stdout.readline())["port"])


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto in its own environment; gives its URL."""
    folder = install_venv("moto", E2E / "moto-requirements.txt")
    port = str(_free_port())
    with _http_server([folder / "moto_server", "-H", "127.0.0.1", "-p", port], {}, port, "/moto-api/data.json") as url:
        yield url


@contextmanager
def ministack_server() -> Iterator[str]:
    """Run ministack with signature verification on, in its own environment; gives its URL."""
    folder = install_venv("ministack", E2E / "ministack-requirements.txt")
    port = str(_free_port())
    settings = {"GATEWAY_PORT": port, "BIND_HOST": "127.0.0.1", "AUTH": "true", "HOME": str(folder.parent)}
    settings |= {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "MINISTACK_IMDS_V2_REQUIRED": "1"}
    with _http_server([folder / "ministack"], settings, port, "/_ministack/health") as url:
        yield url


@contextmanager
def microburst_proxy(upstream: str) -> Iterator[str]:
    """Run microburst, which puts faults between a client and ``upstream``, in its own environment; gives its URL."""
    folder = install_venv("microburst", E2E / "microburst-requirements.txt")
    port = str(_free_port())
    command: list[Path | str] = [
        folder / "python",
        "-m",
        "microburst",
        "--upstream",
        upstream,
        "--port",
        port,
        "--resign",
    ]
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION}
    with _http_server(command, keys, port, "/_microburst/rules") as url:
        yield url


def install_node_packages() -> None:
    """Install node/package-lock.json as it stands, once."""
    lock_file = NODE / "package-lock.json"
    stamp = NODE / "node_modules" / ".installed"
    with _locked(lock_file):
        wanted = _digest(lock_file)
        if not stamp.is_file() or stamp.read_text() != wanted:
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE)
            stamp.write_text(wanted)


def install_venv(name: str, requirements: Path) -> Path:
    """Make the environment ``.venv-<name>`` with ``requirements``, once; returns its folder of commands."""
    folder = ROOT / f".venv-{name}"
    stamp = folder / ".installed"
    with _locked(requirements):
        wanted = f"{_digest(requirements)} {sys.version_info[:2]}"
        if not stamp.is_file() or stamp.read_text() != wanted:
            _run([sys.executable, "-m", "venv", "--clear", str(folder)])
            _run([str(folder / "bin" / "pip"), "install", "--quiet", "--no-deps", "-r", str(requirements)])
            stamp.write_text(wanted)
    return folder / "bin"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock on ``path``, so that test runs side by side install one after the other."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(command: list[str], cwd: Path = ROOT) -> None:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")


@contextmanager
def _running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Give the process, and end it, by its id, when the block is left."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def _http_server(command: list[Path | str], settings: dict[str, str], port: str, probe: str) -> Iterator[str]:
    """Run ``command`` with ``settings`` in its environment until it answers at ``probe``; gives its URL."""
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+") as log:
        started = subprocess.Popen(
            command,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with _running(started) as process:
            deadline = time.monotonic() + STARTUP_SECONDS
            while not _answers(url + probe):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} did not come up:\n{log.read()}")
                time.sleep(0.1)
            yield url


def _answers(url: str) -> bool:
    try:
        fetch_json(url)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
