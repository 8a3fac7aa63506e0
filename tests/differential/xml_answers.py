"""Responses in XML, drawn from botocore's models: well-formed ones, and such as AWS asks clients to bear with."""

from __future__ import annotations

import base64
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from botocore.model import OperationModel
from differential.depth import Depths
from differential.inputs import DEEP, XML_TEXT
from differential.oracle import Answer
from hypothesis import strategies as st

XML = frozenset({"query", "ec2", "rest-xml"})
"""The protocols whose responses are XML, by botocore's names."""
UNKNOWN = "UnknownToTheModel"
_REQUEST = "request-1"
_SPACE = ("", "", "\n  ", "\t", "<!-- nothing to see -->", "<?note nothing?>")


class Document:
    """Draws documents. ``ill``: with unknown elements, white space, comments, CDATA, any order and any form of date."""

    def __init__(self, draw: st.DrawFn, depths: Depths, dates: Any, *, ill: bool, full: bool = False) -> None:
        self._draw, self._depths, self._dates, self._ill, self._full = draw, depths, dates, ill, full

    def element(self, name: str, content: str, attributes: str = "") -> str:
        """Return an element; an empty one may be spelled in two ways."""
        if not content and self._chance(2):
            return f"<{name}{attributes}/>"
        return f"<{name}{attributes}>{content}</{name}>"

    def structure(self, shape: Any, depth: int = 0) -> tuple[str, str]:
        """Draw the content and the attributes of an element that is a structure."""
        members = {name: m for name, m in shape.members.items() if "location" not in m.serialization}
        if shape.is_tagged_union and members:
            names = sorted(members, key=lambda name: self._depths.of(members[name]))
            name = names[0] if depth >= DEEP else self._draw(st.sampled_from(names))
            if self._ill and self._chance(6):
                return self.element(UNKNOWN, "x"), ""
            return self._member(name, members[name], depth), ""
        parts, attributes = [], ""
        for name, member in members.items():
            needed = name in shape.required_members and not self._ill
            if not needed and not (depth < DEEP and (self._full or self._chance(2))):
                continue
            if member.serialization.get("xmlAttribute"):
                attributes += self._attribute(member, name)
            else:
                parts.append(self._member(name, member, depth))
        if self._ill:
            parts += [self.element(UNKNOWN, "<a><b>1</b></a>")] * self._draw(st.integers(0, 2))
            parts = self._draw(st.permutations(parts))
            parts = [self._draw(st.sampled_from(_SPACE)) + part for part in parts]
        return "".join(parts), attributes

    def _attribute(self, member: Any, name: str) -> str:
        spelled = member.serialization.get("name", name)
        prefix = spelled.partition(":")[0] if ":" in spelled else None
        declared = f' xmlns:{prefix}="http://example.com/{prefix}"' if prefix else ""
        return f"{declared} {spelled}={quoteattr(self._text(member))}"

    def _member(self, name: str, member: Any, depth: int) -> str:
        spelled = _key_name(member, name)
        if member.type_name == "list" and member.serialization.get("flattened"):
            return "".join(self._value(spelled, member.member, depth + 1) for _ in range(self._size(depth, 1)))
        if member.type_name == "map" and member.serialization.get("flattened"):
            return "".join(self._entries(spelled, member, depth))
        return self._value(spelled, member, depth)

    def _value(self, name: str, shape: Any, depth: int) -> str:
        match shape.type_name:
            case "structure":
                return self.element(name, *self.structure(shape, depth + 1))
            case "list":
                item = shape.member.serialization.get("name", "member")
                items = [self._value(item, shape.member, depth + 1) for _ in range(self._size(depth))]
                return self.element(name, "".join(items))
            case "map":
                return self.element(name, "".join(self._entries("entry", shape, depth)))
            case _:
                return self.element(name, self._spelled(self._text(shape)))

    def _entries(self, name: str, shape: Any, depth: int) -> list[str]:
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        keys = self._draw(st.lists(XML_TEXT, min_size=1, max_size=self._size(depth, 1), unique=True))
        return [
            self.element(name, self.element(key, escape(each)) + self._value(value, shape.value, depth + 1))
            for each in keys
        ]

    def _spelled(self, text: str) -> str:
        if self._ill and text and "]]>" not in text and "\r" not in text and self._chance(4):
            return f"<![CDATA[{text}]]>"
        spelled = escape(text, {"\r": "&#13;"})
        return f"{spelled}<!-- {len(text)} -->" if self._ill and text and self._chance(6) else spelled

    def _text(self, shape: Any) -> str:
        match shape.type_name:
            case "integer":
                return str(self._draw(st.integers(-(2**31), 2**31 - 1)))
            case "long":
                return str(self._draw(st.integers(-(2**63), 2**63 - 1)))
            case "boolean":
                return self._draw(st.sampled_from(["true", "false"]))
            case "float" | "double":
                return self._draw(st.floats().map(repr) | st.sampled_from(["NaN", "Infinity", "-Infinity", "1", "1e3"]))
            case "blob":
                return base64.b64encode(self._draw(st.binary(max_size=8))).decode()
            case "timestamp":
                return str(self._draw(self._dates))
            case _:
                return self._draw(XML_TEXT)

    def _size(self, depth: int, least: int = 0) -> int:
        return least if depth > DEEP else self._draw(st.integers(1 if self._full else least, 2))

    def _chance(self, of: int) -> bool:
        return self._draw(st.integers(1, of)) == of

    def document(self, name: str, content: str, attributes: str = "") -> bytes:
        """Draw what is around a root element."""
        namespaces = ["", ' xmlns="http://service.amazonaws.com/doc/2010-01-01/"']
        namespace = self._draw(st.sampled_from([*namespaces, ' xmlns="urn:wrong"'] if self._ill else namespaces))
        head = self._draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>\n']))
        if self._ill:
            head += self._draw(st.sampled_from(["", "\n\n", "<!-- a comment -->"])) if head else ""
        return f"{head}{self.element(name, content, attributes + namespace)}".encode()


