"""Errors as the protocols with XML describe them.

Source: Smithy 2.0, "AWS query protocol", "AWS EC2 query protocol" and "AWS restXml protocol", each "Operation error
serialization".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import ServiceError, shown
from ..message.http import Response
from ..shapes.lenient import Unreadable
from .xml import begins, parse
from .xml_names import Structures, facts, local_name, members_of
from .xml_reader import Readers

_ERROR_ROOT = re.compile(rb"<(?:\w+:)?(?:Error|ErrorResponse|Response(?:\s[^>]*)?>\s*<Errors)[\s/>]")
_REQUEST_IDS = ("RequestId", "RequestID", "requestId")


class ErrorReader:
    """Reads the errors of one service."""

    def __init__(self, structures: Structures, readers: Readers) -> None:
        self._names = structures
        self._readers = readers

    def read(
        self, response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
    ) -> ServiceError:
        """Build the error that an error response describes: its modelled class, or ``unknown`` for any other code.

        Without a code in the body, its code is that of the status, ``HTTP404`` for one.
        """
        try:
            root = parse(response.body)
        except ValueError:
            root = Element("")
        element = _error_element(root)
        code = _code(element, response)
        error = self._build(element, errors.get(code) or unknown, code or f"HTTP{response.status}")
        error.request_id = _request_id(root, element)
        if not error.message:
            error.message = _explanation(response, described=bool(code))
        return error

    def _build(self, element: Element, cls: type[ServiceError], code: str) -> ServiceError:
        """Build an error from its members; one that does not fit its type is left out, never raised over."""
        names = members_of(self._names, cls)
        children = {local_name(child.tag): child for child in element}
        members: dict[str, Any] = {}
        for name, (attribute, kind) in cls.wire_members.items():
            xml = facts(names, name)
            child = children.get(xml.name or name)
            if child is None:
                continue
            try:
                members[attribute] = self._readers.reader(kind, xml)(child)
            except (Unreadable, RecursionError):
                continue
        message = next((children[key].text for key in ("Message", "message") if key in children), None)
        return cls(message or "", code=code, **members)


def _error_element(root: Element) -> Element:
    """Return what describes the error: ``Error``, in one of the places where protocols have it, else the root."""
    if local_name(root.tag) == "Error":
        return root
    for child in root:
        name = local_name(child.tag)
        if name == "Error":
            return child
        if name == "Errors":
            return next((each for each in child if local_name(each.tag) == "Error"), root)
    return root


def _code(element: Element, response: Response) -> str:
    found = _child_text(element, ("Code",)) or response.headers.get("x-amzn-errortype") or ""
    return found.partition(":")[0].rpartition("#")[2].strip()


def _request_id(root: Element, element: Element) -> str | None:
    return _child_text(root, _REQUEST_IDS) or _child_text(element, _REQUEST_IDS)


def _child_text(element: Element, names: tuple[str, ...]) -> str | None:
    return next((child.text.strip() for child in element if child.text and local_name(child.tag) in names), None)


def _explanation(response: Response, *, described: bool) -> str:
    """Say what an answer without a message says: where it redirects to, or the beginning of its text."""
    location = response.headers.get("Location")
    if 300 <= response.status < 400 and location:
        return f"redirected to {location}, which is not followed"
    if described or not response.body.strip():
        return ""
    content_type = response.headers.get("Content-Type")
    kind = f" ({shown(content_type, 100)})" if content_type else ""
    text = " ".join(response.body[:1000].decode("utf-8", "backslashreplace").split())
    return f"the response body is not a service error{kind}: '{shown(text[:200], 200)}'"


def is_error(response: Response) -> bool:
    """Say whether the body of a successful response is an error: some operations find out after they have answered."""
    return begins(response.body, _ERROR_ROOT)
