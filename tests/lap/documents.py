"""Short ways to write LAP in tests."""

from __future__ import annotations

from lapsmith.diagnostics import Diagnostic, Severity
from lapsmith.lap import Parsed, parse
from lapsmith.lap.tree import Endpoint, Field

HEAD = "@lap v0.3\n@api Test\n@endpoints 1\n\n@endpoint POST /things\n"


def read(body: str) -> Parsed:
    """Parse a file of one endpoint with these directives."""
    return parse(f"{HEAD}{body}\n\n@end\n", "t.lap")


def endpoint(body: str) -> Endpoint:
    """Return the endpoint with these directives; there must be no error."""
    parsed = read(body)
    assert not errors(parsed), errors(parsed)
    (found,) = parsed.document.endpoints
    return found


def fields(inside: str) -> tuple[Field, ...]:
    """Return the fields of ``@required {inside}``."""
    return endpoint(f"@required {{{inside}}}").required


def field(inside: str) -> Field:
    """Return the only field of ``@required {inside}``."""
    (found,) = fields(inside)
    return found


def names(found: tuple[Field, ...]) -> list[str]:
    return [item.name for item in found]


def errors(parsed: Parsed) -> list[Diagnostic]:
    return [item for item in parsed.diagnostics if item.severity is Severity.ERROR]


def codes(parsed: Parsed) -> list[str]:
    return [item.code for item in parsed.diagnostics]


def places(parsed: Parsed, code: str) -> list[tuple[int, int]]:
    """Return (line, column) of the diagnostics with this code."""
    return [(item.span.line, item.span.column) for item in parsed.diagnostics if item.code == code]
