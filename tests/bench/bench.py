"""The generated client beside boto3, in one run, alternating; the figures are ratios of medians.

Measured: cold start to a client that is ready, one InvokeEndpoint call, and a stream of 20,000 small events read as
events (boto3: its event dicts). Both talk to the same server on 127.0.0.1, both sign. The Python functions that a call
enters are counted too: that number is the same on any machine, however busy, and shows what a change has added.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "generated"))

EVENTS = 20_000
_OURS_START = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from sagemaker_runtime import Credentials, SageMakerRuntime\n"
    "SageMakerRuntime(region='eu-west-1', credentials=Credentials('AKID', 'secret'))"
)
_BOTO_START = (
    "import boto3\n"
    "boto3.client('sagemaker-runtime', region_name='eu-west-1', aws_access_key_id='AKID', aws_secret_access_key='s')"
)


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; yields its URL."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), str(EVENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def seconds(action: Callable[[], object], times: int) -> float:
    """Return the mean seconds of one action over so many times."""
    started = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - started) / times


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, times: int) -> None:
    """Alternate the two, and print medians and their ratio."""
    ours(), theirs()
    pairs = [(seconds(ours, times), seconds(theirs, times)) for _ in range(rounds)]
    mine, boto = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(b / a for a, b in pairs)
    print(
        f"{name:<34}{mine * 1000:>10.3f} ms{boto * 1000:>12.3f} ms{boto / mine:>9.1f}x"
        f"   ({ratios[0]:.1f} to {ratios[-1]:.1f})"
    )


def count(name: str, ours: Callable[[], object], theirs: Callable[[], object], *, calls: int = 1) -> None:
    """Print how many Python functions each of the two enters for one of its calls."""
    mine, boto = functions(ours) / calls, functions(theirs) / calls
    print(f"{name:<34}{mine:>10.0f}   {boto:>12.0f}   {boto / mine:>9.1f}x")


def functions(action: Callable[[], object]) -> int:
    """Return how many Python functions an action enters."""
    entered = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal entered
        entered += event == "call"

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return entered


def start(code: str) -> Callable[[], object]:
    """Return an action that starts Python and runs the code, with bytecode caches as an installed package has them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code, str(ROOT / "generated")]
    return lambda: subprocess.run(command, check=True, env=environment)


def _boto(url: str) -> Any:
    import boto3

    return boto3.client(
        "sagemaker-runtime",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
    )


def _boto_stream(client: Any) -> int:
    answer = client.invoke_endpoint_with_response_stream(EndpointName="llm", Body=b"{}")
    return _counted(sum("PayloadPart" in event for event in answer["Body"]))


def _counted(events: int) -> int:
    if events != EVENTS:
        raise SystemExit(f"a stream of {EVENTS} events was read as {events}")
    return events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    from sagemaker_runtime import AsyncSageMakerRuntime, Credentials, PayloadPart, SageMakerRuntime

    keys = Credentials("AKID", "secret")
    print(f"{'':<34}{'lapsmith':>13}{'boto3':>15}{'ratio':>10}")
    compare("cold start to client ready", start(_OURS_START), start(_BOTO_START), rounds=rounds, times=1)
    compare("  Python itself, for scale", start("pass"), start("pass"), rounds=rounds, times=1)
    with server() as url, SageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=keys) as client:
        boto = _boto(url)

        def read() -> int:
            with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"{}") as stream:
                return _counted(sum(isinstance(event, PayloadPart) for event in stream))

        def call() -> None:
            client.invoke_endpoint(endpoint_name="llm", body=b"{}")

        def boto_call() -> None:
            boto.invoke_endpoint(EndpointName="llm", Body=b"{}")["Body"].read()

        compare("invoke_endpoint, sync", call, boto_call, rounds=rounds, times=200)
        count("  Python functions entered", call, boto_call)
        compare(f"stream of {EVENTS:,} events, sync", read, lambda: _boto_stream(boto), rounds=rounds, times=1)
        with asyncio.Runner() as runner:
            session = AsyncSageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=keys)

            async def calls() -> None:
                for _ in range(50):
                    await session.invoke_endpoint(endpoint_name="llm", body=b"{}")

            async def aread() -> int:
                async with session.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"{}") as stream:
                    return _counted(sum([isinstance(event, PayloadPart) async for event in stream]))

            def boto_calls() -> None:
                for _ in range(50):
                    boto_call()

            compare("50 x invoke_endpoint, async", lambda: runner.run(calls()), boto_calls, rounds=rounds, times=4)
            count("  Python functions, each call", lambda: runner.run(calls()), boto_calls, calls=50)
            compare(
                f"stream of {EVENTS:,} events, async",
                lambda: runner.run(aread()),
                lambda: _boto_stream(boto),
                rounds=rounds,
                times=1,
            )
            runner.run(session.aclose())


if __name__ == "__main__":
    main()
