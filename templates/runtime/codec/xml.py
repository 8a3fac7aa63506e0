"""XML documents, parsed by the standard library's ElementTree, which is written in C.

A document type is refused before anything is parsed: services send none, and with it end entities that expand to
gigabytes or name files.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, XMLParser

_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\r\n]++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE")
_UTF_16 = {b"\xfe\xff": "utf-16-be", b"\xff\xfe": "utf-16-le"}


def parse(body: bytes) -> Element:
    """Parse a document; nothing at all is an element without a name.

    The encoding is UTF-8, or UTF-16 where the first two bytes say so, whatever the document says of itself: then what
    stands before the root element can be read here as the parser will read it.
    Raises :class:`ValueError`, saying in which line, for what is not well-formed, and for a document type.
    """
    if not body:
        return Element("")
    if body[:1] != b"<" or body[1:2] == b"\0":
        body = _utf_8(body)
    if begins(body, _DOCTYPE):
        raise ValueError("XML with a DOCTYPE is rejected")
    parser = XMLParser(encoding="utf-8")
    try:
        parser.feed(body)
        return parser.close()
    except ParseError as error:
        raise ValueError(f"it is not well-formed XML: {error}") from None


def begins(body: bytes, start: re.Pattern[bytes]) -> bool:
    """Say whether a document in UTF-8 goes on with ``start`` after white space, comments and instructions."""
    prolog = _PROLOG.match(body)
    return prolog is not None and start.match(body, prolog.end()) is not None


def _utf_8(body: bytes) -> bytes:
    """Return a document in UTF-8: expat would find out by itself that it is UTF-16."""
    head = body[:2]
    encoding = _UTF_16.get(head) or ("utf-16-be" if head[:1] == b"\0" else "utf-16-le" if head[1:] == b"\0" else None)
    if encoding is None:
        return body
    try:
        return body.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        raise ValueError(f"it is not well-formed UTF-16: {error}") from None
