"""Server-sent events, beside a literal transcription of the HTML standard's algorithm."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.stream.payload import ServerSentEvent, SSEDecoder

_PIECES = st.sampled_from(
    [
        *(
            b"data",
            b"event",
            b"id",
            b"retry",
            b"Data",
            b"other",
            b":",
            b": ",
            b" ",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
        ),
        *(
            b"data: a\n",
            b"data:b\r",
            b"data\n",
            b"event: e\n",
            b"id: 7\n",
            b"id\n",
            b"id: \x00\n",
            b"retry: 10\n",
        ),
        *(
            b"retry: 1x\n",
            b"retry: \xd9\xa1\n",
            b"retry:\n",
            b": comment\n",
            b"\xef\xbb\xbf",
            b"\xc3\xa9",
            b"\xe2\x82",
        ),
        *(b"\xff", b"\xe2\x80\xa8", b"\x0b", b"1"),
    ]
)
_STREAMS = st.lists(_PIECES, max_size=25).map(b"".join)


def _reference(stream: bytes) -> list[ServerSentEvent]:
    """HTML standard, section 9.2.6, step by step and character by character (retry goes with the next event)."""
    text = stream.decode("utf-8", "replace")
    if text.startswith("\ufeff"):
        text = text[1:]
    lines, line, index = [], "", 0
    while index < len(text):
        if text[index] in "\r\n":
            lines.append(line)
            line = ""
            if text[index : index + 2] == "\r\n":
                index += 1
        else:
            line += text[index]
        index += 1
    events: list[ServerSentEvent] = []
    data = event = last_id = ""
    retry: int | None = None
    for line in lines:
        if line == "":
            if data != "":
                events.append(ServerSentEvent(event or "message", data[:-1], last_id, retry))
                retry = None
            data = event = ""
            continue
        if line[0] == ":":
            continue
        field, value = line, ""
        if ":" in line:
            field = line[: line.index(":")]
            value = line[line.index(":") + 1 :]
            if value[:1] == " ":
                value = value[1:]
        if field == "event":
            event = value
        elif field == "data":
            data += value + "\n"
        elif field == "id" and "\x00" not in value:
            last_id = value
        elif field == "retry" and value != "" and all(character in "0123456789" for character in value):
            retry = int(value)
    return events


def _events(parts: Iterable[bytes]) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    events = [event for part in parts for event in decoder.feed(part)]
    return events + decoder.close()


@settings(deadline=None, max_examples=examples(300))
@given(_STREAMS, st.lists(st.integers(0), max_size=8))
def test_events_are_the_standard_s_however_they_are_cut(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    expected = _reference(stream)
    assert _events([stream]) == expected
    assert _events(stream[start:end] for start, end in pairwise(edges)) == expected
    assert _events(stream[index : index + 1] for index in range(len(stream))) == expected


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [ServerSentEvent(data="YHOO\n+2\n10")]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [
                ServerSentEvent(data="first event", id="1"),
                ServerSentEvent(data="second event"),
                ServerSentEvent(data=" third event"),
            ],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [ServerSentEvent(data=""), ServerSentEvent(data="\n")]),
        (b"data:test\n\ndata: test\n\n", [ServerSentEvent(data="test"), ServerSentEvent(data="test")]),
        (
            b"event: add\ndata: 73857293\n\nevent: remove\r\ndata: 2153\r\n\r\ndata: x\r\r",
            [
                ServerSentEvent("add", "73857293"),
                ServerSentEvent("remove", "2153"),
                ServerSentEvent(data="x"),
            ],
        ),
        (b"\xef\xbb\xbfdata: after the BOM\n\n", [ServerSentEvent(data="after the BOM")]),
        (b"data: no empty line follows\n", []),
        (b"event: no data\n\ndata: a\n\n", [ServerSentEvent(data="a")]),
        (
            b"id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n",
            [ServerSentEvent(data="a", id="1"), ServerSentEvent(data="b", id="1")],
        ),
        (
            b"retry: 3000\n\ndata: a\n\ndata: b\n\n",
            [ServerSentEvent(data="a", retry=3000), ServerSentEvent(data="b")],
        ),
        (b"retry: " + b"9" * 5000 + b"\ndata: a\n\n", [ServerSentEvent(data="a")]),
    ],
)
def test_the_standard_s_examples_and_corners(stream: bytes, events: list[ServerSentEvent]) -> None:
    for cut in range(min(len(stream), 200) + 1):
        assert _events([stream[:cut], b"", stream[cut:]]) == events


def test_an_event_comes_with_the_first_byte_of_its_empty_line_s_end() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [ServerSentEvent(data="a")]
    assert decoder.feed(b"\ndata: b\n") == []
    assert decoder.feed(b"\n") == [ServerSentEvent(data="b")]


def test_data_is_read_as_json() -> None:
    (event,) = _events([b'data: {"token":\ndata:  "a", "score": NaN}\n\n'])
    assert event.json()["token"] == "a"
    with pytest.raises(ValueError, match="Expecting value"):
        ServerSentEvent(data="[DONE").json()
