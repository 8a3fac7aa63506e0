"""The limit on the size of a line, a JSON value and a server-sent event."""

from __future__ import annotations

import json
from collections.abc import Iterable
from inspect import signature
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.errors import InvalidInput, ItemTooLarge, StreamError
from runtime.stream.payload import Decoder, JSONDecoder, LineDecoder, SSEDecoder

from .stream_clients import KINDS, connected, stub

_CUTS = st.lists(st.integers(0), max_size=8)
_SIZES = st.integers(1, 12)
_LINES = st.lists(st.text("aé\r", max_size=10), max_size=6)


def _cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _run(decoder: Decoder[Any], parts: Iterable[bytes]) -> tuple[list[Any], StreamError | None]:
    items: list[Any] = []
    try:
        for part in parts:
            items += decoder.feed(part)
        items += decoder.close()
    except StreamError as error:
        return items, error
    return items, None


def _fitting(sizes: list[int], limit: int) -> int | None:
    """The index of the first item that is too large."""
    return next((index for index, size in enumerate(sizes) if size > limit), None)


@settings(deadline=None)
@given(_LINES, _CUTS, _SIZES, st.booleans())
def test_lines_before_one_that_is_too_long_come_first(lines: list[str], cuts: list[int], limit: int, end: bool) -> None:
    data = "\n".join(lines).encode() + b"\n" * end
    raw = data.split(b"\n")[:-1] if data.endswith(b"\n") else data.split(b"\n")
    items, error = _run(LineDecoder(limit), _cut(data, cuts))
    whole, _ = _run(LineDecoder(), [data])
    fault = _fitting([len(line) for line in raw], limit)
    assert items == (whole if fault is None else whole[:fault])
    assert (error is None) is (fault is None)
    if fault is not None:
        start = sum(len(line) + 1 for line in raw[:fault])
        said = f"the line at byte {start} has more than {limit} bytes: to accept it, set a larger max_size"
        assert (type(error), str(error)) == (ItemTooLarge, said)


@settings(deadline=None)
@given(st.lists(st.recursive(st.integers() | st.text(max_size=5), st.lists, max_leaves=3), max_size=5), _CUTS, _SIZES)
def test_json_values_before_one_that_is_too_large_come_first(values: list[Any], cuts: list[int], limit: int) -> None:
    written = [json.dumps(value).encode() for value in values]
    items, error = _run(JSONDecoder(limit), _cut(b"  \n".join(written) + b"\n", cuts))
    fault = _fitting([len(value) for value in written], limit)
    assert items == (values if fault is None else values[:fault])
    assert type(error) is (type(None) if fault is None else ItemTooLarge)


@settings(deadline=None)
@given(st.lists(st.lists(st.text("aé", max_size=8), min_size=1, max_size=3), max_size=4), _CUTS, st.integers(6, 30))
def test_events_before_one_that_is_too_large_come_first(events: list[list[str]], cuts: list[int], limit: int) -> None:
    written = [[f"data:{line}".encode() for line in lines] for lines in events]
    data = b"".join(b"\n".join(lines) + b"\n\n: a comment has its own line\n" for lines in written)
    limit = max(limit, len(b": a comment has its own line"))
    items, error = _run(SSEDecoder(limit), _cut(data, cuts))
    fault = _fitting([sum(map(len, lines)) for lines in written], limit)
    assert [item.data for item in items] == ["\n".join(lines) for lines in events[:fault]]
    assert type(error) is (type(None) if fault is None else ItemTooLarge)


@pytest.mark.parametrize("make", [LineDecoder, JSONDecoder, SSEDecoder])
def test_an_item_that_never_ends_is_not_held_for_ever(make: Any) -> None:
    assert signature(make).parameters["max_size"].default == 64 << 20
    decoder = make(1 << 20)
    part = b"[" + b"0" * 0xFFFF
    for _ in range(16):
        assert decoder.feed(part) == []
    with pytest.raises(ItemTooLarge, match="has more than 1,048,576 bytes"):
        decoder.feed(b"0")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "body"), [("iter_lines", b"abc"), ("iter_json", b'"abc"'), ("iter_sse", b"data:a")])
def test_the_limit_is_an_argument(archive: ModuleType, kind: str, method: str, body: bytes) -> None:
    script = stub(kind, archive)
    script.respond([body + b"\n\n"])
    script.respond([body + b"\n\n"])
    with connected(kind, archive, transport=script) as client:
        with client.get_object(key="k") as stream:
            with pytest.raises(archive.InvalidInput, match="max_size must be a number of bytes, 1 or more, not 0"):
                getattr(stream, method)(max_size=0)
            assert list(getattr(stream, method)(max_size=len(body)))
        with client.get_object(key="k") as stream, pytest.raises(archive.ItemTooLarge) as caught:
            list(getattr(stream, method)(max_size=len(body) - 1))
    assert caught.value.operation == "GetObject"
    assert script.responses[1].closed


@pytest.mark.parametrize("size", [0, -1, True, 1.5, None, "1"])
def test_limits_that_are_none(size: Any) -> None:
    with pytest.raises(InvalidInput, match="max_size must be a number of bytes"):
        LineDecoder(size)
