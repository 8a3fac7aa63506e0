"""What has become of an API since its client was generated."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lapsmith.apidiff import Change, Impact, compare, verdict
from lapsmith.diagnostics import Span
from lapsmith.generation.analysis import analyse
from lapsmith.ir.model import Service
from lapsmith.output.manifest import Manifest
from lapsmith.project import gitfiles
from lapsmith.project.config import ClientConfig, ConfigError
from lapsmith.python import unsupported


@dataclass(frozen=True, slots=True)
class ApiUpdate:
    """The changes, the gravest first; None where they cannot be known, and ``reason`` says why."""

    changes: tuple[Change, ...] | None
    reason: str = ""

    @property
    def verdict(self) -> Impact | None:
        """The gravest severity; None without a change, or where that is not known."""
        return verdict(self.changes or ())


def api_since(client: ClientConfig, old: Manifest, service: Service) -> ApiUpdate:
    """Compare ``service`` with what the manifest's inputs said, which git still has if they were ever committed."""
    try:
        inputs = gitfiles.read_blobs(old.inputs, client.root)
    except ConfigError as error:
        return ApiUpdate(None, str(error))
    if inputs is None:
        return ApiUpdate(None, "what the client was generated from is not in git's history here")
    operations = _patterns(old.options.get("operations"))
    before = analyse(replace(client, operations=operations, strict=bool(old.options.get("strict"))), inputs)
    if before.service is None or unsupported(before.service, Span(inputs.spec, 1, 1, 1, 1)).has_errors:
        return ApiUpdate(None, "what the client was generated from is an error to this lapsmith")
    return ApiUpdate(compare(before.service, service))


def _patterns(value: object) -> tuple[str, ...]:
    """The operations of the manifest, which is a file like any other and may hold anything."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ("*",)
