"""The guided run: what is printed, what is called, and what is checked on the way."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from lapsmith.api.generating import generate, load
from lapsmith.demo.endpoint import BROKEN, TOKENS, Endpoint, running

PACKAGE = "sagemaker_runtime"
_KEY, _SECRET = "AKIDDEMO", "demo-secret-access-key"
_REQUIRED = ("botocore", "httptools", "msgspec")


class DemoFailedError(Exception):
    """A check of the demo did not hold."""


def run() -> int:
    """Run the demo. Returns 0, or 1 when a check failed.

    Raises ModuleNotFoundError when a package of the extra ``lapsmith[demo]`` is not installed.
    """
    for name in _REQUIRED:
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    try:
        with _folder() as folder, running({_KEY: _SECRET}) as endpoint:
            client = _generated(folder)
            _step("Synchronous client")
            _synchronous(client, endpoint)
            _step("Asynchronous client")
            asyncio.run(_asynchronous(client, endpoint))
            _step("A wrong secret")
            _wrong_secret(client, endpoint)
            _check(
                f"{endpoint.verified} signatures verified by botocore, {endpoint.refused} refused",
                endpoint.refused == 1 and endpoint.verified == 8,
            )
    except DemoFailedError as failed:
        click.echo(f"  FAILED  {failed}", err=True)
        return 1
    click.echo("\nAll of it held. The endpoint is shut down and the folder is gone.")
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a temporary folder that packages can be imported from, and forget both afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lapsmith-demo-"))
    sys.path.insert(0, str(folder))
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield folder
    finally:
        sys.dont_write_bytecode = bytecode
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        shutil.rmtree(folder)


def _spec() -> Path:
    """Return the SageMaker Runtime spec: the one inside the installed package, else the repository's."""
    packaged = Path(__file__).parent / "_spec"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "specs" / "sagemaker-runtime"


def _generated(folder: Path) -> ModuleType:
    _step("Spec to client")
    spec = folder / "specs" / "sagemaker-runtime"
    shutil.copytree(_spec(), spec)
    started = time.perf_counter()
    generate(spec, folder / PACKAGE)
    files = sorted(path for path in (folder / PACKAGE).glob("*.py"))
    service = load(spec)
    click.echo(f"  read    {service.name}: {', '.join(op.name for op in service.operations)}")
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    click.echo(f"  wrote   {PACKAGE}/: {', '.join(path.name for path in files)}")
    click.echo(f"          {lines} lines and the runtime, in {time.perf_counter() - started:.1f} s")
    importlib.invalidate_caches()
    return importlib.import_module(PACKAGE)


def _options(client: ModuleType, endpoint: Endpoint, secret: str = _SECRET) -> dict[str, Any]:
    return {
        "region": "eu-west-1",
        "endpoint_url": endpoint.url,
        "credentials": client.Credentials(_KEY, secret),
    }


def _synchronous(package: ModuleType, endpoint: Endpoint) -> None:
    with package.SageMakerRuntime(**_options(package, endpoint)) as client:
        out = client.invoke_endpoint(endpoint_name="llm", json={"inputs": "how many words are these"})
        _check(
            f"invoke_endpoint -> {out.json()} from variant {out.invoked_production_variant}", out.json() == {"words": 5}
        )
        job = client.invoke_endpoint_async(endpoint_name="llm", input_location="s3://bucket/in/1.json")
        _check(
            f"invoke_endpoint_async -> {job.inference_id}, {job.output_location}",
            job.output_location == "s3://bucket/out/1.json" and job.metadata.status == 202,
        )
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", json={"inputs": "go"}) as stream:
            tokens = _Tokens(endpoint)
            for token in stream.iter_text():
                tokens.show(token)
            tokens.check()
        try:
            with client.invoke_endpoint_with_response_stream(endpoint_name=BROKEN, json={}) as stream:
                text = "".join(stream.iter_text())
        except package.ModelStreamError as error:
            _check(f"an error in the stream -> {error!r}, code {error.error_code}", error.error_code == "StreamBroken")
        else:
            raise DemoFailedError(f"the stream's error was lost after {text!r}")


async def _asynchronous(package: ModuleType, endpoint: Endpoint) -> None:
    async with package.AsyncSageMakerRuntime(**_options(package, endpoint)) as client:
        out, job = await asyncio.gather(
            client.invoke_endpoint(endpoint_name="llm", json={"inputs": "two words"}),
            client.invoke_endpoint_async(endpoint_name="llm", input_location="s3://bucket/in/2.json"),
        )
        _check(f"invoke_endpoint -> {out.json()}", out.json() == {"words": 2})
        _check(f"invoke_endpoint_async -> {job.output_location}", job.output_location == "s3://bucket/out/2.json")
        async with client.invoke_endpoint_with_response_stream(endpoint_name="llm", json={"inputs": "go"}) as stream:
            tokens = _Tokens(endpoint)
            async for token in stream.iter_text():
                tokens.show(token)
            tokens.check()
    async with package.AsyncSageMakerRuntime(**_options(package, endpoint)) as client:
        stream = await client.invoke_endpoint_with_response_stream(endpoint_name="llm", json={"inputs": "go"})
        count = 0
        async for event in stream:
            count += isinstance(event, package.PayloadPart)
        _check(f"as events -> {count} PayloadPart", count == len(TOKENS) + 1)


def _wrong_secret(package: ModuleType, endpoint: Endpoint) -> None:
    with package.SageMakerRuntime(**_options(package, endpoint, secret="not-the-secret")) as client:
        try:
            client.invoke_endpoint(endpoint_name="llm", json={"inputs": "hi"})
        except package.SageMakerRuntimeError as error:
            _check(f"refused -> {error}", error.status == 403)
        else:
            raise DemoFailedError("a request that was signed with a wrong secret was accepted")


class _Tokens:
    """Prints tokens as they come, and knows whether the first came before the last was sent."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._before = len(endpoint.sent)
        self._text = ""
        self._sent_at_first: int | None = None
        click.echo("  stream  ", nl=False)

    def show(self, token: str) -> None:
        if self._sent_at_first is None:
            self._sent_at_first = len(self._endpoint.sent) - self._before
        self._text += token
        click.echo(token, nl=False)
        sys.stdout.flush()

    def check(self) -> None:
        click.echo()
        parts = len(TOKENS) + 1
        _check(
            f"every character whole; the first token was read when {self._sent_at_first} of {parts} parts were sent",
            self._text == "".join(TOKENS) and (self._sent_at_first or 0) < parts,
        )


def _step(title: str) -> None:
    click.echo(f"\n{title}")


def _check(what: str, held: bool) -> None:
    if not held:
        raise DemoFailedError(what)
    click.echo(f"  ok      {what}")
