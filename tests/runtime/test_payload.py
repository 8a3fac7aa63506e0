"""Payload decoders: bytes, text, lines and JSON values, from parts that are cut anywhere."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.errors import StreamError, TruncatedStream
from runtime.stream.payload import BytesDecoder, Decoder, JSONDecoder, LineDecoder, SSEDecoder, TextDecoder, loads

_PLACE = re.compile(r"^.*? at byte \d+")
_Cuts = st.lists(st.integers(0), max_size=8)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.text('"\\{}[]:,/ \n\u2028é', max_size=8),
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\}', max_size=3), inner, max_size=3),
    max_leaves=8,
)
_DUMP = st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])


def _cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _run(decoder: Decoder[Any], parts: Iterable[bytes]) -> tuple[list[Any], StreamError | None]:
    """Return all items, and what was raised after them."""
    items = []
    try:
        for part in parts:
            items += decoder.feed(part)
        items += decoder.close()
    except StreamError as error:
        return items, error
    return items, None


def _items(decoder: Decoder[Any], parts: Iterable[bytes]) -> list[Any]:
    items, error = _run(decoder, parts)
    assert error is None
    return items


def test_bytes_come_as_they_are() -> None:
    assert _items(BytesDecoder(), [b"a", b"", b"\xff\x00"]) == [b"a", b"\xff\x00"]


@settings(deadline=None)
@given(st.text(), _Cuts)
def test_text_is_the_same_however_it_is_cut(text: str, cuts: list[int]) -> None:
    items = _items(TextDecoder(), _cut(text.encode(), cuts))
    assert "".join(items) == text
    assert "" not in items


def test_text_comes_as_soon_as_its_characters_are_complete() -> None:
    decoder = TextDecoder()
    assert decoder.feed(b"a\xe2\x82") == ["a"]
    assert decoder.feed(b"\xac!") == ["€!"]
    assert decoder.close() == []


@settings(deadline=None)
@given(st.binary(max_size=12), _Cuts)
def test_text_stops_where_python_s_decoder_stops(data: bytes, cuts: list[int]) -> None:
    items, error = _run(TextDecoder(), _cut(data, cuts))
    try:
        data.decode()
        fault = None
    except UnicodeDecodeError as caught:
        fault = caught
    if fault is None:
        assert error is None
        assert "".join(items) == data.decode()
        return
    assert "".join(items) == data[: fault.start].decode()
    assert type(error) is (TruncatedStream if fault.reason == "unexpected end of data" else StreamError)
    assert str(error).endswith(f"at byte {fault.start}")


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=6)), st.booleans(), _Cuts)
def test_lines_are_the_same_however_they_are_cut(lines: list[str], crlf: bool, cuts: list[int]) -> None:
    lines = [line.rstrip("\r") for line in lines]
    end = "\r\n" if crlf else "\n"
    data = "".join(line + end for line in lines).encode()
    assert _items(LineDecoder(), _cut(data, cuts)) == lines
    assert _items(LineDecoder(), [*_cut(data, cuts), b"last"]) == [*lines, "last"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\r\r\n", ["a\rb\r"]),
        (b"a\r", ["a\r"]),
        ("a\u2028b\x0bc\x0cd\x85e\x1cf\n".encode(), ["a\u2028b\x0bc\x0cd\x85e\x1cf"]),
    ],
)
def test_only_lf_and_crlf_end_a_line(data: bytes, lines: list[str]) -> None:
    for cut in range(len(data) + 1):
        assert _items(LineDecoder(), [data[:cut], data[cut:]]) == lines


def test_a_line_comes_with_its_line_end() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"a\nb") == ["a"]
    assert decoder.feed(b"c\r") == []
    assert decoder.feed(b"\nd\ne") == ["bc", "d"]
    assert decoder.close() == ["e"]


@pytest.mark.parametrize(
    ("data", "lines", "error", "position"),
    [
        (b"a\nb\n\xff\nc\n", ["a", "b"], StreamError, 4),
        (b"a\nb\xe2\x82\nc\n", ["a"], StreamError, 3),
        (b"a\n\xff", ["a"], StreamError, 2),
        (b"\xff\n", [], StreamError, 0),
        (b"a\nbc\xe2\x82", ["a"], TruncatedStream, 4),
    ],
)
def test_lines_before_bytes_that_are_not_utf8_come_first(
    data: bytes, lines: list[str], error: type[StreamError], position: int
) -> None:
    for cut in range(len(data) + 1):
        items, raised = _run(LineDecoder(), [data[:cut], data[cut:]])
        assert items == lines
        assert type(raised) is error
        assert str(raised).endswith(f"at byte {position}")


def _joined(texts: list[str], spaces: list[str]) -> bytes:
    """Put white space between JSON texts; none only where one shows its own end or the next its beginning."""
    joined = texts[0] if texts else ""
    for text, space in zip(texts[1:], spaces, strict=False):
        clear = joined[-1] in '}]"' or text[0] in '{["'
        joined += (space if space or clear else " ") + text
    return joined.encode()


@settings(deadline=None)
@given(
    st.lists(st.tuples(_JSON, _DUMP), max_size=6),
    st.lists(st.sampled_from(["", "\n", " ", "\r\n", "\n\n\t"]), min_size=6, max_size=6),
    st.sampled_from(["", "\n", "  "]),
    _Cuts,
)
def test_json_values_are_the_same_however_they_are_written_and_cut(
    values: list[tuple[Any, dict[str, Any]]], spaces: list[str], tail: str, cuts: list[int]
) -> None:
    data = _joined([json.dumps(value, **options) for value, options in values], spaces) + tail.encode()
    assert _items(JSONDecoder(), _cut(data, cuts)) == [value for value, _ in values]


@settings(deadline=None)
@given(st.text('{}[]",:\\ \n1e-.truNa', max_size=14).map(str.encode) | st.binary(max_size=8), _Cuts)
def test_json_errors_are_the_same_however_the_payload_is_cut(data: bytes, cuts: list[int]) -> None:
    whole, error = _run(JSONDecoder(), [data])
    items, other = _run(JSONDecoder(), _cut(data, cuts))
    assert repr(items) == repr(whole)
    assert type(other) is type(error)
    assert _PLACE.findall(str(other)) == _PLACE.findall(str(error))


def test_json_values_come_as_soon_as_they_are_complete() -> None:
    decoder = JSONDecoder()
    assert decoder.feed(b'{"a": "}') == []
    assert decoder.feed(b'"}{"b"') == [{"a": "}"}]
    assert decoder.feed(b': "\\') == []
    assert decoder.feed(b'""}\n12') == [{"b": '"'}]
    assert decoder.feed(b"3") == []
    assert decoder.feed(b"\n") == [123]
    assert decoder.feed(b"true") == []
    assert decoder.feed(b"[]") == [True, []]
    assert decoder.feed(b"-0.5e1") == []
    assert decoder.close() == [-5.0]


def test_what_python_writes_for_special_floats_is_read() -> None:
    infinite, negative, none, wrapped = _items(JSONDecoder(), [b"Infinity -Infinity N", b'aN\n{"x": NaN}'])
    assert (infinite, negative) == (math.inf, -math.inf)
    assert math.isnan(none)
    assert math.isnan(wrapped["x"])


@pytest.mark.parametrize(
    ("data", "items", "error", "message"),
    [
        (b'{"a": 1}\n{"b": ', [{"a": 1}], TruncatedStream, "inside the JSON value at byte 9$"),
        (b'"abc', [], TruncatedStream, "inside the JSON value at byte 0"),
        (b'[1, "\\', [], TruncatedStream, "inside the JSON value at byte 0"),
        (b"{} garbage {}", [{}], StreamError, r"not JSON at byte 3 \(.*\)$"),
        (b"{}]", [{}], StreamError, "not JSON at byte 2$"),
        (b"1,2", [1], StreamError, "not JSON at byte 1$"),
        (b'{"a" 1}', [], StreamError, r"not JSON at byte 0 \(.*\)$"),
        (b"[}", [], StreamError, "not JSON at byte 0"),
        (b"tru", [], StreamError, "not JSON at byte 0"),
        (b"<html>" + b"x" * 99, [], StreamError, r"not JSON at byte 0 \(Expecting value[^<]*\)$"),
        (b'["\xff"]', [], StreamError, "not JSON at byte 0"),
        (b"[" * 100_000 + b"]" * 100_000, [], StreamError, "nested too deeply"),
    ],
)
def test_json_before_what_is_not_comes_first(
    data: bytes, items: list[Any], error: type[StreamError], message: str
) -> None:
    decoder = JSONDecoder()
    seen, raised = _run(decoder, [data])
    assert seen == items
    assert type(raised) is error
    with pytest.raises(error, match=message):
        decoder.feed(b"{}")


def test_an_error_is_raised_at_once_where_nothing_comes_before_it() -> None:
    with pytest.raises(StreamError):
        JSONDecoder().feed(b"]")
    decoder = JSONDecoder()
    assert decoder.feed(b"{}]") == [{}]
    with pytest.raises(StreamError):
        decoder.feed(b"")


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([{"n": index, "s": 'x\\"y' * 5} for index in range(30_000)]).encode(),
        b'"' + b'\\"' * 500_000 + b'"',
        b"[" + b'"' + b"\\\\" * 500_000 + b'"]',
    ],
    ids=["objects", "quotes", "backslashes"],
)
def test_a_large_value_in_small_parts_is_scanned_once(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counting(value: bytes | str) -> Any:
        nonlocal calls
        calls += 1
        return loads(value)

    monkeypatch.setattr("runtime.stream.payload.loads", counting)
    decoder = JSONDecoder()
    parts = [data[start : start + 64] for start in range(0, len(data), 64)]
    assert _items(decoder, parts) == [json.loads(data)]
    assert calls == 1


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (TextDecoder, b"token "),
        (LineDecoder, b"a line\n"),
        (JSONDecoder, b'{"token": "a"}\n'),
        (SSEDecoder, b"data: x\n\n"),
    ],
)
def test_twenty_thousand_parts_give_twenty_thousand_items(make: Callable[[], Decoder[Any]], part: bytes) -> None:
    assert len(_items(make(), [part] * 20_000)) == 20_000


@settings(deadline=None)
@given(_JSON, _DUMP)
def test_loads_reads_what_json_reads(value: Any, options: dict[str, Any]) -> None:
    text = json.dumps(value, **options)
    assert loads(text) == value
    assert loads(text.encode()) == value


def test_loads_takes_what_json_tolerates() -> None:
    assert loads(b'[1e999, "\\ud800", 12345678901234567890123]') == [
        math.inf,
        "\ud800",
        12345678901234567890123,
    ]
    assert loads(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize("data", [b"", b"{", "nope", b"\xff", b'"\xff"', b"[" * 100_000, b"1 2", b"9" * 5000])
def test_loads_raises_a_value_error(data: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(data)


@pytest.mark.parametrize("decoder", [TextDecoder, LineDecoder, JSONDecoder])
@pytest.mark.parametrize("payload", [b"hush \xff\n", b"[hush]\n", b'{"hush":', b"[1] hush", b"hush \xc3", b":hush"])
def test_errors_keep_nothing_of_the_payload(decoder: Any, payload: bytes) -> None:
    def read() -> None:
        subject = decoder()
        subject.feed(payload)
        subject.feed(b"")
        subject.close()
        subject.close()
        raise StreamError("it can be read")

    with pytest.raises(StreamError) as caught:
        read()
    assert "hush" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
