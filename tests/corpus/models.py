"""AWS service models as the installed botocore has them: which services there are, and their model as plain JSON."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import botocore

Model = dict[str, Any]

DATA = Path(botocore.__file__).parent / "data"
PROTOCOLS = ("json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "query", "ec2")
"""The protocols that lapsmith speaks, as models name them, in botocore's order."""


def path(service: str) -> Path:
    """Return the file of a service's latest model."""
    return max(DATA.glob(f"{service}/*/service-2.json.gz"))


def load(service: str) -> Model:
    """Read a service's latest model."""
    with gzip.open(path(service), "rb") as file:
        model: Model = json.load(file)
    return model


def protocol(model: Model) -> str | None:
    """Return the protocol that a client of the model speaks: the first of ours in botocore's order."""
    metadata = model["metadata"]
    offered = metadata.get("protocols") or [metadata["protocol"]]
    return next((name for name in PROTOCOLS if name in offered), None)


@functools.cache
def services() -> tuple[str, ...]:
    """Return the names of all services that speak one of the protocols, sorted."""
    names = sorted(folder.name for folder in DATA.iterdir() if any(folder.glob("*/service-2.json.gz")))
    return tuple(name for name in names if protocol(load(name)) is not None)


def takes_signatures(model: Model) -> bool:
    """Say whether a service takes requests that generated clients can sign.

    Two services take bearer tokens, which generated clients do not send, and two know Signature Version 2 alone.
    """
    return str(model["metadata"].get("signatureVersion")) not in ("bearer", "v2")
