"""Outputs as the responses that a service would send them in, for tests of code that uses a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from ..codec.request_text import expanded, header_list, json_header
from ..codec.response_headers import read_json_header
from ..errors import ServiceError
from ..message.http import HeaderList


class OutputForm(msgspec.Struct, frozen=True):
    """How an operation's output travels: which attribute is the payload, the status or in which header.

    ``headers``, ``json_headers`` and ``prefixes`` map a header, or what headers begin with, to an attribute. The body's
    members are in ``body``, by name on the wire; None: all of the output is in the body. ``elements`` are those of XML
    around the members, the outermost first, where the protocol says what they are.
    """

    operation: str
    elements: tuple[str, ...] = ()
    payload: str | None = None
    body: Mapping[str, str] | None = None
    headers: Mapping[str, str] = {}
    json_headers: Mapping[str, str] = {}
    prefixes: Mapping[str, str] = {}
    status: str | None = None

    def write(self, output: Any, encode: Callable[..., bytes]) -> tuple[int, HeaderList, bytes]:
        """Return the status, headers and body of an output; ``encode`` writes a value of a type for the protocol."""
        status = getattr(output, self.status) if self.status else None
        return status or output.metadata.status, self._headers(output), self._body(output, encode)

    def _headers(self, output: Any) -> HeaderList:
        parts: list[tuple[str, str, Any, Any]] = [
            (header, name, getattr(output, name), Any) for header, name in self.headers.items()
        ]
        for header, name in self.json_headers.items():
            parts.append((header, name, json_header(getattr(output, name), name), str))
        for start, name in self.prefixes.items():
            parts += expanded(start, name, getattr(output, name), str)
        return header_list(*parts)

    def _body(self, output: Any, encode: Callable[..., bytes]) -> bytes:
        if self.elements:
            body = encode(type(output), output, self.elements[-1])
            for name in reversed(self.elements[:-1]):
                body = b"<%b>%b</%b>" % (name.encode(), body, name.encode())
            return body
        if self.payload is not None:
            value = getattr(output, self.payload)
            if isinstance(value, str):
                return value.encode()
            return b"" if value is None else value if isinstance(value, bytes) else encode(type(value), value)
        if not self.body:
            return encode(type(output), output) if self.body is None else b""
        shape = cast("type[msgspec.Struct]", type(output))
        kinds: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(shape)}
        given = {wire: getattr(output, name) for wire, name in self.body.items()}
        return encode_members({wire: (kinds[name], given[wire]) for wire, name in self.body.items()}, encode)


def error_headers(error: ServiceError) -> HeaderList:
    """Return the members of an error that are response headers."""
    parts: list[tuple[str, str, Any, Any]] = []
    for header, (attribute, read) in error.header_members.items():
        value = getattr(error, attribute)
        given = json_header(value, attribute) if read is read_json_header else value
        parts.append((header, attribute, given, Any))
    return header_list(*parts)


def encode_members(members: Mapping[str, tuple[Any, Any]], encode: Callable[[Any, Any], bytes]) -> bytes:
    """Encode members, wire name -> type and value, as a structure has them; those that are None are left out."""
    given = {wire: (kind, value) for wire, (kind, value) in members.items() if value is not None}
    fields = [(f"m{at}", kind, msgspec.field(name=wire)) for at, (wire, (kind, _)) in enumerate(given.items())]
    shape = msgspec.defstruct("Members", fields)
    return encode(shape, {wire: value for wire, (_, value) in given.items()})