def _key_name(member: Any, name: str) -> str:
    if member.type_name == "list" and member.serialization.get("flattened") and "name" in member.member.serialization:
        return str(member.member.serialization["name"])
    return str(member.serialization.get("name", name))


def body(document: Document, operation: OperationModel, protocol: str) -> bytes:
    """Draw the body of a successful response, all of which is a document."""
    shape = operation.output_shape
    content, attributes = document.structure(shape) if shape else ("", "")
    if protocol == "query":
        content = document.element(f"{operation.name}Result", content, attributes) if shape else ""
        content += f"<ResponseMetadata><RequestId>{_REQUEST}</RequestId></ResponseMetadata>"
        return document.document(f"{operation.name}Response", content)
    if protocol == "ec2":
        return document.document(f"{operation.name}Response", f"<requestId>{_REQUEST}</requestId>{content}")
    return document.document(f"{operation.name}Result", content, attributes)


def payload(document: Document, shape: Any) -> bytes:
    """Draw a body that is one structure."""
    content, attributes = document.structure(shape)
    return document.document(shape.serialization.get("name", shape.name), content, attributes)


def error_body(document: Document, draw: st.DrawFn, code: str, members: str, protocol: str) -> bytes:
    """Draw the body of an error."""
    kind = draw(st.sampled_from(["", "<Type>Sender</Type>"]))
    described = f"{kind}<Code>{code}</Code><Message>{escape(draw(XML_TEXT))}</Message>{members}"
    if protocol == "ec2":
        content = f"<Errors><Error>{described}</Error></Errors><RequestID>{_REQUEST}</RequestID>"
        return document.document("Response", content)
    if protocol == "rest-xml" and draw(st.booleans()):
        return f"<Error>{described}<RequestId>{_REQUEST}</RequestId></Error>".encode()
    return document.document("ErrorResponse", f"<Error>{described}</Error><RequestId>{_REQUEST}</RequestId>")


@st.composite
def stray(draw: st.DrawFn, protocol: str, document: Document) -> Answer:
    """Draw a failure that no model knows: of a proxy, of a load balancer, with another code, or with nothing."""
    status = draw(st.sampled_from([400, 403, 404, 429, 500, 502, 503]))
    headers = [("x-amz-request-id", _REQUEST)]
    if draw(st.booleans()):
        code = draw(st.sampled_from(["NeverHeardOf", "Throttling", "AccessDenied"]))
        return Answer(status, headers, error_body(document, draw, code, "", protocol))
    bodies = [b"", b"<html><body>Bad gateway</body></html>", b"upstream connect error", b"<Error><Code>", b"<x/>"]
    return Answer(status, [], draw(st.sampled_from(bodies)))
