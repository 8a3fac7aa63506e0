"""Event stream frames: published vectors, botocore as the judge, every split, and what is refused."""

from __future__ import annotations

import binascii
import json
import pickle
import struct
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime import errors
from runtime.errors import ChecksumMismatch, InvalidInput, StreamError, TruncatedStream
from runtime.stream import checksum, eventstream
from runtime.stream.eventstream import (
    MAX_HEADERS_LENGTH,
    MAX_MESSAGE_LENGTH,
    Byte,
    EventStreamDecoder,
    HeaderValue,
    Long,
    Message,
    Short,
    Timestamp,
    encode_message,
)

_VECTORS = json.loads((Path(__file__).parent / "vectors" / "eventstream.json").read_text("utf-8"))
_GOOD = [pytest.param(vector, id=vector["name"]) for vector in _VECTORS["good"]]
_BAD = [pytest.param(vector, id=vector["name"]) for vector in _VECTORS["bad"]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_READ: dict[str, Callable[[Any], HeaderValue]] = {
    "bool": bool,
    "byte": Byte,
    "short": Short,
    "integer": int,
    "long": Long,
    "bytes": bytes.fromhex,
    "string": str,
    "timestamp": lambda value: _EPOCH + timedelta(milliseconds=value),
    "uuid": UUID,
}
_TIMES = st.integers(-62_135_596_800_000, 253_402_300_799_999).map(lambda ms: _EPOCH + timedelta(milliseconds=ms))
_KINDS = st.sampled_from([bytes, bytearray, memoryview])
_VALUES: st.SearchStrategy[HeaderValue] = st.one_of(
    st.booleans(),
    st.integers(-(2**7), 2**7 - 1).map(Byte),
    st.integers(-(2**15), 2**15 - 1).map(Short),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Long),
    st.binary(max_size=20),
    st.text(max_size=20),
    _TIMES,
    st.sampled_from([Timestamp(2**63 - 1), Timestamp(-(2**63))]),
    st.uuids(),
)
_HEADERS = st.dictionaries(st.text(min_size=1, max_size=12), _VALUES, max_size=5)
_CRUMBS = st.sampled_from([1, 8, 512])
"""Chunks below this length are gathered; all of them here are small."""
_MESSAGES = st.builds(Message, _HEADERS, st.binary(max_size=40))


def _frame(block: bytes, payload: bytes = b"", *, total: int | None = None, headers: int | None = None) -> bytes:
    """Frame a header block as it is, with right checksums over lengths that may be wrong."""
    lengths = struct.pack(
        ">II",
        len(block) + len(payload) + 16 if total is None else total,
        len(block) if headers is None else headers,
    )
    body = lengths + struct.pack(">I", binascii.crc32(lengths)) + block + payload
    return body + struct.pack(">I", binascii.crc32(body))


def _collect(decoder: EventStreamDecoder, chunks: Iterable[bytes], seen: list[Message]) -> None:
    for chunk in chunks:
        seen += decoder.feed(chunk)
    decoder.close()


def _decode(chunks: Iterable[bytes]) -> list[Message]:
    messages: list[Message] = []
    _collect(EventStreamDecoder(), chunks, messages)
    return messages


