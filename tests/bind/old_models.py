"""Specs of service models of another day than the installed botocore's, with the truth about them.

A spec compiled from the very model that it is bound to would always match; these do not.
"""

from __future__ import annotations

import functools
import gzip
import html
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus import models
from corpus.lean import compile_lean
from e2e.servers import install_venv
from lapsmith import lap
from lapsmith.bind import sources
from lapsmith.bind.model import Model, load
from lapsmith.lap.tree import Document, Endpoint

HERE = Path(__file__).parent
VERSIONS = ("1.29", "1.34")
# RPC services with many operations that look alike, and some of each other kind.
FEW = (
    *("acm", "athena", "cloudtrail", "codecommit", "cognito-idp", "comprehendmedical", "dynamodb", "ecs", "events"),
    *("kinesis", "kms", "lambda", "logs", "organizations", "schemas", "secretsmanager", "sesv2", "sqs", "swf"),
)
MODES = ("plain", "dropped", "shuffled")
ALL_MODES = (*MODES, "single")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Case:
    """A spec and, by the ``id`` of its endpoints, which operations they are."""

    document: Document
    truth: dict[int, str]

    def edits(self, mode: str, seed: str) -> Iterator[Case]:
        """What :meth:`edited` gives, or (``single``) a spec of each endpoint alone."""
        if mode != "single":
            yield self.edited(mode, seed)
            return
        for endpoint in self.document.endpoints:
            yield Case(replace(self.document, endpoints=(endpoint,)), self.truth)

    def edited(self, mode: str, seed: str) -> Case:
        """The spec as it is (``plain``), without a tenth of its endpoints (``dropped``), and in any order too."""
        chance = random.Random(f"{seed} {mode}")
        endpoints = [e for e in self.document.endpoints if mode == "plain" or chance.random() >= 0.1]
        if mode == "shuffled":
            chance.shuffle(endpoints)
        return Case(replace(self.document, endpoints=tuple(endpoints)), self.truth)


@functools.cache
def data(version: str) -> Path:
    """The folder of the models of an old botocore, which is installed in an environment of its own."""
    commands = install_venv(f"botocore-{version}", HERE / f"botocore-{version}-requirements.txt")
    (folder,) = commands.parent.glob("lib/python*/site-packages/botocore/data")
    return folder


@functools.cache
def pairs(version: str) -> Sequence[tuple[str, Path, Path]]:
    """Service, its old model and its installed model of the same API version, where there are both."""
    found = []
    for service in models.services():
        new = models.path(service)
        old = sources.service_file(data(version) / service / new.parent.name)
        if old is not None:
            found.append((service, old, new))
    return found


def read(path: Path) -> models.Model:
    """A model's JSON."""
    content = path.read_bytes()
    found: models.Model = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    return found


def old_model(service: str, version: str) -> Model:
    """A model of an old botocore, as bind reads it."""
    (path,) = (old for name, old, _ in pairs(version) if name == service)
    return load(sources.read(path), service)


def new_model(service: str) -> Model:
    """The installed botocore's model, as bind reads it."""
    return load(sources.read(models.path(service)), service)


def case(raw: models.Model, *, prose: bool, errors: bool = True) -> Case:
    """Compile a model as lapsh does, with or without descriptions and errors."""
    document = lap.parse(compile_lean(raw), "spec.lap").document
    operations = raw["operations"]
    assert len(document.endpoints) == len(operations)
    if prose:
        described = (operation.get("documentation", "") for operation in operations.values())
        endpoints = tuple(_described(*item) for item in zip(document.endpoints, described, strict=True))
        document = replace(document, endpoints=endpoints)
    if not errors:
        document = replace(document, endpoints=tuple(replace(item, errors=()) for item in document.endpoints))
    return Case(document, {id(e): name for e, name in zip(document.endpoints, operations, strict=True)})


def _described(endpoint: Endpoint, text: str) -> Endpoint:
    """What lapsh makes of an operation's documentation (lap.core.utils.strip_html)."""
    return replace(endpoint, desc=_TAG.sub("", html.unescape(text)).strip() or None)
