"""``source.yaml``, the lock in a spec's folder: where the spec came from, and what it was then.

```yaml
lapsmith: 1
source: {from: registry:runtime-sagemaker, version: "3"}
files: {references/api-spec.lap: 3a7bd3e2…}
```
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lapsmith.acquire.found import Found, SourceError

FILE_NAME = "source.yaml"
FILE = "file"
"""The origin of what was read from a file or from standard input: nobody can ask there again."""

_SCHEMA = 1
_HEAD = "# Written by lapsmith: where this spec came from, and the SHA-256 of each file as it came.\n"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """What ``source.yaml`` says.

    ``files`` maps paths in the folder to SHA-256 digests; ``protocol`` is the one that was chosen, if any was.
    """

    origin: str
    version: str | None
    files: Mapping[str, str]
    protocol: str | None = None

    def edited(self, folder: Path) -> tuple[str, ...]:
        """The files of the lock that are no longer as they came, or are gone."""
        return tuple(name for name, digest in self.files.items() if _digest_at(folder / name) != digest)


def of(found: Found, protocol: str | None = None) -> Lock:
    """Return the lock of what was found, and of the protocol that was chosen for it."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in found.files.items()}
    return Lock(found.origin or FILE, found.version, digests, protocol)


def text(lock: Lock) -> bytes:
    """Return the content of the file for a lock; the same lock is always the same bytes."""
    facts = {"from": lock.origin, "version": lock.version, "protocol": lock.protocol}
    source = {key: value for key, value in facts.items() if value is not None}
    content = {"lapsmith": _SCHEMA, "source": source, "files": dict(sorted(lock.files.items()))}
    return (_HEAD + yaml.safe_dump(content, sort_keys=False, width=120)).encode()


def read(folder: Path) -> Lock | None:
    """Return the lock of a spec's folder; None where it has none. Raises SourceError for one that is damaged."""
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        content = yaml.safe_load(path.read_bytes()[:_MAX_BYTES])
        source, files = content["source"], content["files"]
        origin, version, protocol = source["from"], source.get("version"), source.get("protocol")
        texts = [origin, *files, *files.values(), *(item for item in (version, protocol) if item is not None)]
        if content["lapsmith"] != _SCHEMA or not all(isinstance(item, str) for item in texts):
            raise ValueError("a key or a value is not what it should be")
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise SourceError(
            f"'{path}' cannot be read: {reason}", "restore it, or remove the spec and add it anew"
        ) from error
    return Lock(origin, version, files, protocol)


def _digest_at(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
