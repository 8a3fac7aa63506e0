"""The named rules that say where a member of a REST operation travels when the bindings do not.

Each use is reported, and is the member's provenance in the IR. In the order in which they are tried:

label-exact-name        the path has a placeholder of exactly this name
label-normalized-name   ... of this name, but for case and punctuation
label-partial-name      ... whose name begins or ends this one, or the reverse (``{name}`` and ``FunctionName``)
label-position          as many placeholders are left as required scalars; only for AWS, whose specs list every path
                        parameter, and for methods without a body, where such a scalar could only be in the query
query-placeholder       the query string of the path has a placeholder of this name
header-like-name        ``X-…``, or a request header of RFC 9110 with a hyphen, or ``Accept``
query-by-method         GET, HEAD and DELETE have no body
sole-blob-payload       bytes that would be alone in the body are the body
body-by-default         everything else
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lapsmith.ir.model import Location
from lapsmith.ir.wire import is_token
from lapsmith.lap.tree import Field, ListOf, MapOf, Named

BODILESS = frozenset(("GET", "HEAD", "DELETE"))
_HEADERS = frozenset(
    (
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "user-agent",
    )
)


def is_header_like(name: str) -> bool:
    """Whether a member's name reads like a request header's."""
    folded = name.casefold()
    return is_token(name) and (folded in _HEADERS or (folded.startswith("x-") and len(name) > 2))


def normalized(name: str) -> str:
    """Fold case and drop punctuation: ``resource-arn`` and ``ResourceARN`` are one."""
    return re.sub(r"[\W_]", "", name).casefold()


def match_labels(labels: Sequence[str], fields: Sequence[Field], by_position: bool) -> dict[str, tuple[str, str]]:
    """Find members for the placeholders ``labels``: member name to (placeholder, rule).

    ``fields`` are the required members that the bindings do not place. Only scalars can be labels. ``by_position``
    allows the rule of that name.
    """
    left = [field for field in fields if _is_scalar(field)]
    found: dict[str, tuple[str, str]] = {}

    def take(label: str, candidates: Iterable[Field], rule: str) -> None:
        chosen = list(candidates)
        if len(chosen) == 1:
            found[chosen[0].name] = (label, rule)
            left.remove(chosen[0])

    for label in labels:
        take(label, [field for field in left if field.name == label], "label-exact-name")
    for label in _unmatched(labels, found):
        same = [field for field in left if normalized(field.name) == normalized(label)]
        take(label, same, "label-normalized-name")
    for label in _unmatched(labels, found):
        take(label, [field for field in left if _is_part(field.name, label)], "label-partial-name")
    open_labels = _unmatched(labels, found)
    free = [field for field in left if not is_header_like(field.name)]
    if by_position and len(free) == len(open_labels):
        found.update({field.name: (label, "label-position") for label, field in zip(open_labels, free, strict=True)})
    return found


def _unmatched(labels: Sequence[str], found: dict[str, tuple[str, str]]) -> list[str]:
    taken = {label for label, _ in found.values()}
    return [label for label in labels if label not in taken]


def _is_part(name: str, label: str) -> bool:
    a, b = sorted((normalized(name), normalized(label)), key=len)
    return bool(a) and (b.endswith(a) or b.startswith(a))


def _is_scalar(field: Field) -> bool:
    kind = field.type
    return not isinstance(kind, ListOf | MapOf | Named) and kind.children is None and kind.name not in ("map", "bytes")


def by_name_and_method(name: str, method: str) -> tuple[Location, str]:
    """Place a member that is no label: the rules from ``header-like-name`` on, but for payloads."""
    if is_header_like(name):
        return Location.HEADER, "header-like-name"
    if method in BODILESS:
        return Location.QUERY, "query-by-method"
    return Location.BODY, "body-by-default"