def _cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _plain(value: HeaderValue) -> Any:
    """Return a value as botocore decodes it."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(milliseconds=1)
    return value.bytes if isinstance(value, UUID) else value


@pytest.mark.parametrize("vector", _GOOD)
def test_published_frames_decode_and_encode(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    headers = {name: _READ[value["type"]](value["value"]) for name, value in vector["headers"].items()}
    (message,) = _decode([frame])
    assert message == Message(headers, vector["payload"].encode())
    assert [type(value) for value in message.headers.values()] == [type(value) for value in headers.values()]
    assert encode_message(headers, vector["payload"].encode()) == frame
    assert encode_message(message.headers, message.payload) == frame


@pytest.mark.parametrize("vector", _BAD)
def test_published_bad_frames_are_refused(vector: dict[str, Any]) -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(bytes.fromhex(vector["frame"])) == []
    assert type(decoder.error) is getattr(errors, vector["error"])
    with pytest.raises(getattr(errors, vector["error"])):
        decoder.close()


@settings(deadline=None)
@given(_MESSAGES)
def test_what_is_encoded_decodes_alike_here_and_in_botocore(message: Message) -> None:
    frame = encode_message(message.headers, message.payload)
    (decoded,) = _decode([frame])
    assert decoded == message
    assert [type(value) for value in decoded.headers.values()] == [type(value) for value in message.headers.values()]
    assert encode_message(decoded.headers, decoded.payload) == frame
    buffer = EventStreamBuffer()
    buffer.add_data(frame)
    (theirs,) = buffer
    assert theirs.headers == {name: _plain(value) for name, value in message.headers.items()}
    assert theirs.payload == message.payload


@pytest.mark.parametrize("vector", _GOOD)
def test_every_split_of_a_frame_decodes_alike(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    whole = _decode([frame])
    for cut in range(len(frame) + 1):
        assert _decode([frame[:cut], b"", frame[cut:]]) == whole
    assert _decode(frame[index : index + 1] for index in range(len(frame))) == whole


def test_a_chunk_that_ends_with_a_known_head_after_a_frame_with_a_longer_one() -> None:
    messages = [Message({"a": 1}, b"one"), Message({"longer": "than a"}, b"two"), Message({"a": 1}, b"six")]
    stream = b"".join(encode_message(message.headers, message.payload) for message in messages)
    for cut in range(len(stream) + 1):
        assert _decode([stream[:cut], stream[cut:]]) == messages, cut


@settings(deadline=None)
@given(
    st.lists(_MESSAGES, max_size=6),
    st.lists(st.integers(0), max_size=8),
    st.sampled_from([bytes, bytearray, memoryview]),
    _CRUMBS,
)
def test_every_split_of_a_stream_decodes_alike(
    messages: list[Message], cuts: list[int], kind: type[bytes], crumb: int
) -> None:
    stream = b"".join(encode_message(message.headers, message.payload) for message in messages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eventstream, "_CRUMB", crumb)
        assert _decode(kind(chunk) for chunk in _cut(stream, cuts)) == messages


@settings(deadline=None)
@given(st.lists(_MESSAGES, max_size=3), _MESSAGES, st.data(), _CRUMBS)
def test_messages_before_a_bad_frame_come_first_however_it_is_cut(
    good: list[Message], bad: Message, data: st.DataObject, crumb: int
) -> None:
    stream = b"".join(encode_message(message.headers, message.payload) for message in good)
    frame = bytearray(encode_message(bad.headers, bad.payload))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    chunks = _cut(stream + bytes(frame), data.draw(st.lists(st.integers(0), max_size=4)))
    decoder = EventStreamDecoder()
    seen: list[Message] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eventstream, "_CRUMB", crumb)
        with pytest.raises(ChecksumMismatch, match=f"at byte {len(stream)}") as caught:
            _collect(decoder, chunks, seen)
    assert seen == good
    for again in (decoder.close, lambda: decoder.feed(b"")):
        with pytest.raises(ChecksumMismatch) as repeated:
            again()
        assert repeated.value is caught.value is decoder.error


@pytest.mark.parametrize(("index", "which"), [(0, "prelude"), (8, "prelude"), (12, "message"), (-1, "message")])
def test_a_checksum_error_says_which(index: int, which: str) -> None:
    frame = bytearray(encode_message({"a": "b"}, b"payload"))
    frame[index] ^= 1
    decoder = EventStreamDecoder()
    decoder.feed(bytes(frame))
    with pytest.raises(ChecksumMismatch, match=f"CRC32 of the {which} does not match"):
        decoder.feed(b"")


def test_a_bad_prelude_is_found_before_its_length_is_waited_for() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(struct.pack(">III", 2**24, 0, 0)) == []
    assert isinstance(decoder.error, ChecksumMismatch)


@pytest.mark.parametrize("cut", [1, 11, 12, 20, -1])
def test_a_stream_that_ends_inside_a_frame_is_truncated(cut: int) -> None:
    frame = encode_message({"a": "b"}, b"payload")
    decoder = EventStreamDecoder()
    assert len(decoder.feed(frame + frame[:cut])) == 1
    with pytest.raises(TruncatedStream, match=f"ended {len(frame[:cut])} bytes into .* at byte {len(frame)}"):
        decoder.close()
    with pytest.raises(TruncatedStream):
        decoder.feed(frame)


def test_an_empty_stream_and_a_whole_one_close_quietly() -> None:
    decoder = EventStreamDecoder()
    decoder.close()
    decoder.feed(encode_message({}))
    decoder.close()
    assert decoder.error is None


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (_frame(b"\x01a\x0a"), "'a' has the unknown type 10"),
        (_frame(b"\x01a\xff"), "'a' has the unknown type 255"),
        (_frame(b"\x00\x00"), "empty name"),
        (_frame(b"\x01a\x00\x01a\x01"), "'a' is there twice"),
        (_frame(b"\x05a\x00"), "runs over the end"),
        (_frame(b"\x01a"), "runs over the end"),
        (_frame(b"\x01a\x04\x00\x00\x00"), "runs over the end"),
        (_frame(b"\x01a\x09" + bytes(15)), "runs over the end"),
        (_frame(b"\x01a\x07\x00"), "runs over the end"),
        (_frame(b"\x01a\x07\x00\x03ab"), "runs over the end"),
        (_frame(b"\x01a\x06\x00\x03ab"), "runs over the end"),
        (_frame(b"\x01\xff\x00"), "not UTF-8"),
        (_frame(b"\x01a\x07\x00\x01\xff"), "not UTF-8"),
        (_frame(b"", total=15), "no room"),
        (_frame(b"", total=0), "no room"),
        (_frame(b"\x01a\x00", headers=4), "no room"),
        (_frame(b"", total=MAX_MESSAGE_LENGTH + 1), f"limit is {MAX_MESSAGE_LENGTH}"),
        (_frame(b"", total=2**32 - 1), f"limit is {MAX_MESSAGE_LENGTH}"),
        (_frame(b"", total=2**20, headers=MAX_HEADERS_LENGTH + 1), f"limit is {MAX_HEADERS_LENGTH}"),
    ],
)
def test_a_malformed_frame_is_a_stream_error(frame: bytes, message: str) -> None:
    decoder = EventStreamDecoder()
    assert [len(decoder.feed(chunk)) for chunk in (encode_message({"a": 1}) + frame,)] == [1]
    with pytest.raises(StreamError, match=message) as caught:
        decoder.close()
    assert type(caught.value) is StreamError
    assert "frame at byte 23" in str(caught.value)


def test_the_largest_frame_and_header_block_are_taken_and_no_larger_ones_written() -> None:
    payload = bytes(MAX_MESSAGE_LENGTH - 16)
    (message,) = _decode([encode_message({}, payload)])
    assert message.payload == payload
    with pytest.raises(InvalidInput, match=f"limit is {MAX_MESSAGE_LENGTH}"):
        encode_message({}, payload + b"x")
    full: dict[str, HeaderValue] = {str(index): b"x" * (2**15 - 5) for index in range(4)}
    (message,) = _decode([encode_message(full)])
    assert message.headers == full
    with pytest.raises(InvalidInput, match=f"limit is {MAX_HEADERS_LENGTH}"):
        encode_message(full | {"more": True})


def test_headers_may_be_longer_than_what_we_write() -> None:
    (message,) = _decode([_frame(b"\x01a\x06\xff\xff" + bytes(65535))])
    assert message.headers == {"a": bytes(65535)}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"": 1}, "must take 1 to 255"),
        ({"x" * 256: 1}, "must take 1 to 255"),
        ({"a": "x" * 32768}, "limit is 32767"),
        ({"a": Byte(128)}, "128 does not fit 1 bytes"),
        ({"a": Short(-32769)}, "does not fit 2 bytes"),
        ({"a": 2**63}, "does not fit 8 bytes"),
        ({"a": datetime(2024, 1, 1)}, "time zone"),
        ({"a": 1.5}, "cannot be a float"),
        ({"a": None}, "cannot be a NoneType"),
    ],
)
def test_what_has_no_encoding_is_refused(headers: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        encode_message(headers)


def test_plain_values_take_the_type_that_fits() -> None:
    elsewhere = timezone(timedelta(hours=5))
    (message,) = _decode(
        [encode_message({"int": 2**31 - 1, "long": 2**31, "at": datetime(2024, 1, 1, tzinfo=elsewhere)})]
    )
    assert message.headers == {"int": 2**31 - 1, "long": 2**31, "at": datetime(2023, 12, 31, 19, tzinfo=UTC)}
    assert [type(value) for value in message.headers.values()] == [int, Long, datetime]


def test_a_time_that_datetime_cannot_hold_stays_a_number() -> None:
    (message,) = _decode([_frame(b"\x01t\x08" + struct.pack(">q", 2**62))])
    assert message.headers == {"t": 2**62}
    assert isinstance(message.headers["t"], Timestamp)


def test_messages_are_values_and_share_no_state() -> None:
    first, second = _decode([encode_message({"a": "b"}, b"1") + encode_message({"a": "b"}, b"1")])
    assert first == second
    assert pickle.loads(pickle.dumps(first)) == first
    with pytest.raises(TypeError):
        first.headers["a"] = "c"  # type: ignore[index]


def test_many_different_header_blocks_do_not_pile_up() -> None:
    decoder = EventStreamDecoder()
    for index in range(1000):
        (message,) = decoder.feed(encode_message({"n": index}))
        assert message.headers == {"n": index}
    for index in range(1000):
        assert decoder.feed(encode_message({}, bytes(index)))
    assert len(decoder._blocks) <= 64
    assert len(decoder._heads) <= 256
    decoder.feed(encode_message({"long": b"x" * 5000}))
    assert all(len(block) < 2000 for block in (*decoder._blocks, *decoder._heads))


@pytest.mark.parametrize("size", [1, 511, 512, 4000])
def test_small_chunks_cost_no_more_than_linear_time_and_memory(size: int) -> None:
    class Counting(EventStreamDecoder):
        looked_at = 0

        def _read_frames(self, chunk: bytes, start: int, items: list[Message]) -> None:
            Counting.looked_at += len(chunk) - start
            super()._read_frames(chunk, start, items)

    frame = encode_message({"a": "b"}, bytes(20_000))
    decoder = Counting()
    most = 0
    messages = []
    for index in range(0, len(frame), size):
        messages += decoder.feed(frame[index : index + size])
        most = max(most, len(decoder._held))
    assert len(messages) == 1
    assert Counting.looked_at < 2 * len(frame)
    assert most <= len(frame) // 512 + 2


def test_a_payload_that_came_in_chunks_is_copied_once() -> None:
    frame = encode_message({"a": "b"}, bytes(8 << 20))
    chunks = [frame[at : at + 65536] for at in range(0, len(frame), 65536)]
    decoder = EventStreamDecoder()
    for chunk in chunks[:-1]:
        assert decoder.feed(chunk) == []
    tracemalloc.start()
    try:
        (message,) = decoder.feed(chunks[-1])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(message.payload) == 8 << 20
    assert most < 1.1 * len(frame)


@pytest.mark.parametrize("name", ["isal.isal_zlib", "zlib_ng.zlib_ng", None])
def test_the_checksum_is_computed_by_what_is_installed(monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    asked: list[str] = []

    def counting(data: bytes, before: int) -> int:
        asked.append("crc32")
        return binascii.crc32(data, before)

    def find(module: str) -> Any:
        asked.append(module)
        if module != name:
            raise ImportError(module)
        return SimpleNamespace(crc32=counting)

    monkeypatch.setattr(checksum, "import_module", find)
    checksum.crc32_function.cache_clear()
    try:
        assert _decode([encode_message({"a": "b"}, b"1") * 2]) == [Message({"a": "b"}, b"1")] * 2
        _decode([encode_message({})])
    finally:
        checksum.crc32_function.cache_clear()
    known = ["isal.isal_zlib", "zlib_ng.zlib_ng"]
    assert asked == (known if name is None else [*known[: known.index(name) + 1], *["crc32"] * 3])
