"""Bodies of responses as XML, and what is wrong with those that cannot be read."""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast
from xml.etree.ElementTree import Element

import msgspec

from ..errors import InvalidResponse, shown
from ..message.http import Response, describe_body
from ..shapes.lenient import Unreadable
from .xml import parse
from .xml_names import local_name
from .xml_reader import Readers

T = TypeVar("T")

_PAGE = re.compile(rb"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)


def read_root(response: Response) -> Element:
    """Return the root element of a body. Raises :class:`InvalidResponse` when it is not XML."""
    try:
        return parse(response.body)
    except ValueError as error:
        raise _unreadable(response, error) from error


def read_document(readers: Readers, shape: type[T], element: Element, response: Response) -> T:
    """Read a structure from an element of a response.

    Raises :class:`InvalidResponse`, naming the member, for a value that does not fit its type.
    """
    structure = cast("type[msgspec.Struct]", shape)
    try:
        found: T = readers.structure(structure).read(element)
    except (Unreadable, RecursionError) as error:
        problem: Any = error if isinstance(error, Unreadable) else "it is nested too deeply"
        raise _unreadable(response, problem) from error
    return found


def foreign_root(response: Response, root: Element, expected: str) -> InvalidResponse:
    """Return the error for a document that is not the operation's: ``expected`` says what its root must be."""
    found = f"<{shown(local_name(root.tag), 100)}>" if root.tag else "an empty body"
    return _unreadable(response, f"it must be {expected}, not {found}")


def _unreadable(response: Response, problem: object) -> InvalidResponse:
    """Show of a page how it begins, and of a service's own answer, which may hold secrets, only what it is."""
    content_type = response.headers.get("Content-Type")
    came = f"{shown(content_type, 100)}, {len(response.body)} bytes" if content_type else f"{len(response.body)} bytes"
    if _PAGE.match(response.body):
        came = describe_body(response.body, response.headers)
    return InvalidResponse(f"the response body cannot be read: {problem} ({came})")
