"""Errors as services describe them, whatever the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ServiceError, shown
from ..message.http import Response
from ..shapes import lenient

_WITHOUT_MEMBERS = (b"", b"{}", b"\xa0", b"\xbf\xff")


def rest_error(
    response: Response,
    document: Mapping[str, Any],
    errors: Mapping[str, type[ServiceError]],
    unknown: type[ServiceError],
) -> ServiceError:
    """Build the error that a REST service describes by the members in ``document``.

    Its class is found in ``errors`` by the code in the header ``x-amzn-errortype``, else in the body; ``unknown`` is
    the class of any other code.
    """
    return _build_found(response, document, _rest_codes(response, document), errors, unknown)


def rpc_error(
    response: Response,
    document: Mapping[str, Any],
    errors: Mapping[str, type[ServiceError]],
    unknown: type[ServiceError],
) -> ServiceError:
    """Build the error that an RPC service describes by the members in ``document``; see :func:`rest_error`.

    Its class is found by ``__type``, else as for REST. A service that spoke the Query protocol once sends its code of
    then too, in the header ``x-amzn-query-error``, and it is the one to show.
    """
    codes = (document.get("__type"), *_rest_codes(response, document))
    return _build_found(response, document, codes, errors, unknown, _query_code(response))


def _rest_codes(response: Response, document: Mapping[str, Any]) -> tuple[Any, ...]:
    header = response.headers.get("x-amzn-errortype")
    return header, document.get("code"), document.get("Code"), document.get("__type")


def _build_found(
    response: Response,
    document: Mapping[str, Any],
    candidates: Iterable[Any],
    errors: Mapping[str, type[ServiceError]],
    unknown: type[ServiceError],
    query_code: str = "",
) -> ServiceError:
    name = next((code for found in candidates if (code := _code(found))), "")
    cls = errors.get(name) or errors.get(query_code) or unknown
    error = build_error(cls, document, code=query_code or name or f"HTTP{response.status}")
    if not error.message:
        error.message = _explanation(response, document, has_code=bool(query_code or name))
    return error


def _code(found: Any) -> str:
    """Return a code without its namespace, and without the URI that may follow it."""
    return found.partition(":")[0].rpartition("#")[2].strip() if isinstance(found, str) else ""


def _query_code(response: Response) -> str:
    code, separator, kind = (response.headers.get("x-amzn-query-error") or "").partition(";")
    return code if separator and ";" not in kind else ""


def _explanation(response: Response, document: Mapping[str, Any], *, has_code: bool) -> str:
    """Say what a response without a message says: where it redirects to, or the beginning of its text."""
    location = response.headers.get("Location")
    if 300 <= response.status < 400 and location:
        return f"redirected to {location}, which is not followed"
    if (document and has_code) or response.body.strip() in _WITHOUT_MEMBERS:
        return ""
    if document:
        return f"the response has no code and no message: {_begin(response.body)}"
    content_type = response.headers.get("Content-Type")
    kind = f" ({shown(content_type, 100)})" if content_type else ""
    return f"the response body is not a service error{kind}: '{_begin(response.body)}'"


def _begin(body: bytes) -> str:
    text = " ".join(body[:1000].decode("utf-8", "backslashreplace").split())
    return f"{shown(text[:200], 200)}{'...' if len(text) > 200 else ''}"


def build_error(cls: type[ServiceError], document: Mapping[str, Any], *, code: str) -> ServiceError:
    """Build an error from its members by wire name; one that does not fit its type is left out, never raised over."""
    members: dict[str, Any] = {}
    for name, (attribute, kind) in cls.wire_members.items():
        try:
            members[attribute] = lenient.read(document.get(name), kind)
        except (lenient.Unreadable, RecursionError):
            continue
    return cls(_message(document), code=code, **members)


def _message(document: Mapping[str, Any]) -> str:
    for key in ("message", "Message", "errorMessage"):
        if isinstance(text := document.get(key), str):
            return text
    return ""
