"""What is measured, and of which clients."""

from __future__ import annotations

from dataclasses import dataclass

SYNC_PEERS = ("lapsmith", "boto3", "capo", "httpx2", "bare")
ASYNC_PEERS = ("lapsmith", "aiobotocore", "capo", "httpx2", "bare")
PEERS = tuple(dict.fromkeys(SYNC_PEERS + ASYNC_PEERS))

DISTRIBUTIONS = {
    "lapsmith": ("httptools", "httpcore2", "msgspec", "truststore", "uvloop"),
    "boto3": ("boto3", "botocore", "urllib3"),
    "aiobotocore": ("aiobotocore", "aiohttp", "botocore", "uvloop"),
    "capo": ("capo-sagemaker-runtime", "capo-dynamodb", "zapros", "uvloop"),
    "httpx2": ("httpx2", "httpcore2", "uvloop"),
    "bare": ("uvloop",),
}
"""The distributions whose versions a report names, by client; those that are not installed are left out."""

RIVALS = {"sync": ("boto3", "capo"), "asyncio": ("aiobotocore", "capo"), "uvloop": ("aiobotocore", "capo")}
"""What lapsmith is compared with in each mode."""


@dataclass(frozen=True)
class Scenario:
    """Something that several clients do in turn."""

    name: str
    title: str
    mode: str
    """sync, asyncio or uvloop."""
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Load(Scenario):
    """An action that a worker repeats."""

    action: str
    """call, or the name of a stream: small, large or first."""
    width: int
    """Threads or tasks that share one client."""


@dataclass(frozen=True)
class Start(Scenario):
    """A process that is started and does one thing; see ``starts``."""


def loads() -> list[Load]:
    """Return every load, those that are compared in one table next to each other."""
    found = []
    for mode, widths, peers in (
        ("sync", (1, 16, 64), SYNC_PEERS),
        ("asyncio", (1, 16, 256), ASYNC_PEERS),
        ("uvloop", (1, 16, 256), ASYNC_PEERS),
    ):
        several = "threads" if mode == "sync" else "tasks"
        for width in widths:
            title = f"{mode}, one call at a time" if width == 1 else f"{mode}, {width} {several}"
            found.append(Load(f"call-{mode}-{width}", title, mode, peers, "call", width))
        readers = tuple(peer for peer in peers if peer != "httpx2")
        for action, title in (("small", "small events"), ("large", "128 KiB events"), ("first", "first event")):
            found.append(Load(f"{action}-{mode}", f"{title}, {mode}", mode, readers, action, 1))
    return found


def starts() -> list[Start]:
    """Return every start; ``python`` is the interpreter alone, which reports subtract."""
    sync = ("lapsmith", "boto3", "capo")
    return [
        Start("python", "Python alone", "sync", ("bare",)),
        Start("ready", "client ready", "sync", sync),
        Start("answer", "first response", "sync", sync),
        Start("ready-async", "client ready, asyncio", "asyncio", ("lapsmith", "aiobotocore", "capo")),
        Start("answer-async", "first response, asyncio", "asyncio", ("lapsmith", "aiobotocore", "capo")),
        Start("dynamodb", "DynamoDB client ready", "sync", sync),
    ]


def everything() -> list[Scenario]:
    """Return all scenarios, in the order in which they run."""
    return [*loads(), *starts()]
