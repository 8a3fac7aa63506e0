"""Build an IR from texts, and look at it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from lapsmith import bindings, ir, lap
from lapsmith.diagnostics import Severity
from lapsmith.ir import Built
from lapsmith.ir.model import Member, Operation, Service

SPEC_FOLDER = Path(__file__).parents[2] / "specs" / "sagemaker-runtime"
BOUND = "lapsmith: 1\nservice: {id: Echo, class: Echo, protocol: rest-json}\nendpoint: {host: echo.example}\n"


def build(
    spec: str,
    bound: str | None = None,
    types: str | None = None,
    *,
    over: str | None = None,
    operations: tuple[str, ...] = ("*",),
    strict: bool = False,
) -> Built:
    """Build from a spec without preamble. Parsing and loading must go well; what `build` says is the test's affair."""
    parsed = lap.parse(f"@lap v0.3\n@api Echo\n{dedent(spec).strip()}\n@end\n", "spec")
    assert not parsed.has_errors, parsed.diagnostics
    loaded = None
    if bound is not None:
        overrides = None if over is None else (over.encode(), "overrides")
        loaded = bindings.loads(bound.encode(), "bindings", overrides=overrides)
        assert loaded.bindings is not None, loaded.diagnostics
    typed = None if types is None else lap.parse_types(types, "types")
    assert typed is None or not typed.has_errors, typed
    return ir.build(
        parsed.document,
        loaded.bindings if loaded else None,
        typed.document if typed else None,
        operations=operations,
        strict=strict,
        sources={"spec": parsed.source},
    )


def service(
    spec: str, bound: str | None = None, types: str | None = None, *, operations: tuple[str, ...] = ("*",)
) -> Service:
    """Build, and insist that it goes well."""
    return build(spec, bound, types, operations=operations).require()


def only(spec: str, bound: str | None = None, types: str | None = None) -> Operation:
    """The single operation of a spec."""
    (operation,) = service(spec, bound, types).operations
    return operation


def errors(built: Built) -> list[tuple[str, str]]:
    """Place and code of each error."""
    assert (built.service is None) == any(item.severity is Severity.ERROR for item in built.diagnostics)
    return [(str(item.span), item.code) for item in built.diagnostics if item.severity is Severity.ERROR]


def places(members: tuple[Member, ...]) -> dict[str, tuple[str, str, str | None]]:
    """Member name to location, wire name and the rule that placed it."""
    return {
        member.name: (str(member.location), member.wire_name, member.origins["location"].rule) for member in members
    }


def real() -> Built:
    """The IR of the repository's own spec."""
    parsed = lap.parse((SPEC_FOLDER / "references/api-spec.lap").read_bytes(), "api-spec.lap")
    typed = lap.parse_types((SPEC_FOLDER / "types.lap").read_bytes(), "types.lap")
    loaded = bindings.load(SPEC_FOLDER / "bindings.yaml", "bindings.yaml")
    assert not parsed.diagnostics
    assert not typed.diagnostics
    assert not loaded.diagnostics
    return ir.build(parsed.document, loaded.bindings, typed.document, strict=True)
