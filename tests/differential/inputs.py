"""Arguments of operations, drawn from botocore's models: by member name, as botocore takes them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.utils import is_json_value_header
from differential.depth import Depths, is_union
from hypothesis import strategies as st

DEEP = 3
"""Below this many structures only what is required is drawn."""

MOMENTS = st.builds(
    lambda seconds, micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros),
    st.integers(0, 4_000_000_000),
    st.just(0) | st.integers(0, 999_999),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r"),
    max_size=8,
)
"""What XML can hold: no control characters, which clients refuse and botocore sends all the same."""
# No backslash: RFC 9110 wants it escaped in a quoted list item, which botocore does not do.
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), max_size=8)
TOKEN = st.text("abcXYZ019-_", min_size=1, max_size=6)
HOST_LABEL = st.text("abcxyz019", min_size=1, max_size=6)
LABEL = TEXT.filter(lambda text: bool(text) and {".", ".."}.isdisjoint(text.split("/")))
_ACCOUNT = "us-west-2:123456789012"
ENDPOINT_PARAMETERS = {
    "ChannelARN": f"arn:aws:kinesis:{_ACCOUNT}:channel/c",
    "ConsumerARN": f"arn:aws:kinesis:{_ACCOUNT}:stream/s/consumer/c:1",
    "EndpointId": "abc.123",
    "EventBusArn": f"arn:aws:events:{_ACCOUNT}:event-busv2/b",
    "KvsARN": "arn:aws:cloudfront::123456789012:key-value-store/63947952-6ed1-4b1f-9f5b-3a6c1a3d8e1f",
    "QueueARN": f"arn:aws:kinesis:{_ACCOUNT}:queue/q",
    "ResourceARN": f"arn:aws:kinesis:{_ACCOUNT}:stream/s",
    "ResourceArn": f"arn:aws:dynamodb:{_ACCOUNT}:table/t",
    "ShardIterator": f"arn:aws:dynamodb:{_ACCOUNT}:table/t/stream/2024-05-01T00:00:00.000|1|x",
    "SpaceId": "sp-0123456789ab",
    "StreamARN": f"arn:aws:kinesis:{_ACCOUNT}:stream/s",
    "StreamArn": f"arn:aws:dynamodb:{_ACCOUNT}:table/t/stream/2024-05-01T00:00:00.000",
    "StreamId": "abcdefghij0123456789-abc",
}
"""A value that a service's endpoint rules take, by the parameter that it is for."""
WRONG_PARAMETERS = ("plain", "arn:aws:s3:us-west-2:123456789012:x/y")
NUMBERS = [0.0, -1.5, 1e22, 1e-7, math.inf, -math.inf, math.nan]
SINGLE = st.floats(width=32) | st.sampled_from([value for value in NUMBERS if value not in (1e22, 1e-7)])
DOUBLE = st.floats() | st.sampled_from(NUMBERS)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "character": TEXT,
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": SINGLE,
    "double": DOUBLE,
    "boolean": st.booleans(),
    "blob": st.binary(max_size=8),
    "timestamp": MOMENTS,
}


@st.composite
def arguments(
    draw: st.DrawFn, operation: OperationModel, depths: Depths, *, full: bool = False, wrong: bool = False
) -> dict[str, Any]:
    """Draw arguments: the required and some of the optional ones, or all of them if ``full``.

    ``wrong``: such also as the service's endpoint rules refuse.
    """
    shape = operation.input_shape
    text = XML_TEXT if operation.service_model.resolved_protocol == "rest-xml" else TEXT
    return _Inputs(draw, depths, text, full=full, wrong=wrong).members(shape, 0) if shape else {}


class _Inputs:
    def __init__(
        self, draw: st.DrawFn, depths: Depths, text: st.SearchStrategy[str], *, full: bool, wrong: bool
    ) -> None:
        self._draw, self._depths, self._text, self._full, self._wrong = draw, depths, text, full, wrong

    def members(self, shape: Any, depth: int) -> dict[str, Any]:
        """Draw the members of a structure; of a union exactly one."""
        if is_union(shape) and shape.members:
            names = sorted(shape.members, key=lambda name: self._depths.of(shape.members[name]))
            name = names[0] if depth >= DEEP else self._draw(st.sampled_from(names))
            return {name: self._value(shape.members[name], depth + 1, None)}
        required = set(shape.required_members)
        chosen = {}
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            if member.serialization.get("eventstream"):
                continue
            needed = name in required or location == "uri" or _host_label(member)
            if needed or (depth < DEEP and (self._full or self._draw(st.booleans()))):
                chosen[name] = self._value(member, depth + 1, location)
        return chosen

    def _value(self, shape: Any, depth: int, location: str | None) -> Any:
        """Draw a value that travels at ``location``, or in the body."""
        match shape.type_name:
            case "structure" if shape.is_document_type:
                return self._draw(JSON.filter(lambda value: value is not None))
            case "structure":
                return self.members(shape, depth)
            case "list":
                return [self._value(shape.member, depth + 1, location) for _ in range(self._size(depth))]
            case "map":
                keys = [self._draw(self._key(location)) for _ in range(self._size(depth))]
                return {key: self._value(shape.value, depth + 1, location) for key in keys}
            case _:
                return self._draw(self._scalar(shape, location))

    def _size(self, depth: int) -> int:
        return 0 if depth > DEEP else self._draw(st.integers(1 if self._full else 0, 2))

    def _scalar(self, shape: Shape, location: str | None) -> st.SearchStrategy[Any]:
        if is_json_value_header(shape):
            return JSON.filter(lambda value: value is not None)
        if "contextParam" in shape.metadata:
            good = ENDPOINT_PARAMETERS[shape.metadata["contextParam"]["name"]]
            return st.sampled_from([good, good, good, *WRONG_PARAMETERS]) if self._wrong else st.just(good)
        if shape.type_name != "string":
            return _SCALARS[shape.type_name]
        if _host_label(shape):
            return HOST_LABEL
        if location == "uri":
            return LABEL
        return VISIBLE if location in ("header", "headers") else self._text

    def _key(self, location: str | None) -> st.SearchStrategy[str]:
        """Keys of a map: those of a header map become names, in which case has no meaning, and those of a query may not
        hide another parameter."""
        if location == "headers":
            return TOKEN.map(str.lower)
        return TOKEN.map("key-".__add__) if location == "querystring" else self._text


def _host_label(shape: Any) -> bool:
    return bool(shape.serialization.get("hostLabel"))
