"""What was found at a source: files, the name to call it by, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lapsmith.diagnostics import LapsmithError

_WORD = re.compile(r"[a-z0-9]+")
_VENDORS = ("amazon", "aws")


class SourceError(LapsmithError):
    """A source does not give a spec. The message says what is wrong with it and what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)


@dataclass(frozen=True, slots=True)
class Found:
    """A spec and what comes with it.

    ``name`` is the name to give to its folder; ``files`` are the folder's files by relative path. ``origin`` is what
    the lock says of it: ``registry:NAME``, ``aws:NAME``, or None for a file, which may change without notice.
    ``bound`` says whether the files have bindings already.
    """

    name: str
    files: Mapping[str, bytes]
    origin: str | None = None
    version: str | None = None
    bound: bool = False


def folder_name(title: str) -> str:
    """Return the name of a spec's folder for an API's title: ``Amazon SageMaker Runtime`` is ``sagemaker-runtime``."""
    words = _WORD.findall(title.lower())
    while len(words) > 1 and words[0] in _VENDORS:
        words = words[1:]
    return "-".join(words) or "client"
