"""What the costs are counted of, in a process of its own: ``python -S -P probe.py PATH KIND NAME URL TIMES``.

KIND ``functions`` prints how many Python functions one call, or a start, enters. KIND ``run`` makes TIMES calls, or
starts, for another program to count what that takes. PATH is added to the import path.
"""

from __future__ import annotations

import gc
import sys
from types import FrameType
from typing import Any

CALLS = 20


class Counter:
    """Counts the Python functions that this thread enters while it is used in ``with``."""

    def __init__(self) -> None:
        self.entered = 0

    def _note(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self.entered += 1

    def __enter__(self) -> Counter:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def client(url: str, kind: str) -> Any:
    """Import and make a client, as a program does that starts."""
    import sagemaker_runtime

    keys = sagemaker_runtime.Credentials("AKID", "secret")
    return getattr(sagemaker_runtime, kind)(region="eu-west-1", endpoint_url=url, credentials=keys)


def start(url: str, *, answer: bool) -> None:
    made = client(url, "SageMakerRuntime")
    if answer:
        made.invoke_endpoint(endpoint_name="llm", body=b"{}")


def call_sync(url: str, times: int) -> int:
    """Make calls; return the least number of functions that one of them enters."""
    made, least = client(url, "SageMakerRuntime"), sys.maxsize
    for _ in range(times):
        with Counter() as counter:
            made.invoke_endpoint(endpoint_name="llm", body=b"{}")
        least = min(least, counter.entered)
    return least


async def call_async(url: str, times: int) -> int:
    """Make calls; return the least number of functions that one of them enters, those of the event loop included."""
    made, least = client(url, "AsyncSageMakerRuntime"), sys.maxsize
    for _ in range(times):
        with Counter() as counter:
            await made.invoke_endpoint(endpoint_name="llm", body=b"{}")
        least = min(least, counter.entered)
    await made.aclose()
    return least


def run_sync(url: str, times: int) -> None:
    made = client(url, "SageMakerRuntime")
    for _ in range(times):
        made.invoke_endpoint(endpoint_name="llm", body=b"{}")


async def run_async(url: str, times: int) -> None:
    made = client(url, "AsyncSageMakerRuntime")
    for _ in range(times):
        await made.invoke_endpoint(endpoint_name="llm", body=b"{}")
    await made.aclose()


def functions(name: str, url: str) -> int:
    if name in ("ready", "answer"):
        with Counter() as counter:
            start(url, answer=name == "answer")
        return counter.entered
    if name == "sync":
        return call_sync(url, CALLS)
    import asyncio

    return asyncio.run(call_async(url, CALLS))


def run(name: str, url: str, times: int) -> None:
    if name in ("ready", "answer"):
        if times:
            start(url, answer=name == "answer")
    elif name == "sync":
        run_sync(url, times)
    else:
        import asyncio

        asyncio.run(run_async(url, times))


def main() -> None:
    path, kind, name, url, times = sys.argv[1:]
    sys.path += path.split(":")
    # A collection more or less, which any object can cause, would hide what has changed.
    gc.disable()
    if kind == "functions":
        print(functions(name, url))
    else:
        run(name, url, int(times))


if __name__ == "__main__":
    main()
