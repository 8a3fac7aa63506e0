"""Input that wants to hang, exhaust or crash the parser."""

from __future__ import annotations

import time

import pytest
from lap.documents import HEAD, errors, places
from lapsmith.lap import parse, write
from lapsmith.lap.source import MAX_BYTES, MAX_REPEATS

DEPTH = 10_000


def test_file_over_the_limit_is_one_error_at_once() -> None:
    for text in ("@" * (MAX_BYTES + 1), b"{" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)):
        begin = time.perf_counter()
        parsed = parse(text, "t.lap")
        assert time.perf_counter() - begin < 2
        assert [item.code for item in parsed.diagnostics] == ["file-too-large"]
        assert str(parsed.diagnostics[0].span) == "t.lap:1:1"
        assert parsed.document.endpoints == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@required {" + "a: map{" * DEPTH + "b: str" + "}" * DEPTH + "}", "too-deep"),
        ("@required {" + "{" * DEPTH + "}" * DEPTH + "}", "too-deep"),
        ("@required {a: " + "[" * DEPTH + "str" + "]" * DEPTH + "}", "too-deep"),
        ("@required {a: " + "map<str," * DEPTH + "str" + ">" * DEPTH + "}", "too-deep"),
        ("@required {a: " + "[map{b: " * DEPTH + "str" + "}]" * DEPTH + "}", "too-deep"),
        ("@returns(200) {" + "a: A?{" * DEPTH + "}" * DEPTH + "} # text", "too-deep"),
        ("@required {" + "a: map{" * DEPTH, "too-deep"),
        ("@required {" + "{" * DEPTH, "unclosed-brace"),
    ],
)
def test_deep_nesting_is_an_error_with_a_place(text: str, code: str) -> None:
    parsed = parse(f"{HEAD}{text}\n@optional {{next: str}}\n@end", "t.lap")
    assert [item.code for item in errors(parsed)] == [code]
    assert places(parsed, code)[0][0] == 6
    assert parsed.document.endpoints[0].optional[0].name == "next"


def test_depth_that_is_allowed() -> None:
    text = "a: map{" * 30 + "b: [[str]]" + "}" * 30
    parsed = parse(f"{HEAD}@required {{{text}}}\n@end", "t.lap")
    assert parsed.diagnostics == ()
    assert parse(write(parsed.document), "").document == parsed.document


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"@lap v0.3\n@api a\xffb\n@end\n", "invalid-utf8", (2, 7)),
        (b"@lap v0.3\r\n@api \xc3\xa9\xed\xa0\x80\n@end\n", "invalid-utf8", (2, 7)),
        ("@lap v0.3\n@end\n".encode("utf-16"), "invalid-utf8", (1, 1)),
        (b"\xef\xbb\xbf\x80", "invalid-utf8", (1, 1)),
        (b"@lap v0.3\n@api a\0b\0\n@end\n", "nul", (2, 7)),
        ("@lap v0.3\n@api a\0b\n@end\n", "nul", (2, 7)),
        ("@lap v0.3\n@api \ud800\n@end\n", "invalid-utf8", (2, 6)),
    ],
)
def test_bytes_that_are_no_text(data: str | bytes, code: str, place: tuple[int, int]) -> None:
    parsed = parse(data, "t.lap")
    assert places(parsed, code) == [place]
    assert code in [item.code for item in errors(parsed)]


def test_utf16_is_named() -> None:
    parsed = parse("@lap v0.3\n".encode("utf-16"), "t.lap")
    (found,) = [item for item in parsed.diagnostics if item.code == "invalid-utf8"]
    assert found.hint == "this looks like UTF-16: save the file as UTF-8"


def test_long_series_of_diagnostics_is_counted() -> None:
    parsed = parse(HEAD + "@required {" + "x, " * (3 * MAX_REPEATS) + "}\n@end", "t.lap")
    found = [item for item in parsed.diagnostics if item.code == "missing-type"]
    assert len(found) == MAX_REPEATS
    assert found[-1].message.endswith(f"(and {2 * MAX_REPEATS} more of this kind)")
    assert len(parsed.document.endpoints[0].required) == 3 * MAX_REPEATS


UNITS = [
    "{", "}", "{}", "(", ")", "[", "<", ",", ", ", "#", " # ", ":", ": ", "=", "?", "@", "@a ", "\n", " ", "\t",
    "\u2028", "a: str, ", "# comment, a: b", "map<", "map<str: any, ", "a: map{", "a: [map{", "a: str # {, ",
    "a: str((, ", "a: str(x) y), ", "a: [, ", ", w w w w w", ", 400", "400: a, ", "(1", ",\n", ": any", "a:", "a",
    "x y ", "a: map{b: str # x {, c: int}, ",
]  # fmt: skip
DOORS = [
    "@required {%s", "@required {a: str # %s}", "@required {a: str=%s}", "@required {a: %s}",
    "@returns(200) {%s} # x\n", "@errors {%s}", "@desc %s", "@toc %s", "@endpoint GET /%s", "%s",
]  # fmt: skip


def _seconds(text: str, *, rounds: int = 1) -> float:
    """Return the best processor time of this process, so that a busy machine does not count."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        parse(text, "t.lap")
        best = min(best, time.process_time() - begin)
    return best


def _assert_linear(door: str, unit: str, size: int) -> None:
    """Compare with an eighth of the text: that takes 1/8 of the time if reading is linear, 1/64 if it is quadratic."""
    long, short = (HEAD + door % (unit * (count // len(unit))) for count in (size, size // 8))
    if _seconds(long) > 0.15:
        base, took = _seconds(short, rounds=3), _seconds(long, rounds=3)
        assert took < 8 * 3 * base, (door, unit, base, took)


@pytest.mark.parametrize("door", DOORS)
def test_endless_input_takes_linear_time(door: str) -> None:
    for unit in UNITS:
        _assert_linear(door, unit, 8 * 1024)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_long_input_takes_linear_time(door: str) -> None:
    for unit in UNITS:
        _assert_linear(door, unit, 24 * 1024)


def test_many_directives_take_linear_time() -> None:
    for line in (
        "@a\n",
        "@endpoint GET /x\n",
        "@desc x\n",
        "@type A {b: str}\n",
        "# c\n",
        "} @required {a: str}",
    ):
        short = _seconds(HEAD + line * 250, rounds=3)
        assert _seconds(HEAD + line * 2_000, rounds=3) < 8 * 3 * short + 0.05, line
